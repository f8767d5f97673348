import { describe, expect, test } from "vitest";

import { address } from "../src/api/client";
import type { Trace } from "../src/api/types";
import { asked, placeIn, shown } from "../src/graph/columns";
import { upstreamOf } from "../src/graph/edges";
import { openHeights } from "../src/graph/scene";
import { openHeight } from "../src/layout/geometry";
import { drawn } from "../src/model/drawn";
import { passing, type Filters } from "../src/model/filter";
import { dagOf, focusOf, nodeFocus } from "../src/model/focus";
import { merged, tracePart } from "../src/model/merge";
import { filtered, read, START, written, type View } from "../src/view/view";
import { dataset, edge, graph, job } from "./graphs";

describe("the focus", () => {
  test.each([
    ["dag_id=a%3Ab", "dag:a%3Ab"],
    ["dag_id=d&run_id=manual__2026%2B00%3A00", "run:d:manual__2026%2B00%3A00"],
    ["dag_id=d&task_id=g.t", "task:d:g.t"],
    ["dag_id=d&run_id=r&task_id=t&map_index=3", "ti:d:r:t:3"],
    ["dag_id=d&run_id=r&task_id=t&map_index={MAP_INDEX}", "ti:d:r:t:-1"],
    ["dag_id=d&run_id={RUN_ID}", "dag:d"],
    ["dataset=clean.flights", "dataset:clean.flights"],
    ["", null],
    ["dag_id={DAG_ID}", null],
  ])("of ?%s is %s", (search, focus) => {
    expect(focusOf(new URLSearchParams(search))).toBe(focus);
  });

  test("of a node, and the Dag of a focus", () => {
    expect([nodeFocus("d1"), nodeFocus("j2")]).toEqual(["dataset:d1", "job:j2"]);
    expect(["dag:a%2Fb", "ti:x:r:t:0", "dataset:dag", "job:j1"].map(dagOf)).toEqual(["a/b", "x", null, null]);
  });
});

describe("the view", () => {
  const chosen: View = {
    ...START,
    focus: "dataset:d1",
    up: "5",
    down: "all",
    limit: 1000,
    expand: ["d1:up", "d2:down:all"],
    asOf: { run: "manual, 1&2", at: "2026-01-01T00:00:00Z" },
    compare: { a: "x,y", b: "z" },
    mode: "table",
    selected: "d1",
    tab: "schema",
    open: ["d1", "d2"],
    trace: "d1.a,b=%c",
    path: { from: "d1", to: "d2" },
    folded: ["raw"],
    hidden: ["gold"],
    states: ["failed"],
    outside: false,
    personal: true,
  };

  test("survives a reload", () => expect(read(written(chosen))).toEqual(chosen));
  test("as it begins leaves nothing in the address", () => expect(written(START)).toEqual({}));
  test("counts what filters", () => expect([filtered(START), filtered(chosen)]).toEqual([0, 4]));
  test.each([
    { up: "9", down: "x", limit: "-3", mode: "cube", outside: "", fold: "moon", hide: "<b>", states: "sad" },
    { columns: "%E0%A4%A", compare: "one", path: ",", run: "r" },
    { expand: "foo,d1:sideways,d0:up", run: "r", as_of: "yesterday", limit: "1.5" },
  ])("is not misled by %j", (state) => expect(read(state)).toEqual(START));
});

