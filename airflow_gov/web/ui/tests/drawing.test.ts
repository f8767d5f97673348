// @vitest-environment jsdom
import type { Viewport } from "@xyflow/react";
import { beforeAll, describe, expect, test } from "vitest";

import { fileName } from "../src/export/download";
import { mermaid } from "../src/export/mermaid";
import { picture } from "../src/export/picture";
import { scale } from "../src/export/png";
import { escaped, svg } from "../src/export/svg";
import { datasetLines } from "../src/graph/edges";
import { fitted, following, kept, opening, revealing, visible, type Followed } from "../src/graph/viewport";
import { isTaken, neighbour } from "../src/keyboard/keys";
import { layout } from "../src/layout";
import { CARD, curve, openHeight, rowOffset, type Box } from "../src/layout/geometry";
import { drawn } from "../src/model/drawn";
import { spoken } from "../src/model/words";
import { dataset, edge, graph, job } from "./graphs";

beforeAll(() => {
  window.governanceHost = {
    inside: false,
    language: () => "en",
    timeZone: () => "UTC",
    readState: () => ({}),
    writeState: () => undefined,
    visit: () => undefined,
    pageHref: (page) => page,
    onChange: () => () => undefined,
  };
});

function laidOut(nodes = graph("r1>j1", "j1>c1", "r2>j1", "c1>j2", "j2>g1")) {
  const shown = drawn(nodes.nodes, nodes.edges, []);
  const items = shown.nodes.map((node) => ({
    id: node.id,
    lane: shown.lanes.get(node.id) ?? null,
    ...CARD[node.type === "job" ? "job" : "dataset"],
  }));
  return { shown, drawing: layout(items, shown.edges) };
}

const HOSTILE = `</text><script>alert("1")</script> & ' \u0000\ud800 ]]>`;

describe("SVG", () => {
  function exported(label: string, area = false) {
    const nodes = {
      nodes: [dataset("d1", "clean", { label, name: label }), job("j1", { label })],
      edges: [edge("j1", "d1", { status: "added" })],
    };
    const { shown, drawing } = laidOut(nodes);
    const subject = {
      nodes: shown.nodes,
      layout: drawing,
      lines: datasetLines(shown, drawing),
      traced: [],
      columns: new Map(),
    };
    return svg(
      picture(subject, (name) => `"${name}<`, area ? { x: -1000, y: -1000, width: 10, height: 10 } : null),
    );
  }

  test("is well formed and holds nothing that runs, whatever names say", () => {
    const parsed = new DOMParser().parseFromString(exported(HOSTILE), "image/svg+xml");
    expect(parsed.querySelector("parsererror")).toBeNull();
    const kinds = new Set([...parsed.querySelectorAll("*")].map((element) => element.localName));
    expect([...kinds].sort()).toEqual(["defs", "marker", "path", "rect", "svg", "text"]);
    const attributes = new Set(
      [...parsed.querySelectorAll("*")].flatMap((element) => element.getAttributeNames()),
    );
    expect([...attributes].filter((name) => name.startsWith("on") || name.endsWith("href"))).toEqual([]);
  });

  test("shows names, zones and changes", () => {
    const parsed = new DOMParser().parseFromString(exported("clean.flights"), "image/svg+xml");
    const texts = [...parsed.querySelectorAll("text")].map((text) => text.textContent);
    expect(texts).toEqual(expect.arrayContaining(["clean.flights", "Clean (1)", "+"]));
  });

  test("of what is on the screen leaves out the rest", () => {
    expect(exported("clean.flights", true)).not.toContain("clean.flights");
  });

  test("text", () => expect(escaped("<&>\"'\u0001")).toBe("&lt;&amp;&gt;&quot;&#39;\ufffd"));
});

test("Mermaid takes any name", () => {
  const text = mermaid(
    drawn(
      [dataset("d1", "clean", { label: 'a"]; click x "javascript:1"\nend' }), job("j1")],
      [edge("j1", "d1")],
      [],
    ),
  );
  expect(text.split("\n")).toEqual([
    "flowchart LR",
    '  subgraph clean["Clean"]',
    '    n0["a#34;#93;#59; click x #34;javascript#58;1#34;#10;end"]',
    "  end",
    '  n1(["flights.j1"])',
    "  n1 --> n0",
    "",
  ]);
});

test("a picture is twice the size, or as large as a canvas may be", () => {
  expect(scale(500, 500)).toBe(2);
  expect(scale(20_000, 100) * 20_000).toBeLessThanOrEqual(16_384);
  expect((scale(15_000, 15_000) * 15_000) ** 2).toBeLessThanOrEqual(120_000_001);
});

