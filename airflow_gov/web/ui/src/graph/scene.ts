import { useEffect, useMemo, useRef } from "react";

import { Problem } from "../api/client";
import { useGraph, usePath, useTrace, useWholeSides } from "../api/queries";
import { isOver } from "../api/polling";
import type { Graph, Trace } from "../api/types";
import { moment } from "../format";
import { layout, type Layout } from "../layout";
import { CARD, openHeight } from "../layout/geometry";
import { drawn, type Drawn, type DrawnNode } from "../model/drawn";
import { passing } from "../model/filter";
import { merged, TRACED, tracePart } from "../model/merge";
import { useView } from "../view/context";
import type { View } from "../view/view";
import { tracedIn, useOpenColumns, type ColumnControls, type OpenColumns } from "./columns";

/** Everything that is shown, as a drawing or as a table. */
export interface Scene {
  query: ReturnType<typeof useGraph>;
  /** What the graph is of: more or less of the same is the same question. */
  question: string;
  graph: Graph | undefined;
  drawn: Drawn;
  layout: Layout;
  /** How many nodes the filters keep back. */
  hidden: number;
  /** Neighbours of each node that are not there. */
  beyond: Map<string, { up: number; down: number }>;
  trace: Trace | undefined;
  /** Nodes that do not fade, where something is traced. */
  lit: ReadonlySet<string> | null;
  columns: Map<string, OpenColumns>;
  controls: ColumnControls;
  /** What could not be loaded beside the graph itself. */
  missing: { what: string; retry: () => void }[];
}

const NOTHING: Graph["nodes"] = [];

export function useScene(): Scene {
  const { view, focus } = useView();
  const query = useGraph(focus, view);
  const sides = useWholeSides(view);
  const trace = useTrace(view.trace, view.asOf?.at);
  const path = usePath(view.path);
  const question = questionOf(focus, view);
  const last = useLast(query.isPlaceholderData ? undefined : query.data, question);
  // A store that is away for a while takes nothing off the screen; a session that has ended does.
  const graph = isOver(query.error) ? undefined : (query.data ?? (passes(query.error) ? last : undefined));

  const all = useMemo(() => {
    const base = graph ?? { nodes: NOTHING, edges: [] };
    const whole = sides.flatMap((side) => (side.data ? [side.data] : []));
    const found = merged(base, ...whole, ...(path.data && view.path ? [path.data.graph] : []));
    if (!trace.data || !view.trace) return found;
    return merged(found, tracePart(trace.data, new Set(found.nodes.map((node) => node.id))));
    // An answer that says the same of its nodes draws nothing anew.
  }, [graph?.nodes, graph?.edges, sides, trace.data, view.trace, path.data, view.path]);

  const left = useMemo(
    () => passing(all.nodes, all.edges, graph ? kept(graph) : [], view),
    [all, graph?.focus, view.hidden, view.states, view.outside, view.personal],
  );
  const shown = useMemo(() => drawn(left.nodes, left.edges, view.folded), [left, view.folded]);
  const { columns, controls, failed } = useOpenColumns(
    view.open,
    view.trace ? trace.data : undefined,
    view.trace,
    view.asOf?.at,
  );
  const heights = useMemo(
    () => openHeights(shown, view.open, view.trace ? trace.data : undefined),
    [shown, view.open, view.trace, trace.data],
  );
  const placed = useMemo(() => layout(items(shown, heights), shown.edges), [shown, heights]);
  // Two runs are compared as far as the depth says: single hops are not compared.
  const isCompared = view.compare !== null;
  const beyond = useMemo(() => (isCompared ? new Map() : notThere(all.nodes, all.edges)), [all, isCompared]);
  const lit = useMemo(
    () => litNodes(view, view.trace ? trace.data : undefined, view.path ? path.data?.nodes : undefined),
    [view.trace, view.path, trace.data, path.data],
  );
  return {
    query,
    question,
    graph,
    drawn: shown,
    layout: placed,
    hidden: left.hidden,
    beyond,
    trace: view.trace ? trace.data : undefined,
    lit,
    columns,
    controls,
    missing: [
      ...(trace.isError && view.trace ? [{ what: "the trace.", retry: () => void trace.refetch() }] : []),
      ...(path.isError && view.path ? [{ what: "the path.", retry: () => void path.refetch() }] : []),
      ...sides.flatMap((side) => (side.error ? [{ what: "one side of a card.", retry: side.retry }] : [])),
      ...(failed.length
        ? [{ what: "the columns of a card.", retry: () => failed.forEach((answer) => answer.retry()) }]
        : []),
      ...(query.isError && graph ? [{ what: newest(query.error), retry: () => void query.refetch() }] : []),
    ],
  };
}

