// @vitest-environment jsdom
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, expect, test, vi } from "vitest";

import { airflow, host } from "../src/host";
import {
  ago,
  compact,
  counted,
  duration,
  forgetFormats,
  moment,
  number,
  shortened,
  size,
} from "../src/format";

const SCRIPT = readFileSync(join(import.meta.dirname, "../../static/host.js"), "utf8");

/** A page of ours in a frame of Airflow's, at an address of Airflow's. */
function framed(address: string, { lang = "en", dir = "ltr", theme = "light" } = {}): Window {
  history.replaceState({ key: "kept" }, "", address);
  document.documentElement.className = theme;
  document.documentElement.lang = lang;
  document.documentElement.dir = dir;
  const frame = document.body.appendChild(document.createElement("iframe")).contentWindow;
  if (!frame) throw new Error("no frame");
  frame.matchMedia = window.matchMedia;
  frame.document.head.innerHTML = `<base href="${location.origin}/airflow-gov/lineage">`;
  (frame as unknown as { eval(script: string): void }).eval(SCRIPT);
  window.governanceHost = frame.governanceHost;
  forgetFormats();
  return frame;
}

beforeEach(() => localStorage.clear());

test.each(["light", "dark"])("the theme is Airflow's: %s", (theme) => {
  const frame = framed("/dags/flights/plugin/lineage", { theme });
  const root = frame.document.documentElement;
  expect(root.classList.contains(theme)).toBe(true);
  expect(root.style.colorScheme).toBe(theme);
});

test("a theme, a language and a direction that are changed are followed", async () => {
  const frame = framed("/");
  const told = vi.fn();
  const stop = host().onChange(told);
  Object.assign(document.documentElement, { className: "dark", lang: "ar", dir: "rtl" });
  await vi.waitFor(() => expect(told).toHaveBeenCalled());
  expect(frame.document.documentElement.className).toBe("dark");
  expect(frame.document.documentElement.dir).toBe("rtl");
  expect(host().language()).toBe("ar");
  stop();
});

test("a time zone that is chosen in Airflow's menu is followed", () => {
  const frame = framed("/");
  const told = vi.fn();
  host().onChange(told);
  frame.dispatchEvent(new StorageEvent("storage", { key: "something-else" }));
  expect(told).not.toHaveBeenCalled();
  localStorage.setItem("timezone", JSON.stringify("Asia/Tokyo"));
  frame.dispatchEvent(new StorageEvent("storage", { key: "timezone" }));
  expect(told).toHaveBeenCalledOnce();
});

test("a page that has been left watches Airflow's window no more", async () => {
  const [left, there] = [framed("/"), framed("/")];
  await new Promise((done) => setTimeout(done)); // what was observed before is told
  left.dispatchEvent(new Event("pagehide"));
  document.documentElement.className = "dark";
  await vi.waitFor(() => expect(there.document.documentElement.className).toBe("dark"));
  expect(left.document.documentElement.className).toBe("light");
});

test.each([
  ["above the box that it scrolls in", -8, 0, "8px"],
  ["in it", 0, 0, ""],
  ["scrolled out of sight", -100, 100, ""],
])("room is left where the frame lies %s", (_, top, scrollTop, padding) => {
  document.body.style.overflowY = "auto";
  Object.defineProperty(document.body, "scrollTop", { value: scrollTop, configurable: true });
  const frame = framed("/");
  const at = (y: number) => () => ({ top: y }) as DOMRect;
  document.body.getBoundingClientRect = at(0);
  (frame.frameElement as HTMLElement).getBoundingClientRect = at(top);
  frame.dispatchEvent(new Event("resize"));
  expect(frame.document.documentElement.style.paddingTop).toBe(padding);
  Reflect.deleteProperty(document.body, "scrollTop");
});

test("the state is kept in Airflow's address, beside what is Airflow's", () => {
  framed("/dags/flights/plugin/lineage?tab=x&gov_up=5");
  expect(host().readState()).toEqual({ up: "5" });
  host().writeState({ up: "3", trace: "d1.a,b&c=d" });
  expect(new URLSearchParams(location.search).get("tab")).toBe("x");
  expect(host().readState()).toEqual({ up: "3", trace: "d1.a,b&c=d" });
  expect(history.state).toEqual({ key: "kept" });
  host().writeState({});
  expect(location.search).toBe("?tab=x");
});

