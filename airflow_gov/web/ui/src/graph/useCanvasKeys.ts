import { useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useLayoutEffect, useRef, type FocusEvent, type KeyboardEvent } from "react";

import { isArrow, isTaken, neighbour } from "../keyboard/keys";
import { spoken } from "../model/words";
import { useAnnounce } from "../ui/live";
import { useView } from "../view/context";
import { useActionState } from "./actions";
import { CARD_ID, cardId } from "./cards";
import { firstCard } from "./nodes";
import type { Scene } from "./scene";
import { fitted, revealing, type Size } from "./viewport";

/** Fired by the toolbar's button and by the key. */
export const FIT = "governance-fit";
/** Brings a card onto the screen and gives it the keyboard; `detail` is its id. */
export const REVEAL = "governance-reveal";

interface CanvasKeys {
  onKeyDown(event: KeyboardEvent): void;
  onFocus(event: FocusEvent): void;
}

/** Keys of the drawing: it is one stop of Tab, and arrows lead from card to card. */
export function useCanvasKeys(scene: Scene, size: Size, covered: number): CanvasKeys {
  const flow = useReactFlow();
  const { actions, active } = useActionState();
  const { view, update } = useView();
  const announce = useAnnounce();
  const wanted = useRef<string | null>(null);
  const { layout, drawn } = scene;

  const go = useCallback(
    (id: string) => {
      const box = layout.boxes.get(id);
      if (!box) return;
      const moved = revealing(flow.getViewport(), box, size, covered);
      if (moved) void flow.setViewport(moved);
      wanted.current = id;
      actions.activate(id);
      takeFocus(id);
    },
    [layout, size, covered, flow, actions],
  );
  // A card off the screen is drawn only after the view has moved.
  useLayoutEffect(() => {
    if (wanted.current !== null && takeFocus(wanted.current)) wanted.current = null;
  });
  useEffect(() => {
    const fit = () => void flow.setViewport(fitted(layout.bounds, size), { duration: still() ? 0 : 200 });
    const reveal = (event: Event) => go((event as CustomEvent<string>).detail);
    window.addEventListener(FIT, fit);
    window.addEventListener(REVEAL, reveal);
    return () => {
      window.removeEventListener(FIT, fit);
      window.removeEventListener(REVEAL, reveal);
    };
  }, [flow, layout, size, go]);

  return { onKeyDown, onFocus };

  /** Whoever comes by Tab sees where. */
  function onFocus({ target }: FocusEvent): void {
    const id = target.id.startsWith(CARD_ID) ? target.id.slice(CARD_ID.length) : null;
    if (id !== null && target.matches(":focus-visible")) go(id);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target, event.key)) return;
    const current = active !== null && layout.boxes.has(active) ? active : firstCard(scene);
    const node = drawn.nodes.find((each) => each.id === current);
    if (!node || !current) return;
    if (isArrow(event.key)) {
      event.preventDefault();
      const next = neighbour(current, event.key, layout.boxes, drawn.edges);
      if (next) go(next);
      else announce("No card in this direction");
      return;
    }
    const handled = onCard(event.key, node.type);
    if (handled) event.preventDefault();
  }

  function onCard(key: string, type: "dataset" | "job" | "lane"): boolean {
    const id = active !== null && layout.boxes.has(active) ? active : firstCard(scene);
    if (id === null) return false;
    switch (key) {
      case "Enter":
        actions.select(id);
        return true;
      case " ":
        expandBoth(id, type);
        return true;
      case "c":
      case "C":
        if (type === "dataset") actions.open(id);
        return true;
      case "ContextMenu":
        openMenu(id);
        return true;
      case "+":
      case "=":
        void flow.zoomIn();
        return true;
      case "-":
        void flow.zoomOut();
        return true;
      default:
        return false;
    }
  }

  /** Both sides one hop further; when nothing is left there, back again. */
  function expandBoth(id: string, type: string): void {
    if (type === "lane") return actions.fold(id.slice("lane:".length));
    const beyond = scene.beyond.get(id);
    const own = view.expand.filter((each) => each.startsWith(`${id}:`));
    if (own.length) update({ expand: view.expand.filter((each) => !own.includes(each)) });
    else {
      if (beyond?.up) actions.expand(id, "up");
      if (beyond?.down) actions.expand(id, "down");
      if (!beyond?.up && !beyond?.down) {
        const node = drawn.nodes.find((each) => each.id === id);
        announce(node ? `Nothing more to expand: ${spoken(node)}` : "Nothing more to expand");
      }
    }
  }

  function openMenu(id: string): void {
    const card = document.getElementById(cardId(id))?.getBoundingClientRect();
    if (card) actions.menu({ id, x: card.left + 8, y: card.bottom });
  }
}

function takeFocus(id: string): boolean {
  const card = document.getElementById(cardId(id));
  card?.focus({ preventScroll: true });
  return card !== null;
}

export function still(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
