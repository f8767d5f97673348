import { useStore } from "@xyflow/react";
import { memo, useMemo } from "react";

import { overlaps, spanned, type Box } from "../layout/geometry";
import { changeShown } from "../model/states";
import { ICONS } from "../ui/icons";
import { FAR } from "./cards";
import type { ColumnLine, DatasetLine } from "./edges";
import type { Size } from "./viewport";

interface Props {
  lines: readonly DatasetLine[];
  columns: readonly ColumnLine[];
  lit: ReadonlySet<string> | null;
  /** Lines of this card stand out. */
  active: string | null;
  size: Size;
}

/** From here on lines off the screen are left out, and from afar all are one shape. */
const MANY = 200;

/** All lines. They move with the drawing without any work of ours until others come into sight. */
export const EdgeLayer = memo(function EdgeLayer({ lines, columns, lit, active, size }: Props) {
  const many = lines.length > MANY;
  const far = useStore((state) => state.transform[2] < FAR);
  const area = useArea(size, many && !far);
  const inSight = useMemo(
    () => (area ? lines.filter(({ from, to }) => overlaps(spanned(from, to), area)) : lines),
    [lines, area],
  );
  const looks = inSight.map((line) => ({ line, look: lookOf(line, columns.length > 0, lit, active) }));
  return (
    <svg className="edges" data-far={far || undefined} width="1" height="1" aria-hidden="true">
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M1 1l6 3-6 3" />
        </marker>
      </defs>
      {far && many
        ? ["plain", "faded", "near"].map((look) => (
            <path
              key={look}
              className="edge far"
              data-look={look}
              d={looks
                .filter((each) => each.look === look)
                .map(({ line }) => line.path)
                .join("")}
            />
          ))
        : looks.map(({ line, look }) => <Line key={line.id} line={line} look={look} />)}
      {far &&
        many &&
        looks.map(({ line, look }) => line.edge.status && <Line key={line.id} line={line} look={look} />)}
      {columns.map((line) => (
        <ColumnEdge key={line.id} line={line} />
      ))}
    </svg>
  );
});

type Look = "plain" | "faded" | "near";

function lookOf(
  { edge }: DatasetLine,
  tracing: boolean,
  lit: ReadonlySet<string> | null,
  active: string | null,
): Look {
  if (tracing || (lit !== null && !(lit.has(edge.source) && lit.has(edge.target)))) return "faded";
  return active !== null && (edge.source === active || edge.target === active) ? "near" : "plain";
}

function Line({ line: { path, edge, from, to }, look }: { line: DatasetLine; look: Look }) {
  return (
    <g
      className="edge"
      data-look={look}
      data-change={edge.status ?? undefined}
      data-past={edge.until ? true : undefined}
    >
      <path d={path} markerEnd="url(#arrow)" />
      {edge.status && (
        <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 4}>
          {changeShown(edge.status).sign}
        </text>
      )}
    </g>
  );
}

function ColumnEdge({ line: { path, direct, masking, title, from, to } }: { line: ColumnLine }) {
  return (
    <g className="column-edge" data-direct={direct || undefined}>
      <title>{title}</title>
      <path d={path} markerEnd="url(#arrow)" />
      {masking && (
        <svg
          x={(from.x + to.x) / 2 - 8}
          y={(from.y + to.y) / 2 - 8}
          width="16"
          height="16"
          viewBox="0 0 16 16"
        >
          <circle cx="8" cy="8" r="9" />
          <path d={ICONS.lock} />
        </svg>
      )}
    </g>
  );
}

/** What is on the screen and half a screen around it; it changes by half screens. */
function useArea(size: Size, wanted: boolean): Box | null {
  const key = useStore(({ transform: [x, y, zoom] }) => {
    if (!wanted) return null;
    const step = { x: size.width / zoom / 2, y: size.height / zoom / 2 };
    return [Math.round(-x / zoom / step.x), Math.round(-y / zoom / step.y), zoom.toFixed(2)].join();
  });
  return useMemo(() => {
    if (key === null) return null;
    const [column = 0, row = 0, zoom = 1] = key.split(",").map(Number);
    const step = { x: size.width / zoom / 2, y: size.height / zoom / 2 };
    return { x: (column - 2) * step.x, y: (row - 2) * step.y, width: 6 * step.x, height: 6 * step.y };
  }, [key, size]);
}
