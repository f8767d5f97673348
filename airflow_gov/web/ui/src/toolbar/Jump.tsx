import { useDeferredValue, useId, useRef, useState, type KeyboardEvent } from "react";

import { useSearch } from "../api/queries";
import type { Found } from "../api/types";
import { counted, shortened } from "../format";
import { REVEAL } from "../graph/useCanvasKeys";
import type { Scene } from "../graph/scene";
import { datasetFocus, nodeFocus } from "../model/focus";
import { ZoneTag } from "../ui/badges";
import { Icon } from "../ui/icons";
import { useView } from "../view/context";

export const JUMP_ID = "jump";

/** Finds datasets, columns and jobs; what is drawn is brought into sight, all else becomes the focus. */
export function Jump({ scene }: { scene: Scene }) {
  const { update, refocus } = useView();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const wanted = useDeferredValue(text);
  const search = useSearch(wanted);
  const results = text.trim() ? (search.data?.results ?? []) : [];

  function choose(found: Found) {
    setText("");
    setOpen(false);
    const id =
      found.type === "column" ? (found.dataset ?? found.id.slice(0, found.id.indexOf("."))) : found.id;
    const isDrawn = scene.drawn.nodes.some((node) => node.id === id);
    const column = found.type === "column" ? { trace: found.id, path: null } : {};
    if (isDrawn) {
      update({ selected: id, ...column });
      window.dispatchEvent(new CustomEvent(REVEAL, { detail: id }));
    } else {
      refocus(found.type === "job" ? nodeFocus(id) : datasetFocus(id), {
        selected: id,
        ...column,
        ...(column.trace && { open: [id] }),
      });
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") {
      // It closes this list; what is traced or selected is closed by the next one.
      if (open || text) event.stopPropagation();
      setOpen(false);
      if (!text) input.current?.blur();
      setText("");
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setAt((now) => (results.length ? (now + by + results.length) % results.length : 0));
    } else if (event.key === "Enter" && results[at]) {
      choose(results[at]);
    }
  }

  const shown = open && text.trim().length > 0;
  return (
    <div
      className="jump"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}
    >
      <Icon name="search" />
      <input
        id={JUMP_ID}
        ref={input}
        type="text"
        role="combobox"
        aria-label="Jump to a dataset, column or job"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && results[at] ? `${list}-${at}` : undefined}
        placeholder="Jump to…"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onFocus={() => setOpen(true)}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={shown ? "sheet found" : "unseen"}>
        <ul id={list} role="listbox" aria-label="Found">
          {shown &&
            results.map((found, index) => (
              <li
                key={found.id}
                id={`${list}-${index}`}
                role="option"
                aria-selected={index === at}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => choose(found)}
              >
                <Icon name={found.type === "job" ? "job" : found.type === "column" ? "columns" : "dataset"} />
                <span className="name" dir="auto" title={found.label}>
                  {shortened(found.label, 44)}
                </span>
                {found.type === "job" ? (
                  <span className="muted">{shortened(found.namespace, 18)}</span>
                ) : (
                  <ZoneTag zone={found.zone} />
                )}
              </li>
            ))}
        </ul>
        {shown && <p className="muted">{summary(search.isFetching, search.isError, results.length)}</p>}
      </div>
    </div>
  );
}

function summary(pending: boolean, failed: boolean, results: number): string {
  if (failed) return "The search did not answer.";
  if (pending && !results) return "Searching…";
  return results ? `${counted(results, "result")}: ↑ ↓ and Enter` : "Nothing by that name.";
}
