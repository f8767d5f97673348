import { createContext, useContext, useMemo, useState, type ReactNode } from "react";

import type { Side } from "../api/types";
import { nodeFocus } from "../model/focus";
import { isLane } from "../model/zones";
import { useView } from "../view/context";
import { toggled } from "../view/view";

/** What can be done with a card, wherever it is shown. */
export interface Actions {
  /** Show it in the panel. */
  select(id: string | null): void;
  /** Give it the keyboard. */
  activate(id: string): void;
  /** One hop more, or what that brought away again. */
  expand(id: string, side: Side, all?: boolean): void;
  open(id: string): void;
  fold(lane: string): void;
  trace(column: string | null): void;
  focus(id: string): void;
  /** The next card that is chosen is the end of a path from here. */
  beginPath(id: string | null): void;
  /** A menu for a card, at a place on the screen. */
  menu(at: { id: string; x: number; y: number } | null): void;
}

interface State {
  actions: Actions;
  /** The card that has the keyboard. */
  active: string | null;
  pathFrom: string | null;
  menuAt: { id: string; x: number; y: number } | null;
}

const Context = createContext<State | null>(null);

export function ActionsProvider({ children }: { children: ReactNode }) {
  const { view, update, refocus } = useView();
  const [active, setActive] = useState<string | null>(view.selected);
  const [pathFrom, setPathFrom] = useState<string | null>(null);
  const [menuAt, setMenuAt] = useState<State["menuAt"]>(null);

  const actions = useMemo<Actions>(
    () => ({
      select(id) {
        if (id !== null) setActive(id);
        setPathFrom((from) => {
          if (from !== null && id !== null && id !== from) {
            update({ path: { from, to: id }, trace: null, asOf: null, compare: null });
            return null;
          }
          update({ selected: id });
          return from;
        });
      },
      activate: setActive,
      expand(id, side, all = false) {
        setActive(id);
        const one = `${id}:${side}`;
        update(({ expand }) => {
          const without = expand.filter((each) => each !== one && each !== `${one}:all`);
          if (all) return { expand: [...without, `${one}:all`] };
          return { expand: without.length < expand.length ? without : [...without, one] };
        });
      },
      open(id) {
        setActive(id);
        update(({ open }) => ({ open: toggled(open, id) }));
      },
      fold: (lane) => update(({ folded }) => (isLane(lane) ? { folded: toggled(folded, lane) } : {})),
      trace: (column) => update({ trace: column, path: null }),
      focus: (id) => refocus(nodeFocus(id)),
      beginPath: setPathFrom,
      menu: setMenuAt,
    }),
    [update, refocus],
  );
  const state = useMemo(() => ({ actions, active, pathFrom, menuAt }), [actions, active, pathFrom, menuAt]);
  return <Context value={state}>{children}</Context>;
}

export function useActionState(): State {
  const state = useContext(Context);
  if (!state) throw new Error("ActionsProvider is needed around this component.");
  return state;
}

const ActionsOnly = createContext<Actions | null>(null);

/** The same actions for cards: they are not drawn anew when another card gets the keyboard. */
export function CardActions({ children }: { children: ReactNode }) {
  return <ActionsOnly value={useActionState().actions}>{children}</ActionsOnly>;
}

export function useActions(): Actions {
  const actions = useContext(ActionsOnly);
  if (!actions) throw new Error("CardActions is needed around this component.");
  return actions;
}
