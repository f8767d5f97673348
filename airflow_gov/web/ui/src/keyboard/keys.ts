import type { Box } from "../layout/geometry";

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export function isArrow(key: string): key is Arrow {
  return key === "ArrowLeft" || key === "ArrowRight" || key === "ArrowUp" || key === "ArrowDown";
}

/**
 * The card an arrow leads to: left and right along an edge, to the nearest in height; up and down among
 * those of the same column. Null where there is none.
 */
export function neighbour(
  from: string,
  arrow: Arrow,
  boxes: ReadonlyMap<string, Box>,
  edges: readonly { source: string; target: string }[],
): string | null {
  const box = boxes.get(from);
  if (!box) return null;
  if (arrow === "ArrowUp" || arrow === "ArrowDown") return sibling(from, box, arrow, boxes);
  const onward = arrow === "ArrowRight";
  const ends = edges.flatMap(({ source, target }) => {
    if (source === target) return [];
    if (onward) return source === from ? [target] : [];
    return target === from ? [source] : [];
  });
  return nearest(ends, box, boxes);
}

function sibling(from: string, box: Box, arrow: Arrow, boxes: ReadonlyMap<string, Box>): string | null {
  const way = arrow === "ArrowDown" ? 1 : -1;
  const column = [...boxes].filter(
    ([id, other]) => id !== from && other.x === box.x && (other.y - box.y) * way > 0,
  );
  return nearest(
    column.map(([id]) => id),
    box,
    boxes,
  );
}

function nearest(ids: readonly string[], box: Box, boxes: ReadonlyMap<string, Box>): string | null {
  let [best, least]: [string | null, number] = [null, Infinity];
  for (const id of ids) {
    const other = boxes.get(id);
    if (!other) continue;
    const distance = Math.abs(other.y + other.height / 2 - box.y - box.height / 2);
    if (distance < least) [best, least] = [id, distance];
  }
  return best;
}

/** Whether a key goes to a field that text is written into, or to a control that takes it. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("input, select, textarea, [contenteditable]")) return key !== "Escape";
  return (key === "Enter" || key === " ") && target.closest("button, a, [role=option]") !== null;
}