describe("filters", () => {
  const all: Filters = { hidden: [], states: [], outside: true, personal: false };
  const { nodes, edges } = graph("r1>j1", "j1>c1", "c1>j2", "j2>g1", "x1>j1");
  const ids = (filters: Partial<Filters>, focus: string[] = []) =>
    passing(nodes, edges, focus, { ...all, ...filters }).nodes.map((node) => node.id);

  test("without any, everything passes", () => expect(ids({})).toEqual(nodes.map((node) => node.id)));
  test("of a zone take its datasets, and jobs that are left alone", () => {
    expect(ids({ hidden: ["gold", "clean"] })).toEqual(["r1", "j1", "x1"]);
  });
  test("leave the focus", () => expect(ids({ hidden: ["gold"] }, ["g1"])).toContain("g1"));
  test("of what is outside", () => expect(ids({ outside: false })).not.toContain("x1"));
  test("of personal data", () => {
    const marked = nodes.map((node) =>
      node.id === "c1" ? dataset("c1", "clean", { personal: true }) : node,
    );
    expect(passing(marked, edges, [], { ...all, personal: true }).nodes.map((node) => node.id)).toEqual([
      "j1",
      "c1",
      "j2",
    ]);
  });
  test("of states take jobs, and datasets that are left alone", () => {
    const failed = nodes.map((node) => (node.id === "j2" ? job("j2", { state: "failed" }) : node));
    const left = passing(failed, edges, [], { ...all, states: ["failed"] });
    expect([left.nodes.map((node) => node.id), left.hidden]).toEqual([["c1", "j2", "g1"], 3]);
    expect(left.edges.map((each) => each.id)).toEqual(["c1>j2", "j2>g1"]);
  });
});

describe("folded lanes", () => {
  const { nodes, edges } = graph("r1>j1", "j1>c1", "c1>j2", "j2>c2", "c2>j3", "j3>g1", "c1>j3");

  test("are one card, with the edges of all of theirs", () => {
    const folded = drawn(nodes, edges, ["clean"]);
    expect(folded.nodes.map((node) => node.id).sort()).toEqual(["g1", "j1", "j3", "lane:clean", "r1"]);
    expect(folded.edges.map((each) => `${each.source}>${each.target}`).sort()).toEqual([
      "j1>lane:clean",
      "j3>g1",
      "lane:clean>j3",
      "r1>j1",
    ]);
    expect(folded.nodes.find((node) => node.type === "lane")).toMatchObject({
      count: 2,
      lane: "clean",
      label: "Clean",
    });
  });
  test("all of them at once", () => {
    const folded = drawn(nodes, edges, ["raw", "clean", "gold"]);
    expect(folded.nodes.filter((node) => node.type !== "job")).toHaveLength(3);
  });
  test("that are empty change nothing", () => expect(drawn(nodes, edges, ["work"]).nodes).toEqual(nodes));
});

const TRACE: Trace = {
  columns: [
    { id: "d1.a", dataset: "d1", name: "a" },
    { id: "d2.a", dataset: "d2", name: "a" },
    { id: "d3.a", dataset: "d3", name: "a" },
  ],
  datasets: [dataset("d1"), dataset("d2"), dataset("d3")],
  edges: [
    { source: "d1.a", target: "d3.a", direct: true, masking: false, subtypes: [], job: "j1" },
    { source: "d2.a", target: "d3.a", direct: false, masking: true, subtypes: [], job: null },
  ],
  truncated: false,
};

describe("graphs put together", () => {
  test("say what the first ones say, and nothing twice", () => {
    const one = { nodes: [dataset("d1", "clean", { rows: 1 })], edges: [] };
    const two = {
      nodes: [dataset("d1", "clean", { rows: 2 }), dataset("d2")],
      edges: [edge("d1", "d2"), edge("d1", "gone")],
    };
    const both = merged(one, two, two);
    expect(both.nodes.map((node) => node.id)).toEqual(["d1", "d2"]);
    expect(both.nodes[0]).toMatchObject({ rows: 1 });
    expect(both.edges.map((each) => each.id)).toEqual(["d1>d2"]);
  });
  test("a trace brings what is not drawn, and how it is joined", () => {
    const part = tracePart(TRACE, new Set(["d1", "d3"]));
    expect(part.nodes.map((node) => node.id)).toEqual(["d2"]);
    expect(part.edges.map((each) => each.id)).toEqual(["trace:d2>d3"]);
  });
  test("of a column's sources as many are drawn as are drawn", () => {
    const { nodes, edges } = { nodes: [dataset("d1"), dataset("d3")], edges: [] };
    expect(upstreamOf(TRACE, "d3.a", drawn(nodes, edges, []))).toEqual({ drawn: 1, all: 2 });
  });
});

