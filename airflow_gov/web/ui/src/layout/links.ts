/** A directed graph of indexes: what the layout counts in. */
export interface Links {
  size: number;
  next: number[][];
  previous: number[][];
}

export function links(ids: readonly string[], edges: readonly { source: string; target: string }[]): Links {
  const index = new Map(ids.map((id, at) => [id, at]));
  const next: number[][] = ids.map(() => []);
  const previous: number[][] = ids.map(() => []);
  for (const { source, target } of edges) {
    const from = index.get(source);
    const to = index.get(target);
    if (from === undefined || to === undefined || from === to) continue;
    next[from]?.push(to);
    previous[to]?.push(from);
  }
  return { size: ids.length, next, previous };
}

/**
 * The same without its cycles, and its nodes sorted so that every link points onward.
 * A link that closes a cycle is left out; deep graphs must not deepen the stack.
 */
export function acyclic({ size, next }: Links): { order: number[]; forward: number[][] } {
  const forward: number[][] = Array.from({ length: size }, () => []);
  const seen = new Uint8Array(size); // 0 new, 1 on the way, 2 done
  const done: number[] = [];
  const begin = starts(size, next);
  for (const start of begin) {
    if (seen[start]) continue;
    const stack: [number, number][] = [[start, 0]];
    seen[start] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1] as [number, number];
      const [node, at] = top;
      const to = next[node]?.[at];
      if (to === undefined) {
        seen[node] = 2;
        done.push(node);
        stack.pop();
        continue;
      }
      top[1] += 1;
      if (seen[to] === 1) continue;
      forward[node]?.push(to);
      if (seen[to] === 0) {
        seen[to] = 1;
        stack.push([to, 0]);
      }
    }
  }
  return { order: done.reverse(), forward };
}

/** Sources first: a cycle is then cut where data comes back, not where it begins. */
function starts(size: number, next: number[][]): number[] {
  const entered = new Uint8Array(size);
  for (const targets of next) for (const target of targets) entered[target] = 1;
  const all = Array.from({ length: size }, (_, at) => at);
  return [...all.filter((at) => !entered[at]), ...all.filter((at) => entered[at])];
}
