import type { Box } from "../layout/geometry";

/** What of the drawing is on the screen: the drawing tells, the export asks. Null without a drawing. */
let area: (() => Box) | null = null;

export function tellScreen(tell: (() => Box) | null): void {
  area = tell;
}

export function onScreen(): Box | null {
  return area?.() ?? null;
}
