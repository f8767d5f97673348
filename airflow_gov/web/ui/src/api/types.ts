/** What the REST API of lineage answers. Moments are ISO 8601 in UTC; ids: `d1`, `j1`, `d1.column`. */

export type Zone = "raw" | "preprocessed" | "clean" | "gold" | "sensitive" | "work";
export type Verdict = "passed" | "failed" | "waived" | "review";
export type JobState =
  "success" | "failed" | "running" | "up_for_retry" | "deferred" | "skipped" | "upstream_failed" | "unknown";
/** What a comparison says about a node or an edge. */
export type Change = "added" | "removed" | "changed";
export type Side = "up" | "down";

/** Neighbours on one side: how many of all are in the graph. */
export interface Reach {
  drawn: number;
  all: number;
}

interface NodeBase {
  id: string;
  namespace: string;
  name: string;
  label: string;
  up: Reach;
  down: Reach;
  status?: Change | null;
  /** What changed, for people. */
  changes?: string[];
}

export interface DatasetNode extends NodeBase {
  type: "dataset";
  governed: string | null;
  zone: Zone | null;
  version: string | null;
  rows: number | null;
  updatedAt: string | null;
  verdict: Verdict | null;
  personal: boolean;
  columns: number;
  dropped: boolean;
}

export interface JobNode extends NodeBase {
  type: "job";
  dagId: string | null;
  taskId: string | null;
  integration: string | null;
  state: JobState;
  runId: string | null;
  dagRunId: string | null;
  mapIndex: number | null;
  tryNumber: number | null;
  startedAt: string | null;
  endedAt: string | null;
  duration: number | null;
}

export type GraphNode = DatasetNode | JobNode;

export interface Edge {
  id: string;
  source: string;
  target: string;
  job: string | null;
  status?: Change | null;
  until: string | null;
}

export interface Run {
  runId: string;
  job: string | null;
  jobLabel: string | null;
  dagId: string | null;
  dagRunId: string | null;
  taskId: string | null;
  mapIndex: number | null;
  tryNumber: number | null;
  state: string;
  startedAt: string | null;
  endedAt: string | null;
  duration: number | null;
  executionId: string | null;
  error: string | null;
}

export interface Empty {
  cause: string;
  message: string;
  next: string;
}

export interface Graph {
  focus: { kind: string; label: string; nodes: string[]; run?: Run | null };
  nodes: GraphNode[];
  edges: Edge[];
  shown: number;
  total: number;
  truncated: boolean;
  /** Whether something of it has not ended yet. */
  running: boolean;
  asOf: string | null;
  empty: Empty | null;
  lastEventAt: string | null;
}

export interface Column {
  id: string;
  name: string;
  type: string | null;
  description: string | null;
  classification: string | null;
  tags: string[];
  personal: boolean;
  up: number;
  down: number;
}

export interface ColumnPage {
  /** Its label. */
  dataset: string;
  total: number;
  columns: Column[];
  next: string | null;
}

/** A column of a trace; without a name it stands for all rows of its dataset. */
export interface TracedColumn {
  id: string;
  dataset: string;
  name: string;
}

export interface TraceEdge {
  source: string;
  target: string;
  direct: boolean;
  masking: boolean;
  subtypes: string[];
  job: string | null;
}

export interface Trace {
  columns: TracedColumn[];
  datasets: DatasetNode[];
  edges: TraceEdge[];
  truncated: boolean;
}

export interface Path {
  nodes: string[];
  graph: Graph;
}

export interface Found {
  id: string;
  type: "dataset" | "job" | "column";
  label: string;
  namespace: string;
  zone: Zone | null;
  dataset?: string | null;
}

export interface DagRun {
  dagRunId: string;
  startedAt: string | null;
  endedAt: string | null;
  state: string;
}

export interface Quality {
  verdictId: string;
  passed: boolean;
  checkedAt: string;
  rules: number;
  failed: string[];
}

export interface ExecutionRow {
  executionId: string;
  dagId: string;
  runId: string;
  taskId: string;
  action: string;
  status: string;
  startedAt: string;
}

export interface Version {
  version: string;
  number: number | null;
  rows: number | null;
  size: number | null;
  at: string | null;
  run: Run | null;
}

export interface DatasetDetail extends DatasetNode {
  description: string | null;
  owner: string | null;
  steward: string[];
  classification: string | null;
  tags: string[];
  names: { namespace: string; name: string; kind: string | null }[];
  /** Where its files lie. */
  files: string | null;
  quality: Quality[];
  runs: Run[];
  versions: Version[];
  executions: ExecutionRow[];
  facets: Record<string, unknown>;
  links: { page: string | null };
}

export interface JobDetail extends JobNode {
  description: string | null;
  runs: Run[];
  inputs: DatasetNode[];
  outputs: DatasetNode[];
  facets: Record<string, unknown>;
  /** The past moment that the facets are of; null: they are of now. */
  facetsAt: string | null;
}
