import { duration, number } from "../format";
import type { Side } from "../api/types";
import { useActions } from "../graph/actions";
import type { Scene } from "../graph/scene";
import type { DrawnNode } from "../model/drawn";
import { versionLabel } from "../model/words";
import { Ago, ChangeBadge, StateBadge, VerdictBadge, ZoneTag } from "../ui/badges";
import { Button } from "../ui/controls";
import { Icon } from "../ui/icons";
import { useView } from "../view/context";
import type { Sides } from "./TableView";

interface Props {
  node: DrawnNode;
  index: number;
  measure: (element: HTMLElement | null) => void;
  scene: Scene;
  neighbours: Sides;
  onSelect: () => void;
}

export function Row({ node, index, measure, scene, neighbours, onSelect }: Props) {
  const { view } = useView();
  const { fold } = useActions();
  const dataset = node.type === "dataset" ? node : null;
  return (
    <tr
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      ref={measure}
      data-selected={view.selected === node.id || undefined}
      data-change={node.status ?? undefined}
      data-faded={(scene.lit !== null && !scene.lit.has(node.id)) || undefined}
    >
      <th role="rowheader" scope="row">
        <span className="cell-name">
          <Icon name={node.type === "lane" ? "dataset" : node.type} title={node.type} />
          {node.type === "lane" ? (
            <button type="button" className="link" onClick={() => fold(node.lane)}>
              {node.label}: {number(node.count)} folded
            </button>
          ) : (
            <button type="button" className="link" dir="auto" title={node.name} onClick={onSelect}>
              {node.label}
            </button>
          )}
          {node.status && <ChangeBadge change={node.status} details={node.changes} />}
          {dataset?.personal && <Icon name="lock" title="Holds personal data" />}
        </span>
      </th>
      <td role="cell" data-label="Zone">
        {dataset && <ZoneTag zone={dataset.zone} />}
      </td>
      <td role="cell" data-label="State">
        <State node={node} />
      </td>
      <td role="cell" className="figures" data-label="Rows">
        {dataset && dataset.rows !== null && number(dataset.rows)}
      </td>
      <td role="cell" data-label="Updated">
        {dataset?.updatedAt && <Ago at={dataset.updatedAt} />}
        {node.type === "job" && node.duration !== null && duration(node.duration)}
      </td>
      <Neighbours side="up" node={node} neighbours={neighbours.up} scene={scene} />
      <Neighbours side="down" node={node} neighbours={neighbours.down} scene={scene} />
    </tr>
  );
}

function State({ node }: { node: DrawnNode }) {
  if (node.type === "lane") return null;
  if (node.type === "job") return <StateBadge state={node.state} />;
  return (
    <>
      {node.version && <span className="muted">{versionLabel(node.version)} </span>}
      {node.verdict && <VerdictBadge verdict={node.verdict} />}
      {node.dropped && <span className="word">dropped</span>}
    </>
  );
}

const FEW = 3;

function Neighbours({
  side,
  node,
  neighbours,
  scene,
}: {
  side: Side;
  node: DrawnNode;
  neighbours: DrawnNode[];
  scene: Scene;
}) {
  const { expand, select } = useActions();
  const { view } = useView();
  const more = scene.beyond.get(node.id)?.[side] ?? 0;
  const isExpanded = view.expand.some((each) => each.startsWith(`${node.id}:${side}`));
  const stream = side === "up" ? "upstream" : "downstream";
  if (!neighbours.length && !more && !isExpanded) return <td role="cell" />;
  return (
    <td role="cell" data-label={side === "up" ? "Upstream" : "Downstream"}>
      <span className="cell-neighbours">
        {neighbours.slice(0, FEW).map((other) => (
          <button key={other.id} type="button" className="link" dir="auto" onClick={() => select(other.id)}>
            {other.label}
          </button>
        ))}
        {neighbours.length > FEW && (
          <button
            type="button"
            className="link muted"
            title={neighbours.map((each) => each.label).join("\n")}
            aria-label={`${number(neighbours.length - FEW)} other ${stream} of ${node.label}`}
            onClick={() => select(node.id)}
          >
            and {number(neighbours.length - FEW)} other
          </button>
        )}
        {(more > 0 || isExpanded) && (
          <Button
            label={isExpanded ? "−" : `+${number(more)}`}
            title={isExpanded ? `Collapse ${stream}` : `Expand ${number(more)} more ${stream}`}
            aria-label={
              isExpanded
                ? `Collapse ${stream} of ${node.label}`
                : `Expand ${number(more)} more ${stream} of ${node.label}`
            }
            onClick={() => expand(node.id, side)}
          />
        )}
      </span>
    </td>
  );
}
