import type { Viewport } from "@xyflow/react";

import type { Box, Point } from "../layout/geometry";
import { around, overlaps } from "../layout/geometry";

export interface Size {
  width: number;
  height: number;
}

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 2;
/** Smaller than this the first view would not be readable: it shows the focus instead of everything. */
const READABLE = 0.55;
/** How large cards are then. */
const CLOSE = 0.85;
const PADDING = { x: 32, top: 44, bottom: 24 };

/** Everything on the screen, never larger than life. */
export function fitted(bounds: Box, size: Size, largest = 1): Viewport {
  const inner = { width: size.width - 2 * PADDING.x, height: size.height - PADDING.top - PADDING.bottom };
  const zoom = Math.min(
    inner.width / Math.max(1, bounds.width),
    inner.height / Math.max(1, bounds.height),
    largest,
  );
  return centred(bounds, size, Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom)));
}

/** The first view: everything where that can be read, else the cards the view is centred on. */
export function opening(bounds: Box, focus: readonly Box[], size: Size): Viewport {
  const whole = fitted(bounds, size);
  if (whole.zoom >= READABLE || !focus.length) return whole;
  const near = fitted(around(focus), size);
  const isReadable = near.zoom >= READABLE;
  const centre = isReadable ? around(focus) : (focus[0] as Box);
  return filling(centred(centre, size, isReadable ? Math.min(near.zoom, CLOSE) : CLOSE), bounds, size);
}

/** No more emptiness around the drawing than needs be. */
function filling({ x, y, zoom }: Viewport, bounds: Box, size: Size): Viewport {
  return {
    x: clamped(x, bounds.x * zoom, bounds.width * zoom, PADDING.x, size.width - PADDING.x),
    y: clamped(y, bounds.y * zoom, bounds.height * zoom, PADDING.top, size.height - PADDING.bottom),
    zoom,
  };
}

function clamped(shift: number, start: number, length: number, low: number, high: number): number {
  if (length <= high - low) return (low + high - length) / 2 - start;
  return Math.min(low - start, Math.max(high - start - length, shift));
}

export function centred(box: Box, size: Size, zoom: number): Viewport {
  return {
    x: size.width / 2 - (box.x + box.width / 2) * zoom,
    y: (size.height + PADDING.top - PADDING.bottom) / 2 - (box.y + box.height / 2) * zoom,
    zoom,
  };
}

/** The same view of a card that has moved: it stays where it is on the screen. */
export function kept(viewport: Viewport, before: Box, after: Box): Viewport {
  return {
    x: viewport.x + (before.x - after.x) * viewport.zoom,
    y: viewport.y + (before.y - after.y) * viewport.zoom,
    zoom: viewport.zoom,
  };
}

type Boxes = ReadonlyMap<string, Box>;

/** What a drawing that has changed is looked at by: a card that stays, and the view, null where it stays, too. */
export interface Followed {
  anchor: string;
  viewport: Viewport | null;
}

/**
 * The view after cards came, went or moved: one of those that are in sight stays where it is on the screen.
 *
 * That is the first of the preferred ones that is in both drawings and in sight, else the one nearest to the
 * middle of the screen. Where that leaves nothing in sight, it is brought into it.
 *
 * @param preferred the card that was acted on, then the one that stayed last: what is taken back comes back.
 * @returns null where nothing has moved, "none" where no card is in both drawings.
 */
export function following(
  viewport: Viewport,
  before: Boxes,
  after: Boxes,
  preferred: readonly (string | null)[],
  size: Size,
): Followed | "none" | null {
  if (isPlacedAlike(before, after)) return null;
  const seen = visible(viewport, size);
  const anchor = anchorOf(before, after, preferred, seen);
  const [was, is] = [before.get(anchor ?? ""), after.get(anchor ?? "")];
  if (anchor === null || !was || !is) return "none";
  const next = kept(viewport, was, is);
  const isLost = anyIn(before, seen) && !anyIn(after, visible(next, size));
  const moved = isLost ? (revealing(next, is, size) ?? next) : next;
  return { anchor, viewport: moved.x === viewport.x && moved.y === viewport.y ? null : moved };
}

function anchorOf(
  before: Boxes,
  after: Boxes,
  preferred: readonly (string | null)[],
  seen: Box,
): string | null {
  const common = [...before].filter(([id]) => after.has(id));
  const inSight = common.filter(([, box]) => overlaps(box, seen));
  const first = preferred.find((each) => inSight.some(([id]) => id === each));
  if (first) return first;
  let [nearest, least]: [string | null, number] = [null, Infinity];
  for (const [id, box] of inSight.length ? inSight : common) {
    const distance = distanceTo(box, { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 });
    if (distance < least) [nearest, least] = [id, distance];
  }
  return nearest;
}

function distanceTo({ x, y, width, height }: Box, point: Point): number {
  const dx = Math.max(x - point.x, 0, point.x - x - width);
  const dy = Math.max(y - point.y, 0, point.y - y - height);
  return Math.hypot(dx, dy);
}

function anyIn(boxes: Boxes, seen: Box): boolean {
  for (const box of boxes.values()) if (overlaps(box, seen)) return true;
  return false;
}

function isPlacedAlike(before: Boxes, after: Boxes): boolean {
  if (before.size !== after.size) return false;
  for (const [id, { x, y, height }] of after) {
    const was = before.get(id);
    if (!was || was.x !== x || was.y !== y || was.height !== height) return false;
  }
  return true;
}

/**
 * As little movement as brings a card onto the screen; null where it is there.
 *
 * @param covered how much of the lower edge something else lies over.
 */
export function revealing(viewport: Viewport, box: Box, size: Size, covered = 0): Viewport | null {
  const { x, y, zoom } = viewport;
  const left = box.x * zoom + x;
  const top = box.y * zoom + y;
  const dx = shift(left, box.width * zoom, PADDING.x, size.width - PADDING.x);
  const dy = shift(top, Math.min(box.height, 60) * zoom, PADDING.top, size.height - PADDING.bottom - covered);
  return dx || dy ? { x: x + dx, y: y + dy, zoom } : null;
}

function shift(start: number, length: number, low: number, high: number): number {
  if (start < low) return low - start;
  return start + length > high ? Math.min(0, Math.max(low - start, high - start - length)) : 0;
}

/** What lies on the screen, in units of the graph. */
export function visible(viewport: Viewport, size: Size): Box {
  const { x, y, zoom } = viewport;
  return { x: -x / zoom, y: -y / zoom, width: size.width / zoom, height: size.height / zoom };
}
