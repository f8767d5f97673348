import { useMemo, useState } from "react";

import { useColumns, type Answer, type ColumnsAsked } from "../api/queries";
import type { Column, ColumnPage, Trace, TracedColumn } from "../api/types";
import { PAGE } from "../layout/geometry";

/** A row of an open card. */
export type ColumnRow = Pick<Column, "id" | "name" | "type" | "personal"> & { traced: boolean };

/** What an open card shows. */
export interface OpenColumns {
  rows: ColumnRow[];
  /** The places of the first and the last of the page's columns, from 1. */
  from: number;
  to: number;
  total: number;
  /** How many columns of it are traced. */
  traced: number;
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

/** How long an address may get by the names of traced columns: not every proxy takes a longer one. */
const ROOM = 4_000;
const MOST = 200;

export interface Place {
  q: string;
  /** Cursors of the pages after the first, up to the one that is shown. */
  cursors: string[];
  /** What was traced then: with something else the columns stand in another order. */
  trace: string | null;
}

/** The columns of all open cards; traced ones come first. */
export function useOpenColumns(
  open: readonly string[],
  trace: Trace | undefined,
  origin: string | null,
  asOf: string | undefined,
): { columns: Map<string, OpenColumns>; controls: ColumnControls; failed: Answer<ColumnPage>[] } {
  const [places, setPlaces] = useState<Record<string, Place>>({});
  const order = trace ? origin : null;
  const traced = useMemo(() => tracedIn(trace), [trace]);
  const answers = useColumns(
    open.map((dataset) => asked(dataset, placeIn(places[dataset], order), traced.get(dataset) ?? [])),
    asOf,
  );
  const columns = useMemo(
    () =>
      new Map(
        open.map((dataset, at) => [
          dataset,
          shown(answers[at], placeIn(places[dataset], order), traced.get(dataset) ?? []),
        ]),
      ),
    [open, answers, places, traced, order],
  );
  const controls = useMemo<ColumnControls>(() => {
    const move = (dataset: string, change: (place: Place) => Partial<Place>) =>
      setPlaces((all) => {
        const place = placeIn(all[dataset], order);
        return { ...all, [dataset]: { ...place, ...change(place) } };
      });
    return {
      search: (dataset, q) => move(dataset, () => ({ q, cursors: [] })),
      forward: (dataset, cursor) => move(dataset, ({ cursors }) => ({ cursors: [...cursors, cursor] })),
      back: (dataset) => move(dataset, ({ cursors }) => ({ cursors: cursors.slice(0, -1) })),
    };
  }, [order]);
  return { columns, controls, failed: answers.filter((answer) => answer.error) };
}

/** The columns of a trace by their datasets. */
export function tracedIn(trace: Trace | undefined): Map<string, TracedColumn[]> {
  const found = new Map<string, TracedColumn[]>();
  for (const column of trace?.columns ?? []) {
    found.set(column.dataset, [...(found.get(column.dataset) ?? []), column]);
  }
  return found;
}

/** Where a card is turned to; in another order it begins anew. */
export function placeIn(place: Place | undefined, trace: string | null): Place {
  if (place?.trace === trace) return place;
  return { q: place?.q ?? "", cursors: [], trace };
}

/** What is asked of the server for a card. */
export function asked(dataset: string, place: Place, traced: readonly TracedColumn[]): ColumnsAsked {
  return {
    dataset,
    q: place.q,
    first: fitting(traced.map((column) => column.name)),
    after: place.cursors.at(-1) ?? null,
    limit: room(place, traced),
  };
}

/** As many names as an address holds, in an order that is the same for the same names. */
function fitting(names: readonly string[]): string[] {
  let left = ROOM;
  return names
    .filter(Boolean)
    .sort()
    .slice(0, MOST)
    .filter((name) => (left -= encodeURIComponent(name).length + "&first=".length) >= 0);
}

/** Rows for columns: what stands for all of them takes the first one of each page. */
function room(place: Place, traced: readonly TracedColumn[]): number {
  return allRows(place, traced) ? PAGE - 1 : PAGE;
}

function allRows({ q }: Place, traced: readonly TracedColumn[]): TracedColumn | undefined {
  return q ? undefined : traced.find((column) => !column.name);
}

/** One page of a card. */
export function shown(
  answer: Answer<ColumnPage> | undefined,
  place: Place,
  traced: readonly TracedColumn[],
): OpenColumns {
  const page = answer?.data;
  const marked = new Set(traced.map((column) => column.id));
  const whole = allRows(place, traced);
  const own = (page?.columns ?? []).map((column) => ({ ...column, traced: marked.has(column.id) }));
  const first = whole ? [{ id: whole.id, name: ALL_ROWS, type: null, personal: false, traced: true }] : [];
  const before = place.cursors.length * room(place, traced);
  return {
    rows: [...first, ...own].slice(0, PAGE),
    from: before + 1,
    to: before + own.length,
    total: page?.total ?? 0,
    traced: traced.filter((column) => column.name).length,
    q: place.q,
    page: place.cursors.length,
    next: page?.next ?? null,
    pending: answer?.pending ?? true,
    failed: !!answer?.error,
  };
}
