import type { GraphNode } from "../api/types";
import type { Lane } from "../model/zones";
import { ACROSS, BELOW } from "../model/zones";
import type { Links } from "./links";
import { acyclic } from "./links";

/**
 * The lane of every dataset; null for jobs, which lie between lanes.
 * What has no zone stands before the zones where data flows from it into one, and after them otherwise.
 */
export function lanes(nodes: readonly GraphNode[], graph: Links): (Lane | null)[] {
  const governed = nodes.some((node) => node.type === "dataset" && node.zone !== null);
  const feeds = governed ? feedsZones(nodes, graph) : null;
  return nodes.map((node, at) => {
    if (node.type === "job") return null;
    if (node.zone !== null) return node.zone;
    return feeds === null || feeds[at] ? "sources" : "consumers";
  });
}

/** Whether a zone is reached onward. */
function feedsZones(nodes: readonly GraphNode[], { size, previous }: Links): Uint8Array {
  const feeds = new Uint8Array(size);
  const wave = nodes.flatMap((node, at) => (node.type === "dataset" && node.zone !== null ? [at] : []));
  for (let at = wave.pop(); at !== undefined; at = wave.pop()) {
    for (const before of previous[at] ?? []) {
      if (feeds[before]) continue;
      feeds[before] = 1;
      wave.push(before);
    }
  }
  return feeds;
}

export interface Columns {
  /** Of each dataset, from 0; of each job, the gap it lies in: n - ½ is before column n. */
  at: number[];
  /** The columns that each lane across takes: from, to (exclusive). */
  spans: Map<Lane, [number, number]>;
}

/** Datasets in columns, lane after lane; within a lane as far along as the longest way leads. */
export function columns(lane: readonly (Lane | null)[], graph: Links): Columns {
  const { order, forward } = acyclic(graph);
  const rank = ranks(lane, order, forward);
  const spans = new Map<Lane, [number, number]>();
  const at: number[] = lane.map(() => 0);
  let base = 0;
  for (const across of ACROSS) {
    let widest = -1;
    lane.forEach((own, node) => {
      if (own !== across) return;
      at[node] = base + (rank[node] ?? 0);
      widest = Math.max(widest, rank[node] ?? 0);
    });
    if (widest < 0) continue;
    spans.set(across, [base, base + widest + 1]);
    base += widest + 1;
  }
  below(lane, order, forward, at, graph);
  gaps(lane, at, graph);
  return { at, spans };
}

/** How many datasets of its own lane lead to each without leaving it, at most. Jobs hand on what comes in. */
function ranks(
  lane: readonly (Lane | null)[],
  order: readonly number[],
  forward: readonly number[][],
): number[] {
  const rank: number[] = lane.map(() => 0);
  const along = new Map<number, Map<Lane, number>>();
  for (const node of order) {
    const own = lane[node] ?? null;
    let carried = along.get(node) ?? new Map<Lane, number>();
    if (own !== null) {
      rank[node] = carried.get(own) ?? 0;
      carried = new Map([[own, (rank[node] ?? 0) + 1]]);
    }
    for (const to of forward[node] ?? []) {
      const there = along.get(to) ?? new Map<Lane, number>();
      along.set(to, there);
      for (const [name, value] of carried) there.set(name, Math.max(there.get(name) ?? 0, value));
    }
    along.delete(node);
  }
  return rank;
}

/** Datasets of the lanes below stand one column after what they come from. */
function below(
  lane: readonly (Lane | null)[],
  order: readonly number[],
  forward: readonly number[][],
  at: number[],
  { previous, next }: Links,
): void {
  const isBelow = (node: number) => BELOW.includes(lane[node] as Lane);
  const reached: number[] = lane.map(() => -1);
  for (const node of order) {
    if (isBelow(node)) {
      const back = (previous[node] ?? []).length;
      at[node] = back ? Math.max(0, reached[node] ?? -1) : Math.max(0, first(node, next, lane, at) - 1);
    }
    const column = lane[node] === null ? (reached[node] ?? -1) : (at[node] ?? 0) + 1;
    for (const to of forward[node] ?? []) reached[to] = Math.max(reached[to] ?? -1, column);
  }
}

/** The nearest column that data of this node goes to, through its jobs. */
function first(
  node: number,
  next: readonly number[][],
  lane: readonly (Lane | null)[],
  at: readonly number[],
): number {
  const onward = (next[node] ?? []).flatMap((to) => (lane[to] === null ? (next[to] ?? []) : [to]));
  const known = onward.filter((to) => ACROSS.includes(lane[to] as Lane)).map((to) => at[to] ?? 0);
  return known.length ? Math.min(...known) : 0;
}

/** Jobs stand after the last of their inputs, or before the first of their outputs where that is further on. */
function gaps(lane: readonly (Lane | null)[], at: number[], { next, previous }: Links): void {
  lane.forEach((own, node) => {
    if (own !== null) return;
    const inputs = (previous[node] ?? []).map((from) => at[from] ?? 0);
    const outputs = (next[node] ?? []).map((to) => at[to] ?? 0);
    const after = inputs.length ? Math.max(...inputs) + 0.5 : -Infinity;
    const onward = outputs.filter((column) => column - 0.5 >= after);
    const before = onward.length ? Math.min(...onward) - 0.5 : -Infinity;
    const gap = Math.max(after, before);
    at[node] = Number.isFinite(gap) ? gap : 0.5;
  });
}
