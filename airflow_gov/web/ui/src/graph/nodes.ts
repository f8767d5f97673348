import { useMemo, useRef } from "react";

import { useView } from "../view/context";
import { useActionState } from "./actions";
import type { CardData, CardNode } from "./cards";
import { upstreamOf } from "./edges";
import type { Scene } from "./scene";

const NONE = { up: 0, down: 0 };

/** React Flow's nodes; one whose card says the same is the same object and is not drawn anew. */
export function useNodes(scene: Scene): CardNode[] {
  const { view } = useView();
  const { active } = useActionState();
  const kept = useRef(new Map<string, CardNode>());
  const { drawn, layout, beyond, columns, controls, lit, trace, graph } = scene;
  return useMemo(() => {
    const focused = new Set(graph?.focus.nodes);
    const expanded = new Set(view.expand.map((each) => each.replace(/:all$/, "")));
    const origin =
      view.trace && trace ? trace.columns.find((column) => column.id === view.trace)?.dataset : undefined;
    const first = drawn.nodes.some((node) => node.id === active) ? active : firstCard(scene);
    const next = new Map<string, CardNode>();
    const nodes = drawn.nodes.flatMap((node) => {
      const box = layout.boxes.get(node.id);
      if (!box) return [];
      const data: CardData = {
        node,
        active: node.id === first,
        selected: node.id === view.selected,
        focused: focused.has(node.id),
        faded: lit !== null && !lit.has(node.id),
        beyond: beyond.get(node.id) ?? NONE,
        expanded: { up: expanded.has(`${node.id}:up`), down: expanded.has(`${node.id}:down`) },
        columns: columns.get(node.id) ?? null,
        controls,
        traced: columns.has(node.id) ? view.trace : null,
        upstream: trace && view.trace && node.id === origin ? upstreamOf(trace, view.trace, drawn) : null,
      };
      const { x, y, width, height } = box;
      const made: CardNode = {
        id: node.id,
        type: "card",
        position: { x, y },
        data,
        width,
        height,
        measured: { width, height },
        handles: [], // lines are drawn by ourselves; without this every card is drawn, in sight or not
        zIndex: data.columns ? 2 : data.active || data.selected ? 1 : 0,
      };
      const before = kept.current.get(node.id);
      const same = before !== undefined && isSame(before, made);
      const result = same ? before : made;
      next.set(node.id, result);
      return [result];
    });
    kept.current = next;
    return nodes;
  }, [
    drawn,
    layout,
    beyond,
    columns,
    controls,
    lit,
    trace,
    graph,
    active,
    view.selected,
    view.expand,
    view.trace,
  ]);
}

/** The card that Tab leads to when none has been chosen. */
export function firstCard({ graph, drawn }: Scene): string | null {
  const there = new Set(drawn.nodes.map((node) => node.id));
  return graph?.focus.nodes.find((id) => there.has(id)) ?? drawn.nodes[0]?.id ?? null;
}

function isSame(one: CardNode, other: CardNode): boolean {
  return (
    one.position.x === other.position.x &&
    one.position.y === other.position.y &&
    one.height === other.height &&
    isSameData(one.data, other.data)
  );
}

function isSameData(one: CardData, other: CardData): boolean {
  return (Object.keys(one) as (keyof CardData)[]).every((key) => {
    const [a, b] = [one[key], other[key]];
    return (
      a === b ||
      ((key === "beyond" || key === "expanded" || key === "upstream") &&
        JSON.stringify(a) === JSON.stringify(b))
    );
  });
}
