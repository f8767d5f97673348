import { useMemo, useState } from "react";

import { useColumns, type Answer } from "../api/queries";
import type { Column, ColumnPage, Trace, TracedColumn } from "../api/types";
import { PAGE } from "../layout/geometry";

/** A row of an open card; what is not known of a traced column of another page is null. */
export type ColumnRow = Pick<Column, "id" | "name" | "type" | "personal"> & { traced: boolean };

/** What an open card shows. */
export interface OpenColumns {
  rows: ColumnRow[];
  total: number;
  /** What the columns are searched for. */
  q: string;
  /** From 0. */
  page: number;
  /** The cursor of the page after this one. */
  next: string | null;
  pending: boolean;
  failed: boolean;
}

export interface ColumnControls {
  search(dataset: string, q: string): void;
  forward(dataset: string, cursor: string): void;
  back(dataset: string): void;
}

/** What a traced column without a name is called. */
export const ALL_ROWS = "all rows";

interface Place {
  q: string;
  /** Cursors of the pages after the first, up to the one that is shown. */
  cursors: string[];
}

const FIRST: Place = { q: "", cursors: [] };

/** The columns of all open cards; traced ones come first. */
export function useOpenColumns(
  open: readonly string[],
  trace: Trace | undefined,
  asOf: string | undefined,
): { columns: Map<string, OpenColumns>; controls: ColumnControls } {
  const [places, setPlaces] = useState<Record<string, Place>>({});
  const answers = useColumns(
    open.map((dataset) => {
      const { q, cursors } = places[dataset] ?? FIRST;
      return { dataset, q, after: cursors.at(-1) ?? null };
    }),
    asOf,
  );
  const columns = useMemo(() => {
    const traced = Map.groupBy(trace?.columns ?? [], (column) => column.dataset);
    return new Map(
      open.map((dataset, at) => [
        dataset,
        shown(answers[at], places[dataset] ?? FIRST, traced.get(dataset) ?? []),
      ]),
    );
  }, [open, answers, places, trace]);
  const controls = useMemo<ColumnControls>(() => {
    const move = (dataset: string, change: (place: Place) => Place) =>
      setPlaces((all) => ({ ...all, [dataset]: change(all[dataset] ?? FIRST) }));
    return {
      search: (dataset, q) => move(dataset, () => ({ q, cursors: [] })),
      forward: (dataset, cursor) => move(dataset, ({ q, cursors }) => ({ q, cursors: [...cursors, cursor] })),
      back: (dataset) => move(dataset, ({ q, cursors }) => ({ q, cursors: cursors.slice(0, -1) })),
    };
  }, []);
  return { columns, controls };
}

/** One page of a card: traced columns first, then the page's own as far as there is room. */
export function shown(
  answer: Answer<ColumnPage> | undefined,
  place: Place,
  traced: readonly TracedColumn[],
): OpenColumns {
  const page = answer?.data;
  const known = new Map(page?.columns.map((column) => [column.id, column]));
  const marked = new Set(traced.map((column) => column.id));
  const first = traced.map(({ id, name }) => ({
    type: null,
    personal: false,
    ...known.get(id),
    id,
    name: name || ALL_ROWS,
    traced: true,
  }));
  const rest = [...known.values()]
    .filter(({ id }) => !marked.has(id))
    .map((column) => ({ ...column, traced: false }));
  return {
    rows: [...first, ...rest].slice(0, PAGE),
    total: page?.total ?? 0,
    q: place.q,
    page: place.cursors.length,
    next: page?.next ?? null,
    pending: answer?.pending ?? true,
    failed: !!answer?.error,
  };
}
