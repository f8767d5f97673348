// @vitest-environment jsdom
import { beforeAll, describe, expect, test } from "vitest";

import { LATEST, pollAfter, SOONEST } from "../src/api/polling";
import { Problem } from "../src/api/client";
import type { Graph } from "../src/api/types";
import { goneOn, toldStates } from "../src/states/changes";
import { dataset, job, whole } from "./graphs";

beforeAll(() => {
  window.governanceHost = { language: () => "en", timeZone: () => "UTC" } as typeof window.governanceHost;
});

function looked(data: Graph | undefined, dataUpdatedAt = 0, error: Error | null = null) {
  return pollAfter({ state: { data, dataUpdatedAt, error } } as Parameters<typeof pollAfter>[0]);
}

describe("a graph is asked for again", () => {
  const running = () => whole([job("j1", { state: "running" })], [], { running: true });

  test("not where nothing runs", () => {
    expect(looked(undefined)).toBe(false);
    expect(looked(whole([job("j1")], []))).toBe(false);
  });
  test("after a longer and longer time while nothing changes, and soon when something has", () => {
    const graph = running();
    expect([0, 5, 10, 60, 100, 1000].map((seconds) => looked(graph, seconds * 1000))).toEqual([
      SOONEST,
      SOONEST,
      SOONEST,
      15_000,
      25_000,
      LATEST,
    ]);
    expect(looked({ ...graph, lastEventAt: "2026-02-02T00:00:00Z" }, 1_000_000)).toBe(LATEST);
    expect(looked(running(), 1_000_000)).toBe(SOONEST);
  });
  test("later when it could not be read, and never when nobody may", () => {
    expect(looked(running(), 0, new Problem("store", "down"))).toBe(LATEST);
    expect(looked(running(), 0, new Problem("session", "over"))).toBe(false);
    expect(looked(running(), 0, new Problem("forbidden", "no"))).toBe(false);
  });
});

describe("what is told of states", () => {
  test("are the jobs that were there and have another now", () => {
    const before = [dataset("d1"), job("j1", { state: "running" }), job("j2")];
    const after = [
      dataset("d1", "clean", { rows: 2 }),
      job("j1"),
      job("j2"),
      job("j3", { state: "running" }),
    ];
    expect(goneOn(before, after).map((each) => each.id)).toEqual(["j1"]);
    expect(goneOn(after, after)).toEqual([]);
  });
  test("are names of a few, the number of many", () => {
    const jobs = ["j1", "j2", "j3", "j4"].map((id) => job(id, { state: "failed" }));
    expect(toldStates(jobs.slice(0, 2))).toBe("flights.j1: failed, flights.j2: failed");
    expect(toldStates(jobs)).toBe("4 jobs changed state");
  });
});
