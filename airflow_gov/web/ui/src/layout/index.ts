import type { Lane } from "../model/zones";
import { ACROSS, BELOW } from "../model/zones";
import type { Box } from "./geometry";
import { around, CARD } from "./geometry";
import { columns } from "./lanes";
import type { Links } from "./links";
import { links } from "./links";
import { ordered } from "./order";
import { middles } from "./place";

export interface Item {
  id: string;
  /** Null: a job, which lies between lanes. */
  lane: Lane | null;
  width: number;
  height: number;
}

export interface LaneBox {
  lane: Lane;
  /** Side by side with others, or below them. */
  across: boolean;
  box: Box;
  count: number;
}

export interface Layout {
  boxes: Map<string, Box>;
  lanes: LaneBox[];
  bounds: Box;
}

const BETWEEN = 72;
const BESIDE_JOB = 36;
const BELOW_GAP = 56;
const MARGIN = 16;

/** Where everything stands: lanes side by side in the order data moves, sensitive and work below them. */
export function layout(items: readonly Item[], edges: readonly { source: string; target: string }[]): Layout {
  const ids = items.map((item) => item.id);
  const graph = links(ids, edges);
  const lane = items.map((item) => item.lane);
  const { at, spans } = columns(lane, graph);
  const xs = across(items, at);
  const band = bands(lane, graph);
  const heights = items.map((item) => item.height);
  const boxes = new Map<string, Box>();
  const found: LaneBox[] = [];
  let top = 0;
  let main: Box | null = null;
  for (let number = 0; number <= BELOW.length; number++) {
    const inside = new Set(items.flatMap((_, node) => (band[node] === number ? [node] : [])));
    if (!inside.size) continue;
    const own = within(graph, inside);
    const stacks = ordered(stacked(inside, at), own);
    const middle = middles(stacks, heights, own);
    const placed = [...inside].map((node) => {
      const { id, width, height } = items[node] as Item;
      const y = top + (middle[node] ?? 0) - height / 2;
      const box = { x: xs.get(at[node] ?? 0) ?? 0, y, width, height };
      boxes.set(id, box);
      return box;
    });
    const extent = around(placed);
    if (number === 0) main = extent;
    else found.push(lying(BELOW[number - 1] as Lane, extent, lane));
    top = extent.y + extent.height + BELOW_GAP;
  }
  found.unshift(...standing(spans, xs, main, lane));
  return { boxes, lanes: found, bounds: around([...boxes.values(), ...found.map((each) => each.box)]) };
}

/** Left edges of the columns and of the gaps that hold jobs. */
function across(items: readonly Item[], at: readonly number[]): Map<number, number> {
  const places = [...new Set(at)].sort((a, b) => a - b);
  const xs = new Map<number, number>();
  let x = 0;
  places.forEach((place, index) => {
    xs.set(place, x);
    const isJob = !Number.isInteger(place);
    const next = places[index + 1];
    const besideJob = isJob || (next !== undefined && !Number.isInteger(next));
    const width = Math.max(
      ...items.filter((_, node) => at[node] === place).map((item) => item.width),
      CARD.job.width,
    );
    x += width + (besideJob ? BESIDE_JOB : BETWEEN);
  });
  return xs;
}

/** 0: the lanes side by side; 1 and on: those below. A job stays above with any of its datasets. */
function bands(lane: readonly (Lane | null)[], { next, previous }: Links): number[] {
  const own = lane.map((name) => (name === null ? -1 : BELOW.indexOf(name) + 1));
  return own.map((band, node) => {
    if (band >= 0) return band;
    const around = [...(previous[node] ?? []), ...(next[node] ?? [])].map((other) => own[other] ?? 0);
    return around.length ? Math.max(0, Math.min(...around)) : 0;
  });
}

function within({ size, next, previous }: Links, inside: ReadonlySet<number>): Links {
  const keep = (all: number[][]) =>
    all.map((targets, node) => (inside.has(node) ? targets.filter((to) => inside.has(to)) : []));
  return { size, next: keep(next), previous: keep(previous) };
}

function stacked(nodes: ReadonlySet<number>, at: readonly number[]): number[][] {
  const stacks = new Map<number, number[]>();
  for (const node of nodes) {
    const place = at[node] ?? 0;
    stacks.set(place, [...(stacks.get(place) ?? []), node]);
  }
  return [...stacks.entries()].sort(([a], [b]) => a - b).map(([, stack]) => stack);
}

function standing(
  spans: ReadonlyMap<Lane, [number, number]>,
  xs: ReadonlyMap<number, number>,
  main: Box | null,
  lane: readonly (Lane | null)[],
): LaneBox[] {
  if (main === null) return [];
  return ACROSS.flatMap((name) => {
    const span = spans.get(name);
    if (!span) return [];
    const x = (xs.get(span[0]) ?? 0) - MARGIN;
    const end = (xs.get(span[1] - 1) ?? 0) + CARD.dataset.width + MARGIN;
    const box = { x, y: main.y - MARGIN, width: end - x, height: main.height + 2 * MARGIN };
    return [{ lane: name, across: true, box, count: count(lane, name) }];
  });
}

function lying(name: Lane, extent: Box, lane: readonly (Lane | null)[]): LaneBox {
  const { x, y, width, height } = extent;
  const box = { x: x - MARGIN, y: y - MARGIN, width: width + 2 * MARGIN, height: height + 2 * MARGIN };
  return { lane: name, across: false, box, count: count(lane, name) };
}

function count(lane: readonly (Lane | null)[], name: Lane): number {
  return lane.filter((own) => own === name).length;
}
