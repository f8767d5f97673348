/*
 * The catalogue is searched as people type: the page is asked for as if the form were sent, and what it found
 * is put in place of what is shown. Without a script the form does the same.
 */
"use strict";
(() => {
  const form = document.querySelector("form.search");
  const told = document.getElementById("told");
  const pause = 200; // milliseconds after the last letter
  let timer = 0;
  let asking = null;

  function address() {
    const wanted = new URL(form.action);
    const fields = [...new FormData(form)].filter(([name, value]) => value || name === "owner");
    wanted.search = new URLSearchParams(fields).toString();
    return wanted;
  }

  function put(page) {
    const open = new Set([...document.querySelectorAll("#facets details[open]")].map((each) => each.id));
    for (const id of ["facets", "found"]) {
      document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
    }
    // When it was read, and the address that Refresh asks for again.
    document.querySelector(".read-at").replaceWith(document.adoptNode(page.querySelector(".read-at")));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    window.governanceHost.writeFigures();
    told.textContent = document.getElementById("datasets").textContent.trim();
  }

  async function search() {
    const wanted = address();
    if (asking) asking.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(wanted, { signal: asking.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok || !page.getElementById("found")) {
        window.location.assign(wanted); // an ended session or a store that is down says so itself
        return;
      }
      put(page);
      window.history.replaceState(window.history.state, "", wanted);
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
    }
  }

  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(search, pause);
  });
  form.addEventListener("submit", () => window.clearTimeout(timer));
})();
