import {
  keepPreviousData,
  queryOptions,
  useQueries,
  useQuery,
  type UseQueryResult,
} from "@tanstack/react-query";

import { nodeFocus } from "../model/focus";
import { isNow, type Depth, type View } from "../view/view";
import { getJson, type Parameters } from "./client";
import { POLLED } from "./polling";
import type { ColumnPage, DagRun, DatasetDetail, Found, Graph, JobDetail, Path, Trace } from "./types";

function asked<T>(path: string, parameters: Parameters = {}) {
  return queryOptions({
    queryKey: [path, parameters],
    queryFn: ({ signal }) => getJson<T>(path, parameters, signal),
  });
}

/** The server takes a number, and of a larger one than it walks the most it does. */
export function hops(depth: Depth | "all"): number {
  return depth === "all" ? 1000 : Number(depth);
}

/** What narrows every question alike. */
function depth(view: View): Parameters {
  return { up: hops(view.up), down: hops(view.down), limit: view.limit };
}

/** The graph of the view: now, at a moment, or two runs compared. */
export function useGraph(focus: string | null, view: View): UseQueryResult<Graph> {
  const expand = view.expand.filter((each) => !each.endsWith(":all")).join(",");
  const options = view.compare
    ? asked<Graph>("compare", { focus, a: view.compare.a, b: view.compare.b, ...depth(view) })
    : asked<Graph>("graph", { focus, ...depth(view), as_of: view.asOf?.at, expand });
  return useQuery({
    ...options,
    ...(isNow(view) && POLLED),
    enabled: focus !== null,
    placeholderData: keepPreviousData,
  });
}

/** An answer as far as it is there; the same object until something changes. */
export interface Answer<T> {
  data: T | undefined;
  pending: boolean;
  error: Error | null;
  retry: () => void;
}

function answers<T>(results: UseQueryResult<T>[]): Answer<T>[] {
  return results.map(({ data, isPending, error, refetch }) => ({
    data,
    pending: isPending,
    error,
    retry: () => void refetch(),
  }));
}

/** Graphs of cards that are expanded all the way on one side. */
export function useWholeSides(view: View): Answer<Graph>[] {
  const sides = view.expand.filter((each) => each.endsWith(":all"));
  return useQueries({
    queries: sides.map((each) => {
      const [id = "", side] = each.split(":");
      const way = side === "up" ? { up: hops("all"), down: 0 } : { up: 0, down: hops("all") };
      return {
        ...asked<Graph>("graph", { focus: nodeFocus(id), ...way, limit: view.limit, as_of: view.asOf?.at }),
        ...(isNow(view) && POLLED),
      };
    }),
    combine: answers<Graph>,
  });
}

export function usePath(path: View["path"]): UseQueryResult<Path> {
  return useQuery({ ...asked<Path>("path", { from: path?.from, to: path?.to }), enabled: path !== null });
}

export function useTrace(column: string | null, asOf: string | undefined): UseQueryResult<Trace> {
  return useQuery({
    ...asked<Trace>("trace", { column, up: 10, down: 10, as_of: asOf }),
    enabled: column !== null,
  });
}

export interface ColumnsAsked {
  dataset: string;
  q: string;
  /** Columns that come before all others. */
  first: readonly string[];
  after: string | null;
  limit: number;
}

/** A page of the columns of each open card. */
export function useColumns(cards: readonly ColumnsAsked[], asOf: string | undefined): Answer<ColumnPage>[] {
  return useQueries({
    queries: cards.map(({ dataset, q, first, after, limit }) => ({
      ...asked<ColumnPage>("columns", { dataset, q, first, after, as_of: asOf, limit }),
      placeholderData: (before: ColumnPage | undefined) => (isOf(before, dataset) ? before : undefined),
    })),
    combine: answers<ColumnPage>,
  });
}

/** Whether a page is one of this dataset: ids of columns begin with that of theirs. */
function isOf(page: ColumnPage | undefined, dataset: string): boolean {
  return !!page?.columns[0]?.id.startsWith(`${dataset}.`);
}

export function useSearch(q: string): UseQueryResult<{ results: Found[] }> {
  const options = asked<{ results: Found[] }>("search", { q, limit: 20 });
  return useQuery({ ...options, enabled: q.trim().length > 0, placeholderData: keepPreviousData });
}

export function useRuns(
  dag: string | null,
  before: string | null = null,
): UseQueryResult<{ runs: DagRun[] }> {
  return useQuery({
    ...asked<{ runs: DagRun[] }>("runs", { dag_id: dag, before, limit: 50 }),
    enabled: dag !== null,
  });
}

export function useDataset(id: string, asOf: string | undefined): UseQueryResult<DatasetDetail> {
  return useQuery(asked<DatasetDetail>(`datasets/${encodeURIComponent(id)}`, { as_of: asOf }));
}

export function useJob(id: string, asOf: string | undefined): UseQueryResult<JobDetail> {
  return useQuery(asked<JobDetail>(`jobs/${encodeURIComponent(id)}`, { as_of: asOf }));
}
