/*
 * The only module that touches Airflow's window around us.
 *
 * It runs before the first paint: an iframe that decides on its theme later flashes white in dark mode.
 * Opened alone (no parent, or one of another origin), the pages follow the system's theme.
 */
"use strict";
(() => {
  const root = document.documentElement;

  const parentDocument = (() => {
    try {
      return window.parent === window ? null : window.parent.document;
    } catch {
      return null; // another origin
    }
  })();

  /* Airflow's design tokens and what they are called here; governance.css has a value for each. */
  const colours = [
    "bg", "bg-muted", "fg", "fg-muted", "border", "border-emphasized", "brand-focus-ring",
    "success-solid", "success-contrast", "failed-solid", "failed-contrast",
    "gray-solid", "gray-fg", "teal-solid", "teal-fg", "indigo-solid", "indigo-fg",
    "lime-solid", "lime-fg", "fuchsia-solid", "fuchsia-fg", "slate-solid", "slate-fg",
    ...[
      "running", "queued", "scheduled", "skipped", "deferred", "up_for_retry", "upstream_failed",
    ].flatMap((state) => [`${state}-solid`, `${state}-contrast`]),
  ];
  const listeners = new Set();

  function takeOver() {
    const host = parentDocument.documentElement;
    const dark = host.classList.contains("dark");
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
    root.style.colorScheme = dark ? "dark" : "light";
    // Our text is English; the direction and the way to write numbers and dates are the person's.
    root.dir = host.dir || "ltr";
    const style = parentDocument.defaultView.getComputedStyle(host);
    for (const name of colours) {
      const value = style.getPropertyValue(`--chakra-colors-${name}`).trim();
      if (value) root.style.setProperty(`--gov-${name}`, value);
    }
    const font = style.getPropertyValue("--chakra-fonts-body").trim();
    if (font) root.style.setProperty("--gov-font", font);
  }

  function followSystem() {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
    root.style.colorScheme = dark ? "dark" : "light";
  }

  /*
   * Airflow lays the frame of a Dag's tab some pixels above the box that it scrolls in: nobody can scroll to
   * what lies there, so nothing of ours does.
   */
  function makeRoom() {
    const frame = window.frameElement;
    let hidden = 0;
    for (let box = frame && frame.parentElement; box; box = box.parentElement) {
      if (parentDocument.defaultView.getComputedStyle(box).overflowY === "visible") continue;
      const edge = box.getBoundingClientRect().top + box.clientTop - box.scrollTop;
      hidden = Math.max(hidden, edge - frame.getBoundingClientRect().top);
    }
    root.style.paddingTop = hidden > 0 && hidden <= 32 ? `${Math.ceil(hidden)}px` : "";
  }

  if (parentDocument) {
    const changed = () => {
      takeOver();
      writeFigures();
      listeners.forEach((listener) => listener());
    };
    takeOver();
    makeRoom();
    const observer = new MutationObserver(changed);
    observer.observe(parentDocument.documentElement, { attributeFilter: ["class", "lang", "dir"] });
    // What Airflow's window holds of ours would outlive us.
    window.addEventListener("pagehide", () => observer.disconnect());
    window.addEventListener("resize", makeRoom);
    // The time zone that is chosen in Airflow's menu.
    window.addEventListener("storage", ({ key }) => key === "timezone" && changed());
  } else {
    followSystem();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      followSystem();
      listeners.forEach((listener) => listener());
    });
  }

  /* --- numbers and dates in the person's language ------------------------------------------------- */

  /*
   * Airflow's document says "en" until Airflow hears of a language, and it listens only once it is drawn: of
   * one that it loaded before then it never hears. What was chosen last in any of the person's tabs is here.
   */
  function chosenLanguage() {
    try {
      return window.localStorage.getItem("i18nextLng");
    } catch {
      return null; // kept from us
    }
  }

  function language() {
    const said = parentDocument ? parentDocument.documentElement.lang : navigator.language;
    const wanted = parentDocument && said === "en" ? [chosenLanguage(), said] : [said];
    for (const each of wanted) {
      try {
        const [known] = Intl.getCanonicalLocales((each || "").replace("_", "-"));
        if (known) return known;
      } catch {
        continue; // not a language
      }
    }
    return "en";
  }

  /* Airflow keeps the time zone that was chosen in its menu here; without a choice it shows UTC. */
  function timeZone() {
    try {
      const chosen = JSON.parse(window.localStorage.getItem("timezone") || '"UTC"');
      new Intl.DateTimeFormat("en", { timeZone: chosen });
      return chosen;
    } catch {
      return "UTC";
    }
  }

  const spans = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];

  function ago(moment, locale) {
    const seconds = (moment - Date.now()) / 1000;
    const [unit, length] = spans.find(([, s]) => Math.abs(seconds) >= s) || ["second", 1];
    return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(seconds / length), unit);
  }

  const sizes = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

  function size(bytes, locale) {
    const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), sizes.length - 1);
    const unitDisplay = step ? "short" : "narrow"; // "900B": the short one is "900 byte"
    const style = { style: "unit", unit: sizes[step], unitDisplay, maximumSignificantDigits: 3 };
    return new Intl.NumberFormat(locale, style).format(bytes / 1000 ** step);
  }

  function writeFigures() {
    const locale = language();
    const whole = new Intl.NumberFormat(locale);
    const date = new Intl.DateTimeFormat(locale, {
      dateStyle: "medium", timeStyle: "medium", timeZone: timeZone(),
    });
    for (const element of document.querySelectorAll("[data-format]")) {
      const kind = element.dataset.format;
      if (kind === "number") element.textContent = whole.format(Number(element.value));
      if (kind === "size") element.textContent = size(Number(element.value), locale);
      if (kind === "moment") {
        element.textContent = date.format(new Date(element.dateTime));
        element.title = timeZone();
      }
      if (kind === "ago") {
        const moment = new Date(element.dateTime);
        element.textContent = ago(moment, locale);
        element.title = `${date.format(moment)} (${timeZone()})`;
      }
    }
  }

  /* --- links to Airflow's own pages --------------------------------------------------------------- */

  /* The sandbox forbids target=_top; Airflow's router listens to its history instead. */
  function visit(href) {
    if (!parentDocument) {
      window.location.assign(href);
      return;
    }
    try {
      window.parent.history.pushState({ idx: 0, key: "governance", usr: null }, "", href);
      window.parent.dispatchEvent(new PopStateEvent("popstate", { state: window.parent.history.state }));
    } catch {
      const anchor = parentDocument.createElement("a");
      anchor.href = href;
      parentDocument.body.append(anchor);
      anchor.click();
      anchor.remove();
    }
  }

  function follow(event) {
    const link = event.target.closest("a[data-host]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || !parentDocument) return;
    event.preventDefault();
    visit(link.href);
  }

  /* Where Airflow shows a page of ours: its own route for Governance, followed by the page's address. */
  function pageHref(page) {
    const here = new URL(page, document.baseURI);
    if (!parentDocument) return here.href;
    const route = new URL("../plugin/governance", new URL("./", document.baseURI));
    return route.href + here.pathname + here.search;
  }

  /* --- what a tab remembers: parameters of Airflow's own address, which a reload keeps -------------- */

  const PREFIX = "gov_";

  function readState() {
    const addresses = [window.location, ...(parentDocument ? [window.parent.location] : [])];
    const found = addresses.flatMap((address) => [...new URLSearchParams(address.search)]);
    return Object.fromEntries(
      found.filter(([name]) => name.startsWith(PREFIX)).map(([name, value]) => [name.slice(4), value]),
    );
  }

  function writeState(state) {
    const owner = parentDocument ? window.parent : window;
    const address = new URL(owner.location.href);
    for (const name of [...address.searchParams.keys()]) {
      if (name.startsWith(PREFIX)) address.searchParams.delete(name);
    }
    for (const [name, value] of Object.entries(state)) address.searchParams.set(PREFIX + name, value);
    if (address.href !== owner.location.href) {
      owner.history.replaceState(owner.history.state, "", address.href);
    }
  }

  /* What our other scripts ask of Airflow's window. */
  window.governanceHost = Object.freeze({
    inside: parentDocument !== null,
    language,
    timeZone,
    readState,
    writeState,
    visit,
    pageHref,
    writeFigures, // of what was put into the page later
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });

  document.addEventListener("DOMContentLoaded", () => {
    writeFigures();
    document.addEventListener("click", follow);
    window.setInterval(writeFigures, 60000);
  });
})();
