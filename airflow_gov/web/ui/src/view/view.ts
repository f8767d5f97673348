import type { JobState, Zone } from "../api/types";
import { JOB_STATES } from "../model/states";
import { isLane, ZONES, type Lane } from "../model/zones";

export const DEPTHS = ["1", "2", "3", "5", "all"] as const;
export type Depth = (typeof DEPTHS)[number];
export const DEFAULT_LIMIT = 300;
/** The server draws no more. */
export const MAX_LIMIT = 2000;
const EXPANSION = /^[dj][1-9]\d*:(up|down)(:all)?$/;

/** What a person has chosen; it survives a reload in Airflow's own address. */
export interface View {
  /** Null: what the page was opened for. */
  focus: string | null;
  up: Depth;
  down: Depth;
  limit: number;
  /** `d1:up`: one hop more; `d1:up:all`: all of that side. */
  expand: string[];
  /** Null: now. */
  asOf: { run: string; at: string } | null;
  compare: { a: string; b: string } | null;
  mode: "graph" | "table" | null;
  selected: string | null;
  tab: string | null;
  /** Datasets whose columns are open. */
  open: string[];
  /** The column that is traced. */
  trace: string | null;
  path: { from: string; to: string } | null;
  /** Lanes drawn as one card. */
  folded: Lane[];
  /** Zones that are not shown, and the states of jobs that are shown (none: all). */
  hidden: Zone[];
  states: JobState[];
  outside: boolean;
  personal: boolean;
}

export const START: View = {
  focus: null,
  up: "2",
  down: "2",
  limit: DEFAULT_LIMIT,
  expand: [],
  asOf: null,
  compare: null,
  mode: null,
  selected: null,
  tab: null,
  open: [],
  trace: null,
  path: null,
  folded: [],
  hidden: [],
  states: [],
  outside: true,
  personal: false,
};

/** The parameters of a view; what is as in {@link START} is left out. */
export function written(view: View): Record<string, string> {
  const all: Record<string, string | null> = {
    focus: view.focus,
    up: view.up === START.up ? null : view.up,
    down: view.down === START.down ? null : view.down,
    limit: view.limit === DEFAULT_LIMIT ? null : String(view.limit),
    expand: list(view.expand),
    run: view.asOf?.run ?? null,
    as_of: view.asOf?.at ?? null,
    compare: view.compare && list([view.compare.a, view.compare.b]),
    mode: view.mode,
    node: view.selected,
    tab: view.tab,
    columns: list(view.open),
    trace: view.trace,
    path: view.path && list([view.path.from, view.path.to]),
    fold: list(view.folded),
    hide: list(view.hidden),
    states: list(view.states),
    outside: view.outside ? null : "0",
    personal: view.personal ? "1" : null,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]));
}

/** The view that parameters tell; what cannot be understood is as in {@link START}. */
export function read(state: Readonly<Record<string, string>>): View {
  const limit = Number(state["limit"]);
  const compare = parts(state["compare"]);
  const path = parts(state["path"]);
  const [run, at] = [state["run"], state["as_of"]];
  return {
    ...START,
    focus: state["focus"] || null,
    up: depth(state["up"]) ?? START.up,
    down: depth(state["down"]) ?? START.down,
    limit: Number.isInteger(limit) && limit > 0 ? Math.min(limit, MAX_LIMIT) : DEFAULT_LIMIT,
    expand: parts(state["expand"]).filter((each) => EXPANSION.test(each)),
    asOf: run !== undefined && at && isMoment(at) ? { run, at } : null,
    compare: compare[0] && compare[1] ? { a: compare[0], b: compare[1] } : null,
    mode: state["mode"] === "graph" || state["mode"] === "table" ? state["mode"] : null,
    selected: state["node"] || null,
    tab: state["tab"] || null,
    open: parts(state["columns"]),
    trace: state["trace"] || null,
    path: path[0] && path[1] ? { from: path[0], to: path[1] } : null,
    folded: parts(state["fold"]).filter(isLane),
    hidden: parts(state["hide"]).filter((name): name is Zone => (ZONES as readonly string[]).includes(name)),
    states: parts(state["states"]).filter((name): name is JobState =>
      (JOB_STATES as string[]).includes(name),
    ),
    outside: state["outside"] !== "0",
    personal: state["personal"] === "1",
  };
}

/** Whether neither the past nor two runs are looked at: paths are those of today. */
export function isNow({ asOf, compare }: View): boolean {
  return asOf === null && compare === null;
}

export function filtered(view: View): number {
  return (
    Number(view.hidden.length > 0) +
    Number(view.states.length > 0) +
    Number(!view.outside) +
    Number(view.personal)
  );
}

/** One more in the list, or one fewer. */
export function toggled<T>(list: readonly T[], item: T): T[] {
  return list.includes(item) ? list.filter((each) => each !== item) : [...list, item];
}

/** Whether a past moment can lie there: the server answers no other with a graph. */
function isMoment(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text));
}

function depth(text: string | undefined): Depth | null {
  return DEPTHS.find((each) => each === text) ?? null;
}

function list(items: readonly string[]): string | null {
  return items.length ? items.map(encodeURIComponent).join(",") : null;
}

function parts(text: string | undefined): string[] {
  try {
    return (text ?? "").split(",").filter(Boolean).map(decodeURIComponent);
  } catch {
    return [];
  }
}
