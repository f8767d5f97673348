import { ago, compact, duration, shortened } from "../format";
import type { ColumnLine, DatasetLine } from "../graph/edges";
import type { OpenColumns } from "../graph/columns";
import type { Layout } from "../layout";
import { overlaps, ROW, rowOffset, type Box } from "../layout/geometry";
import type { DrawnNode } from "../model/drawn";
import { changeShown, stateShown, verdictShown } from "../model/states";
import { versionLabel } from "../model/words";
import { laneTitle } from "../model/zones";

/** What pictures are made of, whatever draws them: SVG or a canvas. */
export type Shape =
  | { kind: "rect"; box: Box; fill: string; stroke?: string; radius?: number; dashed?: boolean }
  | {
      kind: "path";
      d: string;
      stroke: string;
      width: number;
      dashed?: boolean;
      arrow?: { x: number; y: number };
    }
  | {
      kind: "text";
      x: number;
      y: number;
      text: string;
      fill: string;
      size: number;
      bold?: boolean;
      end?: boolean;
    };

export interface Picture {
  bounds: Box;
  background: string;
  shapes: Shape[];
}

/** A colour of the theme by its name, e.g. `border` or `teal-solid`. */
export type Colours = (name: string) => string;

const ZONE_COLOURS: Record<string, string> = {
  raw: "gray",
  preprocessed: "teal",
  clean: "indigo",
  gold: "lime",
  sensitive: "fuchsia",
  work: "slate",
};
const MARGIN = 24;
const TITLE = 20;

export interface Subject {
  nodes: readonly DrawnNode[];
  layout: Layout;
  lines: readonly DatasetLine[];
  traced: readonly ColumnLine[];
  columns: ReadonlyMap<string, OpenColumns>;
}

/**
 * @param area what of it is wanted; null: all.
 */
export function picture(subject: Subject, colour: Colours, area: Box | null): Picture {
  const { layout } = subject;
  const bounds = area ?? {
    x: layout.bounds.x - MARGIN,
    y: layout.bounds.y - MARGIN - TITLE,
    width: layout.bounds.width + 2 * MARGIN,
    height: layout.bounds.height + 2 * MARGIN + TITLE,
  };
  const inside = (box: Box) => overlaps(box, bounds);
  const shapes = [
    ...layout.lanes
      .filter((lane) => inside(lane.box))
      .flatMap((lane) => laneShapes(lane.lane, lane.box, lane.count, colour)),
    ...subject.lines.map((line) => lineShape(line, colour)),
    ...subject.lines.flatMap(({ edge, from, to }) =>
      edge.status
        ? [
            text(
              (from.x + to.x) / 2,
              (from.y + to.y) / 2 - 4,
              changeShown(edge.status).sign,
              colour("fg"),
              14,
            ),
          ]
        : [],
    ),
    ...subject.nodes.flatMap((node) => {
      const box = layout.boxes.get(node.id);
      return box && inside(box) ? cardShapes(node, box, subject.columns.get(node.id), colour) : [];
    }),
    ...subject.traced.map<Shape>((line) => ({
      kind: "path",
      d: line.path,
      stroke: colour("indigo-solid"),
      width: 1.5,
      dashed: !line.direct,
      arrow: line.to,
    })),
  ];
  return { bounds, background: colour("bg"), shapes };
}

function laneShapes(
  lane: Parameters<typeof laneTitle>[0],
  box: Box,
  count: number,
  colour: Colours,
): Shape[] {
  const title = `${laneTitle(lane)} (${count})`;
  return [
    { kind: "rect", box, fill: colour("bg-muted"), radius: 6, dashed: lane === "work" },
    text(box.x + 8, box.y - 6, title, colour(zoneColour(lane, "fg")), 12, true),
  ];
}

function lineShape({ path, edge, to }: DatasetLine, colour: Colours): Shape {
  const stroke =
    edge.status === "added" ? "success-solid" : edge.status === "removed" ? "failed-solid" : "fg-muted";
  return {
    kind: "path",
    d: path,
    stroke: colour(stroke),
    width: edge.status ? 2 : 1.2,
    dashed: edge.status === "removed",
    arrow: to,
  };
}

function cardShapes(node: DrawnNode, box: Box, open: OpenColumns | undefined, colour: Colours): Shape[] {
  const zone = node.type === "dataset" ? (node.zone ?? "outside") : node.type === "lane" ? node.lane : null;
  const shapes: Shape[] = [
    {
      kind: "rect",
      box,
      fill: colour("bg"),
      stroke: colour("border-emphasized"),
      radius: node.type === "job" ? 12 : 4,
      dashed: zone === "work",
    },
  ];
  if (zone !== null)
    shapes.push({
      kind: "rect",
      box: { ...box, width: 4 },
      fill: colour(zoneColour(zone, "solid")),
      radius: 2,
    });
  const sign = node.status ? `${changeShown(node.status).sign} ` : "";
  shapes.push(text(box.x + 12, box.y + 20, sign + shortened(node.label, 30), colour("fg"), 13, true));
  shapes.push(text(box.x + 12, box.y + 38, facts(node), colour("fg-muted"), 11));
  if (open && node.type === "dataset") {
    open.rows.forEach((row, at) => {
      const y = box.y + rowOffset(node.columns, at) + 4;
      shapes.push(text(box.x + 12, y, shortened(row.name, 24), colour("fg"), 12, row.traced));
      if (row.type)
        shapes.push(
          text(box.x + box.width - 12, y, shortened(row.type, 12), colour("fg-muted"), 11, false, true),
        );
    });
    shapes.push({
      kind: "path",
      d: `M${box.x},${box.y + rowOffset(node.columns, 0) - ROW / 2 - 3}h${box.width}`,
      stroke: colour("border"),
      width: 1,
    });
  }
  return shapes;
}

function facts(node: DrawnNode): string {
  if (node.type === "lane") return `${node.count} datasets`;
  const parts =
    node.type === "job"
      ? [stateShown(node.state).label, node.duration !== null && duration(node.duration)]
      : [
          node.version && versionLabel(node.version),
          node.rows !== null && `${compact(node.rows)} rows`,
          node.updatedAt && ago(node.updatedAt),
          node.verdict && verdictShown(node.verdict).label.toLowerCase(),
          node.personal && "personal",
        ];
  return shortened(parts.filter(Boolean).join(" · "), 42);
}

function zoneColour(zone: string, kind: "solid" | "fg"): string {
  return `${ZONE_COLOURS[zone] ?? "gray"}-${kind}`;
}

function text(
  x: number,
  y: number,
  value: string,
  fill: string,
  size: number,
  bold = false,
  end = false,
): Shape {
  return { kind: "text", x, y, text: value, fill, size, bold, end };
}

/** The colours of the page as it is shown now. */
export function themeColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--gov-${name}`).trim() || "gray";
}
