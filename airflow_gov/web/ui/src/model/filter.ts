import type { Edge, GraphNode, JobState, Zone } from "../api/types";

export interface Filters {
  hidden: readonly Zone[];
  /** None: all. */
  states: readonly JobState[];
  outside: boolean;
  personal: boolean;
}

/**
 * What the filters let through. What a view is centred on always stays; a job goes with the last of its
 * datasets, and with a filter on states a dataset goes with the last of its jobs.
 */
export function passing(
  nodes: readonly GraphNode[],
  edges: readonly Edge[],
  focus: readonly string[],
  filters: Filters,
): { nodes: GraphNode[]; edges: Edge[]; hidden: number } {
  const kept = new Set(
    nodes.filter((node) => focus.includes(node.id) || passes(node, filters)).map((node) => node.id),
  );
  const narrowed = filters.hidden.length > 0 || !filters.outside || filters.personal;
  if (narrowed) drop(kept, lonely(nodes, edges, kept, "job"), focus);
  if (filters.states.length > 0) drop(kept, lonely(nodes, edges, kept, "dataset"), focus);
  const left = nodes.filter((node) => kept.has(node.id));
  return {
    nodes: left,
    edges: edges.filter((edge) => kept.has(edge.source) && kept.has(edge.target)),
    hidden: nodes.length - left.length,
  };
}

function passes(node: GraphNode, { hidden, states, outside, personal }: Filters): boolean {
  if (node.type === "job") return states.length === 0 || states.includes(node.state);
  if (node.zone === null ? !outside : hidden.includes(node.zone)) return false;
  return !personal || node.personal;
}

function drop(kept: Set<string>, ids: readonly string[], focus: readonly string[]): void {
  for (const id of ids) if (!focus.includes(id)) kept.delete(id);
}

/** Nodes of a kind that had neighbours and have none left. */
function lonely(
  nodes: readonly GraphNode[],
  edges: readonly Edge[],
  kept: ReadonlySet<string>,
  type: GraphNode["type"],
): string[] {
  const linked = new Set<string>();
  const had = new Set<string>();
  for (const { source, target } of edges) {
    had.add(source).add(target);
    if (kept.has(source) && kept.has(target)) linked.add(source).add(target);
  }
  return nodes.flatMap((node) =>
    node.type === type && had.has(node.id) && !linked.has(node.id) ? [node.id] : [],
  );
}
