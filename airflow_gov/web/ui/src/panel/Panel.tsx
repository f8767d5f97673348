import { useEffect, useRef, type KeyboardEvent, type ReactNode } from "react";

import type { Scene } from "../graph/scene";
import { isTaken } from "../keyboard/keys";
import { Button, CopyButton } from "../ui/controls";
import { useView } from "../view/context";
import { DatasetPanel } from "./DatasetPanel";
import { JobPanel } from "./JobPanel";

/** Details of the card that is selected. */
export function Panel({ scene }: { scene: Scene }) {
  const { view } = useView();
  const id = view.selected;
  if (id === null || id.startsWith("lane:")) return null;
  return id.startsWith("j") ? (
    <JobPanel key={id} id={id} scene={scene} />
  ) : (
    <DatasetPanel key={id} id={id} scene={scene} />
  );
}

interface FrameProps {
  title: string;
  kind: string;
  name: string | null;
  badge?: ReactNode;
  tabs: Record<string, { label: string; content: ReactNode } | null>;
}

/** Title, tabs and what the chosen one holds. */
export function Frame({ title, kind, name, badge, tabs }: FrameProps) {
  const { view, update } = useView();
  const shown = Object.entries(tabs).flatMap(([key, tab]) => (tab ? [{ key, ...tab }] : []));
  const current = shown.find((tab) => tab.key === view.tab) ?? shown[0];
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Whoever came by keyboard reads on here; a click leaves the focus where it is.
    if (document.activeElement?.matches(".card:focus-visible"))
      heading.current?.focus({ preventScroll: true });
  }, []);

  function onKeyDown(event: KeyboardEvent) {
    const at = shown.findIndex((tab) => tab.key === current?.key);
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = by && shown[(at + by + shown.length) % shown.length];
    if (!next) return;
    event.preventDefault();
    update({ tab: next.key });
    document.getElementById(`tab-${next.key}`)?.focus();
  }

  function close() {
    const card = document.getElementById(`card-${view.selected}`);
    update({ selected: null });
    card?.focus({ preventScroll: true });
  }

  return (
    <aside
      className="side-panel"
      aria-label={`${kind} ${title}`}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || isTaken(event.target, event.key)) return;
        event.stopPropagation();
        close();
      }}
    >
      <header>
        <div>
          <p className="eyebrow">{kind}</p>
          <h2 dir="auto" tabIndex={-1} ref={heading}>
            {title}
          </h2>
        </div>
        {name !== null && <CopyButton text={name} what="the name" />}
        <Button bare icon="cross" label="Close details" onClick={close} />
      </header>
      {badge}
      <div className="side-tabs" role="tablist" aria-label="Details" onKeyDown={onKeyDown}>
        {shown.map(({ key, label }) => (
          <button
            key={key}
            id={`tab-${key}`}
            type="button"
            role="tab"
            aria-selected={key === current?.key}
            aria-controls="tab-content"
            tabIndex={key === current?.key ? 0 : -1}
            onClick={() => update({ tab: key })}
          >
            {label}
          </button>
        ))}
      </div>
      <div
        className="tab-content"
        id="tab-content"
        role="tabpanel"
        aria-labelledby={`tab-${current?.key}`}
        tabIndex={0}
      >
        {current?.content}
      </div>
    </aside>
  );
}
