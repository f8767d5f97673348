import type { Edge, GraphNode, Trace } from "../api/types";

export interface Part {
  nodes: readonly GraphNode[];
  edges: readonly Edge[];
}

/** One graph of several; what the first ones say about a node stands. */
export function merged(...parts: readonly Part[]): { nodes: GraphNode[]; edges: Edge[] } {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, Edge>();
  for (const part of parts) {
    for (const node of part.nodes) if (!nodes.has(node.id)) nodes.set(node.id, node);
    for (const edge of part.edges) if (!edges.has(edge.id)) edges.set(edge.id, edge);
  }
  const known = [...edges.values()].filter((edge) => nodes.has(edge.source) && nodes.has(edge.target));
  return { nodes: [...nodes.values()], edges: known };
}

/**
 * The datasets of a trace that the graph does not draw, joined where one column comes from another.
 *
 * @param drawn the ids of what is drawn.
 */
export function tracePart(trace: Trace, drawn: ReadonlySet<string>): Part {
  const datasetOf = new Map(trace.columns.map((column) => [column.id, column.dataset]));
  const edges = new Map<string, Edge>();
  for (const each of trace.edges) {
    const [source, target] = [datasetOf.get(each.source), datasetOf.get(each.target)];
    if (!source || !target || source === target || (drawn.has(source) && drawn.has(target))) continue;
    const id = `${TRACED}${source}>${target}`;
    edges.set(id, { id, source, target, job: each.job, until: null });
  }
  return { nodes: trace.datasets.filter((dataset) => !drawn.has(dataset.id)), edges: [...edges.values()] };
}

/** How ids of edges begin that are there for a trace alone. */
export const TRACED = "trace:";
