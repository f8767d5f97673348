import type { Query } from "@tanstack/react-query";

import { Problem } from "./client";
import type { Graph, GraphNode } from "./types";

/** Milliseconds between two looks at a graph in which something runs. */
export const SOONEST = 5_000;
export const LATEST = 60_000;
/** A graph is asked for again when it has been the same for a quarter of the time once more. */
const PATIENCE = 4;

/** When the nodes of a graph were as they are for the first time. */
const since = new WeakMap<readonly GraphNode[], number>();

type GraphQuery = Pick<Query<Graph>, "state">;

/**
 * How long until a graph is asked for again; false where nothing runs, or nobody may ask any more.
 * The longer nothing changes the longer it takes: a run whose end nobody told runs for ever.
 */
export function pollAfter({ state: { data, dataUpdatedAt, error } }: GraphQuery): number | false {
  if (!data?.running) return false;
  if (error) return isOver(error) ? false : LATEST;
  const first = since.get(data.nodes) ?? dataUpdatedAt;
  since.set(data.nodes, first);
  return Math.min(LATEST, Math.max(SOONEST, (dataUpdatedAt - first) / PATIENCE));
}

/** Whether the server will not answer this person whatever happens: not before they have logged in again. */
export function isOver(error: Error | null): boolean {
  return error instanceof Problem && (error.kind === "session" || error.kind === "forbidden");
}

/** Options of a question for a graph of now; a tab that nobody sees asks nothing until it is seen again. */
export const POLLED = {
  refetchInterval: pollAfter,
  refetchIntervalInBackground: false,
  refetchOnWindowFocus: (query: GraphQuery) => (pollAfter(query) === false ? false : ("always" as const)),
};
