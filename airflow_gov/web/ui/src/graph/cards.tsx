import { useStore, type Node, type NodeProps } from "@xyflow/react";
import { memo } from "react";

import type { DatasetNode, JobNode, Side } from "../api/types";
import { ago, compact, counted, duration, number, shortened } from "../format";
import type { DrawnNode, FoldNode } from "../model/drawn";
import { spoken, versionLabel } from "../model/words";
import { ChangeBadge, StateDot, VerdictBadge } from "../ui/badges";
import { Icon } from "../ui/icons";
import { useActions } from "./actions";
import { ColumnList } from "./ColumnList";
import type { ColumnControls, OpenColumns } from "./columns";

export interface CardData extends Record<string, unknown> {
  node: DrawnNode;
  active: boolean;
  selected: boolean;
  focused: boolean;
  faded: boolean;
  /** Neighbours beyond the drawing, and whether this card brought some in. */
  beyond: { up: number; down: number };
  expanded: { up: boolean; down: boolean };
  columns: OpenColumns | null;
  controls: ColumnControls;
  traced: string | null;
  upstream: { drawn: number; all: number } | null;
}

export type CardNode = Node<CardData, "card">;

/** Below this zoom nobody can read: plain boxes are drawn. */
export const FAR = 0.35;

export const CARD_ID = "card-";

export function cardId(id: string): string {
  return CARD_ID + id;
}

export const Card = memo(function Card({ data }: NodeProps<CardNode>) {
  const far = useStore((state) => state.transform[2] < FAR);
  const { node } = data;
  const zone =
    node.type === "dataset" ? (node.zone ?? "outside") : node.type === "lane" ? node.lane : undefined;
  return (
    <div
      id={cardId(node.id)}
      className="card"
      role="group"
      tabIndex={data.active ? 0 : -1}
      aria-label={spoken(node)}
      aria-current={data.focused || undefined}
      data-type={node.type}
      data-zone={zone}
      data-change={node.status ?? undefined}
      data-selected={data.selected || undefined}
      data-focused={data.focused || undefined}
      data-faded={data.faded || undefined}
      data-far={far || undefined}
    >
      {!far && <Inside data={data} />}
    </div>
  );
});

function Inside({ data }: { data: CardData }) {
  const { node } = data;
  return (
    <>
      {node.type === "dataset" && <DatasetFace node={node} data={data} />}
      {node.type === "job" && <JobFace node={node} />}
      {node.type === "lane" && <FoldFace node={node} />}
      {node.type !== "lane" && (
        <>
          <More side="up" data={data} id={node.id} />
          <More side="down" data={data} id={node.id} />
        </>
      )}
    </>
  );
}

/** Letters that fit beside the icons. */
function room(letters: number, ...icons: unknown[]): number {
  return letters - 3 * icons.filter(Boolean).length;
}

function DatasetFace({ node, data }: { node: DatasetNode; data: CardData }) {
  const { open } = useActions();
  const facts = [
    node.version && versionLabel(node.version),
    node.rows !== null && `${compact(node.rows)} rows`,
    node.updatedAt && ago(node.updatedAt),
  ].filter(Boolean);
  return (
    <>
      <div className="face">
        <div className="line">
          <Icon name="dataset" />
          <span className="name" dir="auto" title={node.name}>
            {shortened(node.label, room(29, node.status, node.personal, node.verdict))}
          </span>
          {node.status && <ChangeBadge change={node.status} details={node.changes} />}
          {node.personal && <Icon name="lock" title="Holds personal data" />}
          {node.verdict && <VerdictBadge verdict={node.verdict} short />}
        </div>
        <div className="line card-facts">
          <span title={node.rows === null ? undefined : counted(node.rows, "row")}>
            {node.dropped ? "Dropped" : facts.join(" · ") || "No version told"}
          </span>
          {node.columns > 0 && (
            <button
              type="button"
              className="columns-button nodrag"
              tabIndex={-1}
              aria-expanded={data.columns !== null}
              aria-label={`${counted(node.columns, "column")} of ${node.label}`}
              title={`${data.columns ? "Close" : "Open"} ${counted(node.columns, "column")}`}
              onClick={(event) => {
                event.stopPropagation();
                open(node.id);
              }}
            >
              <Icon name="columns" />
              {number(node.columns)}
            </button>
          )}
        </div>
      </div>
      {data.columns && (
        <ColumnList
          dataset={node}
          columns={data.columns}
          controls={data.controls}
          traced={data.traced}
          upstream={data.upstream}
        />
      )}
    </>
  );
}

function JobFace({ node }: { node: JobNode }) {
  return (
    <div className="face">
      <div className="line">
        <StateDot state={node.state} />
        <span className="name" dir="auto" title={node.name}>
          {shortened(node.label, room(20, node.status))}
        </span>
        {node.status && <ChangeBadge change={node.status} details={node.changes} />}
      </div>
      <div className="line card-facts">
        <span>
          {[node.integration, node.duration === null ? null : duration(node.duration)]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </div>
    </div>
  );
}

function FoldFace({ node }: { node: FoldNode }) {
  const { fold } = useActions();
  return (
    <div className="face">
      <div className="line">
        <span className="name">{node.label}</span>
        <button type="button" className="columns-button nodrag" tabIndex={-1} onClick={() => fold(node.lane)}>
          Unfold
        </button>
      </div>
      <div className="line card-facts">{counted(node.count, "dataset")}</div>
    </div>
  );
}

/** One hop more on this side; the same button takes it back. */
function More({ side, data, id }: { side: Side; data: CardData; id: string }) {
  const { expand } = useActions();
  const more = data.beyond[side];
  const isExpanded = data.expanded[side];
  if (!more && !isExpanded) return null;
  const stream = side === "up" ? "upstream" : "downstream";
  const label = isExpanded ? `Collapse ${stream}` : `Expand ${number(more)} more ${stream}`;
  return (
    <button
      type="button"
      className="hop nodrag"
      data-side={side}
      tabIndex={-1}
      aria-label={label}
      title={isExpanded ? label : `${label} (with Shift: all)`}
      onClick={(event) => {
        event.stopPropagation();
        expand(id, side, event.shiftKey);
      }}
    >
      {isExpanded ? "−" : `+${number(more)}`}
    </button>
  );
}
