import type { Edge, Trace } from "../api/types";
import type { Layout } from "../layout";
import { curve, left, right, rowOffset, type Point } from "../layout/geometry";
import type { Drawn } from "../model/drawn";
import { foldId } from "../model/drawn";
import { ALL_ROWS, type OpenColumns } from "./columns";

export interface Line {
  id: string;
  path: string;
  from: Point;
  to: Point;
}

export interface DatasetLine extends Line {
  edge: Edge;
}

export interface ColumnLine extends Line {
  direct: boolean;
  masking: boolean;
  title: string;
  job: string | null;
}

/** The lines between cards. */
export function datasetLines(drawn: Drawn, layout: Layout): DatasetLine[] {
  return drawn.edges.flatMap((edge) => {
    const [source, target] = [layout.boxes.get(edge.source), layout.boxes.get(edge.target)];
    if (!source || !target) return [];
    return [{ id: edge.id, edge, ...line(right(source), left(target)) }];
  });
}

/** The lines between traced columns; columns that are not in sight are met at their card. */
export function columnLines(
  trace: Trace,
  drawn: Drawn,
  layout: Layout,
  columns: ReadonlyMap<string, OpenColumns>,
): ColumnLine[] {
  const known = new Map(trace.columns.map((column) => [column.id, column]));
  const counts = new Map(drawn.nodes.map((node) => [node.id, node.type === "dataset" ? node.columns : 0]));
  const meet = (id: string, side: typeof left): Point | null => {
    const column = known.get(id);
    if (!column) return null;
    const lane = drawn.lanes.get(column.dataset);
    const box = layout.boxes.get(column.dataset) ?? (lane && layout.boxes.get(foldId(lane)));
    if (!box) return null;
    const row = columns.get(column.dataset)?.rows.findIndex((each) => each.id === id) ?? -1;
    return row < 0 ? side(box) : side(box, rowOffset(counts.get(column.dataset) ?? 0, row));
  };
  return trace.edges.flatMap((edge) => {
    const [from, to] = [meet(edge.source, right), meet(edge.target, left)];
    if (!from || !to) return [];
    const names = [edge.source, edge.target].map((id) => known.get(id)?.name || ALL_ROWS).join(" → ");
    const kind = [edge.direct ? "direct" : "indirect", edge.masking && "masked", ...edge.subtypes].filter(
      Boolean,
    );
    const title = `${names}: ${kind.join(", ").toLowerCase()}`;
    const id = `${edge.source}>${edge.target}`;
    return [{ id, ...line(from, to), direct: edge.direct, masking: edge.masking, title, job: edge.job }];
  });
}

/** Of the sources of a column, how many lie in cards that are drawn. */
export function upstreamOf(trace: Trace, column: string, drawn: Drawn): { drawn: number; all: number } {
  const datasetOf = new Map(trace.columns.map((each) => [each.id, each.dataset]));
  const sources = [
    ...new Set(trace.edges.filter((edge) => edge.target === column).map((edge) => edge.source)),
  ];
  const shown = new Set(drawn.nodes.map((node) => node.id));
  return { drawn: sources.filter((id) => shown.has(datasetOf.get(id) ?? "")).length, all: sources.length };
}

function line(from: Point, to: Point): { path: string; from: Point; to: Point } {
  return { path: curve(from, to), from, to };
}
