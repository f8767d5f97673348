import type { Links } from "./links";

const SWEEPS = 8;

/**
 * The order of the nodes in each stack that lets few lines cross: every stack is sorted by the mean place
 * of its neighbours, from left to right and back, and the best order that was met is kept.
 */
export function ordered(stacks: readonly number[][], graph: Links): number[][] {
  const place = new Float64Array(graph.size);
  const stackOf = new Int32Array(graph.size).fill(-1);
  stacks.forEach((stack, at) => {
    for (const node of stack) stackOf[node] = at;
  });
  let current = stacks.map((stack) => [...stack]);
  const settle = (stack: readonly number[]) => {
    stack.forEach((node, at) => {
      place[node] = (at + 0.5) / stack.length;
    });
  };
  current.forEach(settle);
  let best = current;
  let fewest = crossings(current, graph, stackOf, place);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const onward = sweep % 2 === 0;
    const sequence = onward ? current : [...current].reverse();
    const sorted = sequence.map((stack) => {
      const moved = byNeighbours(
        stack,
        onward ? graph.previous : graph.next,
        onward ? graph.next : graph.previous,
        place,
      );
      settle(moved);
      return moved;
    });
    current = onward ? sorted : sorted.reverse();
    const count = crossings(current, graph, stackOf, place);
    if (count < fewest) [fewest, best] = [count, current.map((stack) => [...stack])];
  }
  return best;
}

/** Those without neighbours on this side look to the other; without any they stay where they are. */
function byNeighbours(
  stack: readonly number[],
  near: readonly number[][],
  far: readonly number[][],
  place: Float64Array,
): number[] {
  const wanted = new Map<number, number>();
  for (const node of stack) {
    const neighbours = near[node]?.length ? near[node] : (far[node] ?? []);
    wanted.set(node, neighbours.length ? mean(neighbours, place) : (place[node] ?? 0));
  }
  return [...stack].sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
}

function mean(nodes: readonly number[], place: Float64Array): number {
  let sum = 0;
  for (const node of nodes) sum += place[node] ?? 0;
  return sum / nodes.length;
}

/** Crossings of the lines that leave each stack, whatever stack they go to; counted by inversions. */
function crossings(
  stacks: readonly number[][],
  { next }: Links,
  stackOf: Int32Array,
  place: Float64Array,
): number {
  let count = 0;
  for (const stack of stacks) {
    const ends: number[] = [];
    for (const node of stack) {
      const targets = (next[node] ?? [])
        .filter((to) => stackOf[to] !== stackOf[node])
        .map((to) => place[to] ?? 0);
      ends.push(...targets.sort((a, b) => a - b));
    }
    count += inversions(ends);
  }
  return count;
}

/** Pairs in the wrong order, in n log n: a merge sort that counts. */
export function inversions(values: readonly number[]): number {
  let from = Float64Array.from(values);
  let to = new Float64Array(values.length);
  let count = 0;
  for (let width = 1; width < from.length; width *= 2) {
    for (let low = 0; low < from.length; low += 2 * width) {
      const middle = Math.min(low + width, from.length);
      const high = Math.min(low + 2 * width, from.length);
      let [a, b] = [low, middle];
      for (let at = low; at < high; at++) {
        const takeLeft = a < middle && (b >= high || (from[a] as number) <= (from[b] as number));
        if (!takeLeft) count += middle - a;
        to[at] = from[takeLeft ? a++ : b++] as number;
      }
    }
    [from, to] = [to, from];
  }
  return count;
}
