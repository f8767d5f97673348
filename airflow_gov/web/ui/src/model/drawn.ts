import type { Edge, GraphNode } from "../api/types";
import { links } from "../layout/links";
import { lanes } from "../layout/lanes";
import type { Lane } from "./zones";
import { laneTitle } from "./zones";

/** A lane that is drawn as one card. */
export interface FoldNode {
  id: string;
  type: "lane";
  lane: Lane;
  label: string;
  count: number;
  status?: null;
  changes?: never[];
}

export type DrawnNode = GraphNode | FoldNode;

/** What is drawn: nodes with their lanes, and edges among them. */
export interface Drawn {
  nodes: DrawnNode[];
  edges: Edge[];
  lanes: Map<string, Lane | null>;
}

export function foldId(lane: Lane): string {
  return `lane:${lane}`;
}

/** The graph with some lanes folded; jobs that would then only turn around in one lane are left out. */
export function drawn(nodes: readonly GraphNode[], edges: readonly Edge[], folded: readonly Lane[]): Drawn {
  const found = lanes(
    nodes,
    links(
      nodes.map((node) => node.id),
      edges,
    ),
  );
  const laneOf = new Map(nodes.map((node, at) => [node.id, found[at] ?? null]));
  const isFolded = (id: string) => folded.includes(laneOf.get(id) as Lane);
  if (!nodes.some((node) => isFolded(node.id)))
    return { nodes: [...nodes], edges: [...edges], lanes: laneOf };
  const stand = (id: string) => (isFolded(id) ? foldId(laneOf.get(id) as Lane) : id);
  const idle = idleJobs(nodes, edges, stand);
  const kept: DrawnNode[] = nodes.filter((node) => !isFolded(node.id) && !idle.has(node.id));
  const counts = new Map<Lane, number>();
  for (const node of nodes) {
    const lane = laneOf.get(node.id);
    if (lane && isFolded(node.id)) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  }
  for (const [lane, count] of counts) {
    kept.push({ id: foldId(lane), type: "lane", lane, label: laneTitle(lane), count });
  }
  const result = new Map(
    kept.map((node) => [node.id, node.type === "lane" ? node.lane : (laneOf.get(node.id) ?? null)]),
  );
  return { nodes: kept, edges: joined(edges, stand, result), lanes: result };
}

/** Jobs all of whose neighbours are now the same card. */
function idleJobs(
  nodes: readonly GraphNode[],
  edges: readonly Edge[],
  stand: (id: string) => string,
): Set<string> {
  const around = new Map<string, Set<string>>(
    nodes.filter((node) => node.type === "job").map((node) => [node.id, new Set()]),
  );
  for (const { source, target } of edges) {
    around.get(source)?.add(stand(target));
    around.get(target)?.add(stand(source));
  }
  return new Set(
    [...around].flatMap(([id, cards]) =>
      cards.size === 1 && [...cards][0]?.startsWith("lane:") ? [id] : [],
    ),
  );
}

function joined(
  edges: readonly Edge[],
  stand: (id: string) => string,
  known: ReadonlyMap<string, unknown>,
): Edge[] {
  const result = new Map<string, Edge>();
  for (const edge of edges) {
    const [source, target] = [stand(edge.source), stand(edge.target)];
    if (source === target || !known.has(source) || !known.has(target)) continue;
    const id = source === edge.source && target === edge.target ? edge.id : `${source}>${target}`;
    if (!result.has(id)) result.set(id, { ...edge, id, source, target });
  }
  return [...result.values()];
}
