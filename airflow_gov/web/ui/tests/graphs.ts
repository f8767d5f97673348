import type { DatasetNode, Edge, Graph, GraphNode, JobNode, Zone } from "../src/api/types";

export function dataset(
  id: string,
  zone: Zone | null = "clean",
  more: Partial<DatasetNode> = {},
): DatasetNode {
  return {
    id,
    type: "dataset",
    namespace: "file",
    name: `/lake/${id}`,
    label: zone ? `${zone}.${id}` : id,
    governed: zone ? `${zone}.${id}` : null,
    zone,
    version: "3",
    rows: 1000,
    updatedAt: "2026-01-02T03:04:05Z",
    verdict: "passed",
    personal: false,
    columns: 4,
    dropped: false,
    up: { drawn: 0, all: 0 },
    down: { drawn: 0, all: 0 },
    ...more,
  };
}

export function job(id: string, more: Partial<JobNode> = {}): JobNode {
  return {
    id,
    type: "job",
    namespace: "airflow",
    name: `flights.${id}`,
    label: `flights.${id}`,
    dagId: "flights",
    taskId: id,
    integration: "AIRFLOW",
    state: "success",
    runId: `run-${id}`,
    dagRunId: "manual__1",
    mapIndex: -1,
    tryNumber: 1,
    startedAt: "2026-01-02T03:04:05Z",
    endedAt: "2026-01-02T03:04:15Z",
    duration: 10,
    up: { drawn: 0, all: 0 },
    down: { drawn: 0, all: 0 },
    ...more,
  };
}

export function edge(source: string, target: string, more: Partial<Edge> = {}): Edge {
  return { id: `${source}>${target}`, source, target, job: null, until: null, ...more };
}

/** Nodes by their ids: zones' initials for datasets (`r1`, `p1`, `c1`, `g1`, `s1`, `w1`, `x1`), `j…` for jobs. */
export function graph(...pairs: string[]): { nodes: GraphNode[]; edges: Edge[] } {
  const zones: Record<string, Zone> = {
    r: "raw",
    p: "preprocessed",
    c: "clean",
    g: "gold",
    s: "sensitive",
    w: "work",
  };
  const edges = pairs.map((pair) => edge(...(pair.split(">") as [string, string])));
  const ids = [...new Set(edges.flatMap((each) => [each.source, each.target]))];
  const nodes = ids.map((id) => (id.startsWith("j") ? job(id) : dataset(id, zones[id.charAt(0)] ?? null)));
  return { nodes, edges };
}

export function whole(nodes: GraphNode[], edges: Edge[], more: Partial<Graph> = {}): Graph {
  return {
    focus: { kind: "dag", label: "flights", nodes: nodes.slice(0, 1).map((node) => node.id) },
    nodes,
    edges,
    shown: nodes.length,
    total: nodes.length,
    truncated: false,
    running: false,
    asOf: null,
    empty: null,
    lastEventAt: "2026-01-02T03:04:05Z",
    ...more,
  };
}

/** A lake of any size: each dataset comes from one to three of the zone before, through a job of its own. */
export function lake(size: number, seed = 1): { nodes: GraphNode[]; edges: Edge[] } {
  let state = seed;
  const random = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const order: Zone[] = ["raw", "preprocessed", "clean", "gold"];
  const perZone = Math.ceil(size / 8);
  const nodes: GraphNode[] = [];
  const edges: Edge[] = [];
  order.forEach((zone, at) => {
    for (let number = 0; number < perZone; number++) {
      nodes.push(dataset(`${zone}_${number}`, zone, { columns: random(40) }));
      nodes.push(job(`j_${zone}_${number}`));
      edges.push(edge(`j_${zone}_${number}`, `${zone}_${number}`));
      if (at === 0) continue;
      for (let source = 0; source <= random(3); source++) {
        edges.push(edge(`${order[at - 1]}_${random(perZone)}`, `j_${zone}_${number}`));
      }
    }
  });
  return { nodes, edges };
}
