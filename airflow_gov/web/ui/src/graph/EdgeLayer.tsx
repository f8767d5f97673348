import { memo } from "react";

import { changeShown } from "../model/states";
import { ICONS } from "../ui/icons";
import type { ColumnLine, DatasetLine } from "./edges";

interface Props {
  lines: readonly DatasetLine[];
  columns: readonly ColumnLine[];
  lit: ReadonlySet<string> | null;
  /** Lines of this card stand out. */
  active: string | null;
}

/** All lines, drawn once: they move with the drawing without any work of ours. */
export const EdgeLayer = memo(function EdgeLayer({ lines, columns, lit, active }: Props) {
  const tracing = columns.length > 0;
  return (
    <svg className="edges" width="1" height="1" aria-hidden="true">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
          <path d="M1 1l6 3-6 3" />
        </marker>
      </defs>
      {lines.map(({ id, path, edge, from, to }) => {
        const faded = tracing || (lit !== null && !(lit.has(edge.source) && lit.has(edge.target)));
        const touching = active !== null && (edge.source === active || edge.target === active);
        return (
          <g key={id} className="edge" data-change={edge.status ?? undefined} data-faded={faded || undefined} data-near={touching || undefined} data-past={edge.until ? true : undefined}>
            <path d={path} markerEnd="url(#arrow)" />
            {edge.status && (
              <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 4}>
                {changeShown(edge.status).sign}
              </text>
            )}
          </g>
        );
      })}
      {columns.map(({ id, path, direct, masking, title, from, to }) => (
        <g key={id} className="column-edge" data-direct={direct || undefined}>
          <title>{title}</title>
          <path d={path} markerEnd="url(#arrow)" />
          {masking && (
            <svg x={(from.x + to.x) / 2 - 8} y={(from.y + to.y) / 2 - 8} width="16" height="16" viewBox="0 0 16 16">
              <circle cx="8" cy="8" r="9" />
              <path d={ICONS.lock} />
            </svg>
          )}
        </g>
      ))}
    </svg>
  );
});
