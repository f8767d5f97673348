import { describe, expect, test } from "vitest";

import type { Edge, GraphNode } from "../src/api/types";
import { layout, type Layout } from "../src/layout";
import { CARD, overlaps, type Box } from "../src/layout/geometry";
import { lanes } from "../src/layout/lanes";
import { acyclic, links } from "../src/layout/links";
import { inversions } from "../src/layout/order";
import { graph, lake } from "./graphs";

function drawn({ nodes, edges }: { nodes: GraphNode[]; edges: Edge[] }): Layout {
  const found = lanes(
    nodes,
    links(
      nodes.map((node) => node.id),
      edges,
    ),
  );
  const items = nodes.map((node, at) => ({ id: node.id, lane: found[at] ?? null, ...CARD[node.type] }));
  return layout(items, edges);
}

function box(drawing: Layout, id: string): Box {
  const found = drawing.boxes.get(id);
  if (!found) throw new Error(`${id} is not drawn`);
  return found;
}

describe("lanes", () => {
  test("zones stand from left to right, jobs between them", () => {
    const drawing = drawn(graph("r1>j1", "j1>p1", "p1>j2", "j2>c1", "c1>j3", "j3>g1"));
    const xs = ["r1", "j1", "p1", "j2", "c1", "j3", "g1"].map((id) => box(drawing, id).x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(new Set(xs).size).toBe(7);
  });

  test("stay from left to right when data comes back", () => {
    const drawing = drawn(graph("r1>j1", "j1>c1", "c1>j2", "j2>r2", "g1>j3", "j3>r1"));
    expect(box(drawing, "r1").x).toBe(box(drawing, "r2").x);
    expect(box(drawing, "r1").x).toBeLessThan(box(drawing, "c1").x);
    expect(box(drawing, "c1").x).toBeLessThan(box(drawing, "g1").x);
  });

  test("within a lane what comes from another stands after it", () => {
    const drawing = drawn(graph("c1>j1", "j1>c2", "c2>j2", "j2>c3", "c1>j3", "j3>c3"));
    expect(box(drawing, "c1").x).toBeLessThan(box(drawing, "c2").x);
    expect(box(drawing, "c2").x).toBeLessThan(box(drawing, "c3").x);
  });

  test("sensitive and work lie below all others", () => {
    const drawing = drawn(graph("r1>j1", "j1>c1", "j1>s1", "s1>j2", "j2>s2", "c1>j3", "j3>w1"));
    const lowest = Math.max(...["r1", "j1", "c1", "j3"].map((id) => box(drawing, id).y));
    expect(box(drawing, "s1").y).toBeGreaterThan(lowest);
    expect(box(drawing, "j2").y).toBeGreaterThan(lowest);
    expect(box(drawing, "w1").y).toBeGreaterThan(box(drawing, "s1").y);
    expect(box(drawing, "s1").x).toBeLessThan(box(drawing, "s2").x);
  });

  test("what is outside stands before what it feeds, or after what it is fed by", () => {
    const drawing = drawn(graph("x1>j0", "j0>x2", "x2>j1", "j1>r1", "r1>j2", "j2>g1", "g1>j3", "j3>x3"));
    expect(drawing.lanes.map((each) => each.lane)).toEqual(["sources", "raw", "gold", "consumers"]);
    expect(box(drawing, "x1").x).toBeLessThan(box(drawing, "x2").x);
    expect(box(drawing, "x2").x).toBeLessThan(box(drawing, "r1").x);
    expect(box(drawing, "x3").x).toBeGreaterThan(box(drawing, "g1").x);
  });

  test("without any zone there is one lane, in the order of the data", () => {
    const drawing = drawn(graph("x1>j1", "j1>x2", "x2>j2", "j2>x3"));
    expect(drawing.lanes.map((each) => [each.lane, each.count])).toEqual([["sources", 3]]);
    expect(box(drawing, "x1").x).toBeLessThan(box(drawing, "x3").x);
  });

  test("a lane's box holds its datasets", () => {
    const drawing = drawn(lake(80));
    for (const { lane, box: around } of drawing.lanes) {
      for (const [id, card] of drawing.boxes) {
        if (id.startsWith(lane)) {
          expect(card.x).toBeGreaterThanOrEqual(around.x);
          expect(card.x + card.width).toBeLessThanOrEqual(around.x + around.width);
          expect(card.y + card.height).toBeLessThanOrEqual(around.y + around.height);
        }
      }
    }
  });
});

describe("cards", () => {
  test.each([8, 80, 400])("do not overlap among %i", (size) => {
    const boxes = [...drawn(lake(size)).boxes.values()];
    const clashes = boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => overlaps(one, other)));
    expect(clashes).toEqual([]);
  });

  test("that stand in a row are joined by straight lines", () => {
    const drawing = drawn(graph("r1>j1", "j1>p1", "p1>j2", "j2>c1"));
    const middles = ["r1", "j1", "p1", "j2", "c1"].map(
      (id) => box(drawing, id).y + box(drawing, id).height / 2,
    );
    expect(new Set(middles.map(Math.round)).size).toBe(1);
  });

  test("do not cross where they need not", () => {
    const drawing = drawn(graph("r1>j2", "j2>c2", "r2>j1", "j1>c1", "r3>j3", "j3>c3"));
    const order = (...ids: string[]) =>
      ids.sort((a, b) => box(drawing, a).y - box(drawing, b).y).map((id) => id.slice(1));
    expect(order("c1", "c2", "c3")).toEqual(order("j1", "j2", "j3"));
  });

  test.each([
    ["a job that reads what it writes", ["c1>j1", "j1>c1"]],
    ["a dataset that is its own source", ["c1>c1"]],
    ["a circle", ["c1>j1", "j1>c2", "c2>j2", "j2>c1"]],
    ["a job without inputs", ["j1>c1"]],
    ["a job without outputs", ["c1>j1"]],
    ["a link to what is not drawn", ["c1>j1", "j1>c2"]],
  ])("are placed for %s", (_, pairs) => {
    const { nodes, edges } = graph(...pairs);
    const drawing = drawn({ nodes, edges: [...edges, { ...(edges[0] as Edge), target: "nowhere" }] });
    expect([...drawing.boxes.keys()].sort()).toEqual(nodes.map((node) => node.id).sort());
    for (const each of drawing.boxes.values()) expect(Object.values(each).every(Number.isFinite)).toBe(true);
  });

  test("nothing at all is nothing", () => {
    expect(drawn({ nodes: [], edges: [] }).bounds).toEqual({ x: 0, y: 0, width: 0, height: 0 });
  });
});

test("a chain of thousands does not deepen the stack", () => {
  const ids = Array.from({ length: 20_000 }, (_, at) => `n${at}`);
  const edges = ids.slice(1).map((id, at) => ({ source: `n${at}`, target: id }));
  expect(acyclic(links(ids, edges)).order).toHaveLength(20_000);
});

test("the same graph is drawn the same", () => {
  expect([...drawn(lake(200)).boxes]).toEqual([...drawn(lake(200)).boxes]);
});

test.each([
  [[], 0],
  [[1, 2, 3], 0],
  [[3, 2, 1], 3],
  [[1, 1, 1], 0],
  [[2, 1, 4, 3], 2],
])("inversions of %j are %i", (values, count) => {
  expect(inversions(values)).toBe(count);
});
