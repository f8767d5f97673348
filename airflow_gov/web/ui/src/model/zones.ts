import type { GraphNode, Zone } from "../api/types";

/** A lane of the drawing: a zone, or what lies outside of all zones, before or after them. */
export type Lane = Zone | "sources" | "consumers";

/** Lanes side by side, in the order in which data moves. */
export const ACROSS: readonly Lane[] = ["sources", "raw", "preprocessed", "clean", "gold", "consumers"];
/** Lanes below those. */
export const BELOW: readonly Lane[] = ["sensitive", "work"];
export const LANES: readonly Lane[] = [...ACROSS, ...BELOW];

export const ZONES: readonly Zone[] = ["raw", "preprocessed", "clean", "gold", "sensitive", "work"];

const TITLES: Record<Lane, string> = {
  sources: "Outside",
  raw: "Raw",
  preprocessed: "Preprocessed",
  clean: "Clean",
  gold: "Gold",
  consumers: "Outside",
  sensitive: "Sensitive",
  work: "Work",
};

export function laneTitle(lane: Lane): string {
  return TITLES[lane];
}

/** What the style sheet knows the colours by. */
export function zoneOf(node: GraphNode): Zone | "outside" {
  return node.type === "dataset" ? (node.zone ?? "outside") : "outside";
}

export function isLane(text: string): text is Lane {
  return (LANES as readonly string[]).includes(text);
}
