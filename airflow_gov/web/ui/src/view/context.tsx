import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import { host } from "../host";
import { focusOf, type Focus } from "../model/focus";
import { read, START, written, type View } from "./view";

export interface ViewState {
  view: View;
  /** What is centred on: the person's choice, or what the page was opened for. */
  focus: Focus | null;
  /** What the page was opened for. */
  home: Focus | null;
  update(change: Partial<View> | ((view: View) => Partial<View>)): void;
  /** Centre on something else; what belonged to the old focus is forgotten. */
  refocus(focus: Focus | null, more?: Partial<View>): void;
}

const ViewContext = createContext<ViewState | null>(null);

export function ViewProvider({ children }: { children: ReactNode }) {
  const [view, setView] = useState(() => read(host().readState()));
  const home = useMemo(() => focusOf(new URLSearchParams(window.location.search)), []);
  useEffect(() => host().writeState(written(view)), [view]);

  const update = useCallback<ViewState["update"]>(
    (change) => setView((view) => ({ ...view, ...(typeof change === "function" ? change(view) : change) })),
    [],
  );
  const refocus = useCallback<ViewState["refocus"]>(
    (focus, more) =>
      setView((view) => ({
        ...START,
        focus: focus === home ? null : focus,
        up: view.up,
        down: view.down,
        mode: view.mode,
        asOf: view.asOf,
        ...more,
      })),
    [home],
  );
  const state = useMemo(
    () => ({ view, focus: view.focus ?? home, home, update, refocus }),
    [view, home, update, refocus],
  );
  return <ViewContext value={state}>{children}</ViewContext>;
}

export function useView(): ViewState {
  const state = useContext(ViewContext);
  if (!state) throw new Error("A view is needed around this component.");
  return state;
}