test("a visit is one of Airflow's own, without a reload, and Back leads back", () => {
  framed("/dags/flights/plugin/lineage");
  const moved = vi.fn();
  window.addEventListener("popstate", moved, { once: true });
  const before = history.length;
  host().visit(`${location.origin}/dags/flights/runs/r%2F1`);
  expect(location.pathname).toBe("/dags/flights/runs/r%2F1");
  expect(history.length).toBe(before + 1);
  expect(moved).toHaveBeenCalledOnce();
});

test("a plain click on a link goes by Airflow's router, one for a new tab does not", () => {
  const frame = framed("/dags/flights/plugin/lineage");
  frame.document.body.innerHTML = '<a id="link" href="../dags/other" data-host><b>x</b></a>';
  frame.document.dispatchEvent(new Event("DOMContentLoaded"));
  const click = (more: MouseEventInit) => {
    const Click = (frame as unknown as { MouseEvent: typeof MouseEvent }).MouseEvent;
    const event = new Click("click", { bubbles: true, cancelable: true, ...more });
    let taken = false;
    const last = (click: Event) => {
      taken = click.defaultPrevented;
      click.preventDefault(); // jsdom cannot navigate
    };
    frame.addEventListener("click", last, { once: true });
    frame.document.querySelector("b")?.dispatchEvent(event);
    return taken;
  };
  expect(click({ ctrlKey: true })).toBe(false);
  expect(location.pathname).toBe("/dags/flights/plugin/lineage");
  expect(click({})).toBe(true);
  expect(location.pathname).toBe("/dags/other");
});

test("a Governance page opens in Airflow's frame for them", () => {
  framed("/dags/flights/plugin/lineage");
  expect(host().pageHref("datasets/clean.flights")).toBe(
    `${location.origin}/plugin/governance/airflow-gov/datasets/clean.flights`,
  );
});

test("addresses of Airflow's pages are encoded", () => {
  expect(airflow.instance("a/b", "manual__2026+00:00", "group.t?", -1, 2)).toBe(
    "../dags/a%2Fb/runs/manual__2026%2B00%3A00/tasks/group.t%3F?try_number=2",
  );
  expect(airflow.instance("d", "r", "t", 3)).toBe("../dags/d/runs/r/tasks/t/mapped/3");
  expect(airflow.dag("../x")).toBe("../dags/..%2Fx");
});

test.each([
  ["en", "1,234.6", "12K", "3 days ago"],
  ["de", "1.234,6", "12.345", "vor 3 Tagen"],
])("numbers and dates are written in Airflow's language: %s", (lang, written, short, days) => {
  framed("/", { lang });
  expect(number(1234.6)).toBe(written);
  expect(compact(12345).replace("12.3K", "12K")).toBe(short);
  expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-04T01:00:00Z"))).toBe(days);
});

test.each([
  ["Airflow has not heard of the chosen one", "de", "en", "1.234,6"],
  ["another was chosen in another tab", "en", "de", "1.234,6"],
  ["what is kept is none", "no language", "en", "1,234.6"],
  ["nothing is kept", "", "en", "1,234.6"],
])("the language is Airflow's where %s", (_, chosen, lang, written) => {
  localStorage.setItem("i18nextLng", chosen);
  framed("/", { lang });
  expect(number(1234.6)).toBe(written);
});

test("moments are written in the time zone that was chosen", () => {
  localStorage.setItem("timezone", '"Asia/Tokyo"');
  framed("/");
  expect(moment("2026-01-01T23:00:00Z")).toContain("Jan 2, 2026");
  expect(moment("no date")).toBe("no date");
});

test("sizes, durations and counts", () => {
  framed("/");
  expect([size(900), size(31_000_000)]).toEqual(["900B", "31 MB"]);
  expect([duration(5.64), duration(75), duration(3700)]).toEqual(["5.6s", "1m 15s", "1h 1m"]);
  expect([
    counted(1, "card"),
    counted(2, "card"),
    counted(0, "dataset and job", "datasets and jobs"),
  ]).toEqual(["1 card", "2 cards", "0 datasets and jobs"]);
});

test.each([
  ["clean.flights", 13, "clean.flights"],
  ["clean.flights_of_the_year", 13, "clean.…e_year"],
  ["👩‍🚀👩‍🚀👩‍🚀", 2, "👩‍🚀…"],
])("a name keeps both its ends: %s", (name, length, shown) => {
  expect(shortened(name, length)).toBe(shown);
});
