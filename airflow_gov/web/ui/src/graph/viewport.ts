import type { Viewport } from "@xyflow/react";

import type { Box } from "../layout/geometry";
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

/**
 * The view after cards came, went or moved: what is looked at stays where it is on the screen.
 *
 * That is the active card where it is in sight, else of the cards in both drawings the one nearest to the
 * middle of the screen. Where all of these are out of sight, that one is brought into it.
 *
 * @returns null where nothing has moved: the drawing may be dragged just now; "opening" where no card is in both.
 */
export function following(
  viewport: Viewport,
  before: Boxes,
  after: Boxes,
  active: string | null,
  size: Size,
): Viewport | "opening" | null {
  if (isSame(before, after)) return null;
  const seen = visible(viewport, size);
  const anchor = anchored(before, after, active, seen);
  const [was, is] = [before.get(anchor ?? ""), after.get(anchor ?? "")];
  if (!was || !is) return after.size ? "opening" : null;
  const next = kept(viewport, was, is);
  return overlaps(was, seen) ? next : (revealing(next, is, size) ?? next);
}

function anchored(before: Boxes, after: Boxes, active: string | null, seen: Box): string | null {
  const activeBox = active !== null && after.has(active) ? before.get(active) : undefined;
  if (activeBox && overlaps(activeBox, seen)) return active;
  let [nearest, least]: [string | null, number] = [null, Infinity];
  for (const [id, box] of before) {
    const distance = Math.hypot(middle(box).x - middle(seen).x, middle(box).y - middle(seen).y);
    if (distance < least && after.has(id)) [nearest, least] = [id, distance];
  }
  return nearest;
}

function middle({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

function isSame(before: Boxes, after: Boxes): boolean {
  if (before.size !== after.size) return false;
  for (const [id, { x, y }] of after) {
    const was = before.get(id);
    if (!was || was.x !== x || was.y !== y) return false;
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