test.each([
  ["clean.flights", "lineage-clean.flights.svg"],
  ["../../etc/<passwd>", "lineage-etc-passwd.svg"],
  ["", "lineage-graph.svg"],
])("a file's name has nothing odd in it: %s", (label, name) => expect(fileName(label, "svg")).toBe(name));

describe("arrows", () => {
  const { shown, drawing } = laidOut();
  const go = (from: string, key: Parameters<typeof neighbour>[1]) =>
    neighbour(from, key, drawing.boxes, shown.edges);

  test("lead along the edges", () => {
    expect([
      go("r1", "ArrowRight"),
      go("j1", "ArrowRight"),
      go("c1", "ArrowLeft"),
      go("g1", "ArrowLeft"),
    ]).toEqual(["j1", "c1", "j1", "j2"]);
    expect(["r1", "r2"]).toContain(go("j1", "ArrowLeft"));
  });
  test("lead up and down a column", () => {
    const [upper, lower] = ["r1", "r2"].sort(
      (a, b) => (drawing.boxes.get(a)?.y ?? 0) - (drawing.boxes.get(b)?.y ?? 0),
    ) as [string, string];
    expect([go(upper, "ArrowDown"), go(lower, "ArrowUp"), go(upper, "ArrowUp")]).toEqual([
      lower,
      upper,
      null,
    ]);
  });
  test("end where the graph ends", () =>
    expect([go("g1", "ArrowRight"), go("r1", "ArrowLeft"), go("?", "ArrowUp")]).toEqual([null, null, null]));
  test("stay out of a job that writes what it reads", () => {
    expect(neighbour("c1", "ArrowRight", drawing.boxes, [{ source: "c1", target: "c1" }])).toBeNull();
  });
});

test("keys go to the field that has the focus", () => {
  document.body.innerHTML = "<input><button></button><div tabindex=0></div>";
  const [input, button, div] = ["input", "button", "div"].map((name) => document.querySelector(name));
  expect([
    isTaken(input ?? null, "f"),
    isTaken(input ?? null, "Escape"),
    isTaken(button ?? null, " "),
    isTaken(button ?? null, "f"),
    isTaken(div ?? null, " "),
  ]).toEqual([true, false, true, false, false]);
});

