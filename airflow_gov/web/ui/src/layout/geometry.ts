/** Sizes of what is drawn, in units of the graph. */
export const CARD = { dataset: { width: 240, height: 52 }, job: { width: 200, height: 44 } } as const;
export const ROW = 24;
/** Rows of one page of columns. */
export const PAGE = 10;
const SEARCH = 32;
const FOOTER = 28;
const PADDING = 6;

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/**
 * How high a dataset's card is with its columns open.
 *
 * @param rows more than it has columns, where one of them stands for all.
 */
export function openHeight(columns: number, rows = columns): number {
  const shown = Math.max(1, Math.min(PAGE, Math.max(columns, rows)));
  return CARD.dataset.height + PADDING + searchHeight(columns) + shown * ROW + FOOTER;
}

export function searchHeight(columns: number): number {
  return columns > PAGE ? SEARCH : 0;
}

/** Where a column's line meets its card, from the card's upper edge; closed cards take it in the middle. */
export function rowOffset(columns: number, index: number): number {
  return CARD.dataset.height + PADDING + searchHeight(columns) + index * ROW + ROW / 2;
}

/** A curve from the right of one box to the left of another; one that goes back takes a wide turn. */
export function curve(from: Point, to: Point): string {
  const reach = to.x >= from.x ? Math.max(24, (to.x - from.x) / 2) : 48 + Math.min(160, (from.x - to.x) / 4);
  const [a, b, c, d] = [from.x, from.y, to.x, to.y].map(round) as [number, number, number, number];
  return `M${a},${b}C${round(from.x + reach)},${b} ${round(to.x - reach)},${d} ${c},${d}`;
}

export function right(box: Box, y = Math.min(box.height, CARD.dataset.height) / 2): Point {
  return { x: box.x + box.width, y: box.y + y };
}

export function left(box: Box, y = Math.min(box.height, CARD.dataset.height) / 2): Point {
  return { x: box.x, y: box.y + y };
}

/** The smallest box around all of them. */
export function around(boxes: Iterable<Box>): Box {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    x0 = Math.min(x0, box.x);
    y0 = Math.min(y0, box.y);
    x1 = Math.max(x1, box.x + box.width);
    y1 = Math.max(y1, box.y + box.height);
  }
  return x0 === Infinity
    ? { x: 0, y: 0, width: 0, height: 0 }
    : { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

/** The box that two points span. */
export function spanned(one: Point, other: Point): Box {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    width: Math.abs(one.x - other.x),
    height: Math.abs(one.y - other.y),
  };
}

export function overlaps(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