/** What the filters leave alone: a single card that was asked for; of a whole Dag they may take any. */
function kept({ focus }: Graph): string[] {
  return focus.kind === "dataset" || focus.kind === "job" ? focus.nodes : [];
}

/** What a graph is of: more or less of the same is the same question. */
function questionOf(focus: string | null, { asOf, compare }: View): string {
  return JSON.stringify([focus, asOf?.at, compare]);
}

/** The last answer to this question. */
function useLast<T>(value: T | undefined, question: string): T | undefined {
  const last = useRef({ value, question });
  useEffect(() => {
    if (value !== undefined) last.current = { value, question };
  }, [value, question]);
  return last.current.question === question ? last.current.value : undefined;
}

function passes(error: Error | null): boolean {
  return error instanceof Problem && (error.kind === "store" || error.kind === "network");
}

function newest(error: Error): string {
  const at = error instanceof Problem ? error.lastEventAt : null;
  return `the newest graph: ${error.message}${at ? ` The last event came ${moment(at)}` : ""}`;
}

function items({ nodes, lanes }: Drawn, heights: ReadonlyMap<string, number>) {
  return nodes.map((node) => ({ id: node.id, lane: lanes.get(node.id) ?? null, ...sizeOf(node, heights) }));
}

function sizeOf(node: DrawnNode, heights: ReadonlyMap<string, number>): { width: number; height: number } {
  const closed = node.type === "job" ? CARD.job : CARD.dataset;
  return { width: closed.width, height: heights.get(node.id) ?? closed.height };
}

/** How high cards are whose columns are open: traced columns have room also where no schema tells of them. */
export function openHeights(
  { nodes }: Pick<Drawn, "nodes">,
  open: readonly string[],
  trace: Trace | undefined,
): Map<string, number> {
  const traced = tracedIn(trace);
  return new Map(
    nodes.flatMap((node) => {
      if (node.type !== "dataset" || !open.includes(node.id)) return [];
      const found = traced.get(node.id) ?? [];
      const named = found.filter((column) => column.name).length;
      const rows = Math.max(node.columns, named) + (found.length > named ? 1 : 0);
      return [[node.id, openHeight(node.columns, rows)]];
    }),
  );
}

function notThere(nodes: Graph["nodes"], edges: Graph["edges"]): Scene["beyond"] {
  const there = new Map(nodes.map((node) => [node.id, { up: 0, down: 0 }]));
  for (const { id, source, target } of edges) {
    if (id.startsWith(TRACED)) continue;
    const [from, to] = [there.get(source), there.get(target)];
    if (from) from.down += 1;
    if (to) to.up += 1;
  }
  return new Map(
    nodes.map(({ id, up, down }) => {
      const own = there.get(id) ?? { up: 0, down: 0 };
      return [id, { up: Math.max(0, up.all - own.up), down: Math.max(0, down.all - own.down) }];
    }),
  );
}

function litNodes(
  view: View,
  trace: Trace | undefined,
  path: string[] | undefined,
): ReadonlySet<string> | null {
  if (view.trace && trace) {
    return new Set([
      ...trace.columns.map((column) => column.dataset),
      ...trace.edges.flatMap((edge) => edge.job ?? []),
    ]);
  }
  return view.path && path ? new Set(path) : null;
}
