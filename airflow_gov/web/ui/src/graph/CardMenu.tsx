import { useEffect, useRef, type KeyboardEvent } from "react";

import { useView } from "../view/context";
import { isNow } from "../view/view";
import { useActionState } from "./actions";
import { cardId } from "./cards";
import type { Scene } from "./scene";

/** Everything that can be done with a card: by right click, or by the Menu key. */
export function CardMenu({ scene }: { scene: Scene }) {
  const { menuAt, actions } = useActionState();
  const { view } = useView();
  const menu = useRef<HTMLDivElement>(null);
  const id = menuAt?.id;
  useEffect(() => {
    const element = menu.current;
    if (!menuAt || !element) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(4, Math.min(menuAt.x, window.innerWidth - width - 8))}px`;
    element.style.top = `${Math.max(4, Math.min(menuAt.y, window.innerHeight - height - 8))}px`;
    element.querySelector("button")?.focus();
    const leave = (event: Event) => !element.contains(event.target as Node) && actions.menu(null);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [menuAt, actions]);
  const node = scene.drawn.nodes.find((each) => each.id === id);
  if (!menuAt || !node || !id) return null;

  const close = () => {
    actions.menu(null);
    document.getElementById(cardId(id))?.focus({ preventScroll: true });
  };
  const entries: [string, () => void][] =
    node.type === "lane"
      ? [["Unfold", () => actions.fold(node.lane)]]
      : [
          ["Details", () => actions.select(id)],
          ["Centre on this", () => actions.focus(id)],
          ...(view.compare
            ? []
            : (["up", "down"] as const).map((side): [string, () => void] => [
                sideLabel(view.expand, id, side),
                () => actions.expand(id, side, !has(view.expand, id, side)),
              ])),
          ...(isNow(view) ? [["Path to…", () => actions.beginPath(id)] as [string, () => void]] : []),
          ...(node.type === "dataset" && node.columns > 0
            ? [
                [view.open.includes(id) ? "Close columns" : "Open columns", () => actions.open(id)] as [
                  string,
                  () => void,
                ],
              ]
            : []),
        ];

  function onKeyDown(event: KeyboardEvent) {
    const buttons = [...(menu.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length]?.focus();
    else if (event.key === "ArrowUp") buttons[(at - 1 + buttons.length) % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className="sheet menu" role="menu" aria-label={node.label} ref={menu} onKeyDown={onKeyDown}>
      {entries.map(([label, act]) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          onClick={() => {
            close();
            act();
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function has(expand: readonly string[], id: string, side: string): boolean {
  return expand.includes(`${id}:${side}`) || expand.includes(`${id}:${side}:all`);
}

function sideLabel(expand: readonly string[], id: string, side: "up" | "down"): string {
  const stream = side === "up" ? "upstream" : "downstream";
  return has(expand, id, side) ? `Collapse ${stream}` : `All ${stream}`;
}
