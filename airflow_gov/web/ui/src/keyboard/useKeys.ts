import { useEffect } from "react";

import { useActionState } from "../graph/actions";
import { FIT } from "../graph/useCanvasKeys";
import { JUMP_ID } from "../toolbar/Jump";
import { useView } from "../view/context";
import { isTaken } from "./keys";

/** Keys that work wherever the focus is, except in fields. */
export function useKeys(onHelp: () => void): void {
  const { view, update } = useView();
  const { actions, menuAt, pathFrom } = useActionState();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const other = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
      if (other || isTaken(event.target, event.key) || document.querySelector("dialog[open]")) return;
      if (event.key === "/") document.getElementById(JUMP_ID)?.focus();
      else if (event.key === "?") onHelp();
      else if (event.key === "f" || event.key === "F") window.dispatchEvent(new Event(FIT));
      else if (event.key === "Escape") escape();
      else return;
      event.preventDefault();
    };
    /** What was opened last is closed first. */
    const escape = () => {
      if (menuAt) actions.menu(null);
      else if (pathFrom !== null) actions.beginPath(null);
      else if (view.trace || view.path) update({ trace: null, path: null });
      else if (view.selected) update({ selected: null });
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [view.trace, view.path, view.selected, menuAt, pathFrom, actions, update, onHelp]);
}