describe("the view of the drawing", () => {
  const size = { width: 1000, height: 600 };
  const bounds = { x: 0, y: 0, width: 5000, height: 4000 };

  test("shows everything of a small graph, never larger than life", () => {
    expect(fitted({ x: 0, y: 0, width: 100, height: 100 }, size).zoom).toBe(1);
    const seen = visible(fitted(bounds, size), size);
    expect(seen.x).toBeLessThanOrEqual(0);
    expect(seen.x + seen.width).toBeGreaterThanOrEqual(5000);
  });
  test("shows the focus of a large one, so that it can be read", () => {
    const focus = { x: 2400, y: 2000, width: 240, height: 52 };
    const view = opening(bounds, [focus], size);
    expect(view.zoom).toBeGreaterThan(0.5);
    const seen = visible(view, size);
    expect(seen.x).toBeLessThan(focus.x);
    expect(seen.x + seen.width).toBeGreaterThan(focus.x + focus.width);
  });
  test("shows no emptiness beside a large one", () => {
    const seen = visible(opening(bounds, [{ x: 0, y: 0, width: 240, height: 52 }], size), size);
    expect(seen.x).toBeGreaterThan(-60);
    expect(seen.y).toBeGreaterThan(-80);
  });
  test("leaves the card that is looked at where it is", () => {
    const before = { x: 10, y: 20, zoom: 0.5 };
    const after = kept(
      before,
      { x: 100, y: 100, width: 1, height: 1 },
      { x: 300, y: 40, width: 1, height: 1 },
    );
    expect([300 * 0.5 + after.x, 40 * 0.5 + after.y]).toEqual([100 * 0.5 + 10, 100 * 0.5 + 20]);
  });
  test("moves only for a card that is not in sight", () => {
    const card = { x: 100, y: 100, width: 240, height: 52 };
    expect(revealing({ x: 0, y: 0, zoom: 1 }, card, size)).toBeNull();
    const moved = revealing({ x: -5000, y: 0, zoom: 1 }, card, size);
    expect(moved && revealing(moved, card, size)).toBeNull();
  });

  const at = (x: number, y: number, height = 52) => ({ x, y, width: 240, height });
  const all = new Map([
    ["left", at(0, 0)],
    ["middle", at(400, 270)],
    ["below", at(400, 5000)],
  ]);
  const still = { x: 0, y: 0, zoom: 1 };
  const moved = (places: Record<string, Box>) => new Map([...all, ...Object.entries(places)]);

  test("keeps a preferred card in sight where it is, else the one in the middle", () => {
    const after = moved({ left: at(50, 0), middle: at(400, 300) });
    const left = { anchor: "left", viewport: { x: -50, y: 0, zoom: 1 } };
    const middle = { anchor: "middle", viewport: { x: 0, y: -30, zoom: 1 } };
    expect(following(still, all, after, ["left", "middle"], size)).toEqual(left);
    expect(following(still, all, after, ["gone", "left"], size)).toEqual(left);
    expect(following(still, all, after, [null, null], size)).toEqual(middle);
    expect(following(still, all, after, ["below", "gone"], size), "out of sight").toEqual(middle);
  });
  test("keeps a card that is seen, however near one is that is not, or one that is open wide", () => {
    const before = new Map([
      ["seen", at(20, 274)],
      ["under", at(500, 610)],
    ]);
    const after = new Map([...before, ["under", at(500, 700)]]);
    expect(following(still, before, after, [], size)).toEqual({ anchor: "seen", viewport: null });
    const wide = new Map([...before, ["open", at(400, -100, 500)]]);
    const lower = new Map([...wide, ["open", at(400, -90, 500)]]);
    expect(following(still, wide, lower, [], size)).toEqual({
      anchor: "open",
      viewport: { x: 0, y: -10, zoom: 1 },
    });
  });
  test("comes back when what was filtered is shown again, by the card that stayed", () => {
    const full = new Map([
      ["acted", at(530, 274)],
      ["stays", at(530, 440)],
      ["other", at(530, -20)],
    ]);
    const fewer = new Map([
      ["stays", at(530, 0)],
      ["other", at(530, -70)],
    ]);
    const there = following(still, full, fewer, ["acted", null], size) as Followed;
    expect(there).toEqual({ anchor: "stays", viewport: { x: 0, y: 440, zoom: 1 } });
    const back = following(there.viewport as Viewport, fewer, full, ["acted", there.anchor], size);
    expect(back).toEqual({ anchor: "stays", viewport: still });
  });
  test("is left alone where nothing has moved, and where it was dragged to nothing", () => {
    const away = { x: 9000, y: 0, zoom: 1 };
    expect(following(away, all, new Map(all), [], size)).toBeNull();
    expect(following(away, all, moved({ new: at(0, 400) }), [], size)).toMatchObject({ viewport: null });
  });
  test("never loses what is in sight: a card is brought into it, and with none in both it opens anew", () => {
    const below = new Map([["below", at(400, 5000)]]);
    const found = following(still, all, below, ["left"], size) as Followed;
    expect(revealing(found.viewport as Viewport, at(400, 5000), size)).toBeNull();
    const open = new Map([["open", at(400, -300, 358)]]);
    const closed = following(still, open, new Map([["open", at(400, -300)]]), ["open"], size) as Followed;
    expect(revealing(closed.viewport as Viewport, at(400, -300), size)).toBeNull();
    expect(following(still, all, new Map([["new", at(0, 0)]]), [], size)).toBe("none");
  });
});

test("an open card has room for its rows", () => {
  for (const columns of [1, 3, 10, 11, 10_000]) {
    expect(rowOffset(columns, Math.min(columns, 10) - 1)).toBeLessThan(openHeight(columns));
  }
  expect(openHeight(10_000)).toBe(openHeight(11));
});

test("a line back takes a turn", () => {
  expect(curve({ x: 100, y: 0 }, { x: 0, y: 0 })).toMatch(/^M100,0C1\d\d,0 -\d+,0 0,0$/);
});

test("a card is told in a sentence", () => {
  const node = dataset("d1", "clean", {
    label: "clean.flights",
    rows: 1,
    personal: true,
    updatedAt: null,
    verdict: "failed",
    status: "added",
  });
  expect(spoken(node)).toBe(
    "Dataset clean.flights, zone clean, version 3, 1 row, gate failed, holds personal data, 0 upstream, 0 downstream, added",
  );
  expect(spoken(job("j1"))).toBe("Job flights.j1, success, 10s, 0 upstream, 0 downstream");
});
