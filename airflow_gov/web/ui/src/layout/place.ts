import type { Links } from "./links";

export const GAP = 18;
const ROUNDS = 4;

/**
 * Heights: each node near the mean of its neighbours, none over another.
 *
 * @param stacks nodes of each stack in their order.
 * @returns the middle of each node; the topmost edge is at 0.
 */
export function middles(stacks: readonly number[][], heights: readonly number[], graph: Links): number[] {
  const middle: number[] = heights.map(() => 0);
  for (const stack of stacks) {
    let y = 0;
    for (const node of stack) {
      const height = heights[node] ?? 0;
      middle[node] = y + height / 2;
      y += height + GAP;
    }
    const shift = (y - GAP) / 2;
    for (const node of stack) middle[node] = (middle[node] ?? 0) - shift;
  }
  for (let round = 0; round < ROUNDS; round++) {
    const onward = round % 2 === 0;
    for (const stack of onward ? stacks : [...stacks].reverse()) {
      settle(
        stack,
        heights,
        middle,
        onward ? graph.previous : graph.next,
        onward ? graph.next : graph.previous,
      );
    }
  }
  const flat = stacks.flat();
  const top = Math.min(...flat.map((node) => (middle[node] ?? 0) - (heights[node] ?? 0) / 2), Infinity);
  if (Number.isFinite(top)) for (const node of flat) middle[node] = (middle[node] ?? 0) - top;
  return middle;
}

interface Block {
  nodes: number[];
  /** Sum of what its nodes wish for its first one, and the first one's place. */
  wish: number;
  first: number;
  length: number;
}

/** The order is kept; those who would overlap move together to the mean of what they wish for. */
function settle(
  stack: readonly number[],
  heights: readonly number[],
  middle: number[],
  near: readonly number[][],
  far: readonly number[][],
): void {
  const blocks: Block[] = [];
  for (const node of stack) {
    const height = heights[node] ?? 0;
    const neighbours = near[node]?.length ? near[node] : (far[node] ?? []);
    const wish = (neighbours.length ? mean(neighbours, middle) : (middle[node] ?? 0)) - height / 2;
    blocks.push({ nodes: [node], wish, first: wish, length: height + GAP });
    for (let last = blocks.length - 1; last > 0; last--) {
      const [above, below] = [blocks[last - 1] as Block, blocks[last] as Block];
      if (above.first + above.length <= below.first) break;
      above.wish += below.wish - below.nodes.length * above.length;
      above.nodes.push(...below.nodes);
      above.length += below.length;
      above.first = above.wish / above.nodes.length;
      blocks.pop();
    }
  }
  for (const block of blocks) {
    let y = block.first;
    for (const node of block.nodes) {
      const height = heights[node] ?? 0;
      middle[node] = y + height / 2;
      y += height + GAP;
    }
  }
}

function mean(nodes: readonly number[], middle: readonly number[]): number {
  let sum = 0;
  for (const node of nodes) sum += middle[node] ?? 0;
  return sum / nodes.length;
}