describe("columns of a card", () => {
  const column = (name: string) => ({
    id: `d1.${name}`,
    name,
    type: "int",
    description: null,
    classification: null,
    tags: [],
    personal: false,
    up: 0,
    down: 0,
  });
  const answer = (names: string[]) => ({
    data: { dataset: "d1", total: 30, columns: names.map(column), next: "c" },
    pending: false,
    error: null,
    retry: () => undefined,
  });

  const traced = (...names: string[]) => names.map((name) => ({ id: `d1.${name}`, dataset: "d1", name }));
  const first = { q: "", cursors: [], trace: "d1.b" };

  test("that are traced are asked for first, in the same order whatever the trace's", () => {
    const question = asked("d1", first, traced("z", "b"));
    expect(question).toEqual({ dataset: "d1", q: "", first: ["b", "z"], after: null, limit: 10 });
    expect(address("columns", { ...question, first: question.first })).toBe(
      "api/v1/lineage/columns?dataset=d1&first=b&first=z&limit=10",
    );
  });
  test("of a page are marked where they are traced, and stay in the server's order", () => {
    const page = shown(answer(["z", "b", "a"]), { ...first, cursors: ["x"] }, traced("z", "b", "y"));
    expect(page.rows.map((row) => [row.name, row.traced])).toEqual([
      ["z", true],
      ["b", true],
      ["a", false],
    ]);
    expect(page).toMatchObject({
      page: 1,
      from: 11,
      to: 13,
      next: "c",
      total: 30,
      traced: 3,
      pending: false,
    });
  });
  test("are nine beside the row that stands for all, on each page", () => {
    const all = traced("", "b");
    expect(asked("d1", first, all)).toMatchObject({ first: ["b"], limit: 9 });
    const page = shown(answer(["b", ..."cdefghij"]), { ...first, cursors: ["x"] }, all);
    expect(page.rows.map((row) => row.name)).toEqual(["all rows", "b", ..."cdefghij"]);
    expect(page).toMatchObject({ from: 10, to: 18, traced: 1 });
    expect(asked("d1", { ...first, q: "c" }, all).limit).toBe(10);
    expect(shown(answer(["c"]), { ...first, q: "c" }, all).rows).toHaveLength(1);
  });
  test("are named in an address as far as one holds them", () => {
    const many = Array.from({ length: 300 }, (_, at) => `c${at}`);
    expect(asked("d1", first, traced(...many)).first).toHaveLength(200);
    const long = many.map((name) => name + "é".repeat(100));
    expect(address("columns", { ...asked("d1", first, traced(...long)) }).length).toBeLessThan(4_200);
  });
  test("are turned back to the first page when another column is traced, and searched for the same", () => {
    const turned = { q: "a", cursors: ["x"], trace: "d1.b" };
    expect(placeIn(turned, "d1.b")).toBe(turned);
    expect(placeIn(turned, "d1.c")).toEqual({ q: "a", cursors: [], trace: "d1.c" });
    expect(placeIn(undefined, null)).toEqual({ q: "", cursors: [], trace: null });
  });
  test("have room also where one row stands for all, or no schema tells of them", () => {
    const columns = [
      ...traced("", "a"),
      ...["a", "b", "c"].map((name) => ({ id: `d2.${name}`, dataset: "d2", name })),
    ];
    const nodes = [dataset("d1", "clean", { columns: 1 }), dataset("d2", "clean", { columns: 0 })];
    const heights = openHeights({ nodes }, ["d1", "d2"], { ...TRACE, columns });
    expect([...heights.values()]).toEqual([openHeight(2), openHeight(3)]);
    expect(openHeights({ nodes }, ["d1"], undefined).get("d1")).toBe(openHeight(1));
  });
  test("that are not there yet", () =>
    expect(shown(undefined, first, [])).toMatchObject({ rows: [], pending: true }));
});
