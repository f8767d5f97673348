import type { Viewport } from "@xyflow/react";

import type { Box } from "../layout/geometry";
import { around } from "../layout/geometry";

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
