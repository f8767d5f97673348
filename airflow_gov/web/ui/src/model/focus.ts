import type { Graph } from "../api/types";

/** What a view is centred on, as the API writes it: `<kind>:<parts>`, each part encoded. */
export type Focus = string;

const encode = encodeURIComponent;

/**
 * The focus that the address of the page names, or null.
 * Airflow leaves a placeholder it has no value for as it is: `{MAP_INDEX}` is no index.
 */
export function focusOf(search: URLSearchParams): Focus | null {
  const given = (name: string) => {
    const value = search.get(name);
    return value && !/^\{[A-Z_]+\}$/.test(value) ? value : null;
  };
  const [dataset, dag, run, task] = ["dataset", "dag_id", "run_id", "task_id"].map(given) as (
    string | null
  )[];
  if (dataset) return datasetFocus(dataset);
  if (!dag) return null;
  if (run && task) return `ti:${encode(dag)}:${encode(run)}:${encode(task)}:${mapIndex(given("map_index"))}`;
  if (task) return `task:${encode(dag)}:${encode(task)}`;
  if (run) return `run:${encode(dag)}:${encode(run)}`;
  return `dag:${encode(dag)}`;
}

export function datasetFocus(dataset: string): Focus {
  return `dataset:${encode(dataset)}`;
}

/** A node of the graph: `d1` or `j1`. */
export function nodeFocus(id: string): Focus {
  return id.startsWith("j") ? `job:${encode(id)}` : datasetFocus(id);
}

/** The Dag whose runs time travel goes by, where there is one. */
export function dagOf(focus: Focus): string | null {
  const [kind, dag] = focus.split(":");
  return dag && kind && ["dag", "run", "task", "ti"].includes(kind) ? decodeURIComponent(dag) : null;
}

/** What people call it: of a single node its own name. */
export function focusLabel(graph: Graph): string {
  const { kind, label, nodes } = graph.focus;
  const single =
    kind === "dataset" || kind === "job" ? graph.nodes.find((node) => node.id === nodes[0]) : undefined;
  return single?.label ?? label;
}

function mapIndex(text: string | null): number {
  return text !== null && /^\d+$/.test(text) ? Number(text) : -1;
}
