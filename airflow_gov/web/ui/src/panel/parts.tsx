import { useState, type ReactNode } from "react";

import type { GraphNode, Run } from "../api/types";
import { duration, moment, number } from "../format";
import { useActions } from "../graph/actions";
import { REVEAL } from "../graph/useCanvasKeys";
import type { Scene } from "../graph/scene";
import { airflow, host } from "../host";
import { StateBadge, ZoneTag } from "../ui/badges";
import { Button, CopyButton, HostLink } from "../ui/controls";
import { Icon } from "../ui/icons";

/** Facts with their names; those that are not known are left out. */
export function Facts({ facts }: { facts: Record<string, ReactNode> }) {
  return (
    <dl className="fact-list">
      {Object.entries(facts).map(([name, value]) =>
        value === null || value === undefined || value === false || value === "" ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** In a view of the past: what is told is not of then. */
export function OfNow({ what, at }: { what: string; at: string | undefined }) {
  if (!at) return null;
  return (
    <p className="of-now">
      <Icon name="clock" /> {what} of now, not of {moment(at)}.
    </p>
  );
}

export function Nothing({ children }: { children: ReactNode }) {
  return <p className="muted nothing">{children}</p>;
}

/** A run of a job, with the way to its task and logs in Airflow. */
export function RunLine({ run }: { run: Run }) {
  const { dagId, dagRunId, taskId } = run;
  return (
    <li className="run">
      <div>
        <StateBadge state={run.state} />
        <span className="muted">
          {run.startedAt && moment(run.startedAt)}
          {run.duration !== null && ` · ${duration(run.duration)}`}
        </span>
      </div>
      <div dir="auto">
        {dagId && dagRunId && taskId ? (
          <HostLink
            href={airflow.instance(dagId, dagRunId, taskId, run.mapIndex, run.tryNumber)}
            title="Task instance and its logs"
          >
            {run.jobLabel ?? `${dagId}.${taskId}`}
          </HostLink>
        ) : (
          (run.jobLabel ?? run.runId)
        )}
        {run.tryNumber !== null && run.tryNumber > 1 && (
          <span className="muted"> · try {number(run.tryNumber)}</span>
        )}
      </div>
      <div className="muted">
        {dagId && dagRunId && <HostLink href={airflow.run(dagId, dagRunId)}>{dagRunId}</HostLink>}
        {run.error && (
          <span className="error" dir="auto">
            {run.error}
          </span>
        )}
        {run.executionId && (
          <>
            {" · "}
            <PageLink page={`executions/${encodeURIComponent(run.executionId)}`}>Execution</PageLink>
          </>
        )}
      </div>
    </li>
  );
}

/** A link to one of the Governance pages, in Airflow's own frame for them. */
export function PageLink({ page, children }: { page: string; children: ReactNode }) {
  return <HostLink href={host().pageHref(page)}>{children}</HostLink>;
}

/** Neighbours as a list, for those who do not want the drawing. */
export function Neighbours({ id, scene }: { id: string; scene: Scene }) {
  const { expand } = useActions();
  const nodes = new Map(scene.drawn.nodes.map((node) => [node.id, node]));
  const sides = [
    ["up", "Upstream", scene.drawn.edges.filter((edge) => edge.target === id).map((edge) => edge.source)],
    ["down", "Downstream", scene.drawn.edges.filter((edge) => edge.source === id).map((edge) => edge.target)],
  ] as const;
  return (
    <>
      {sides.map(([side, title, ids]) => {
        const more = scene.beyond.get(id)?.[side] ?? 0;
        const found = [...new Set(ids)].flatMap((each) => nodes.get(each) ?? []);
        return (
          <section key={side}>
            <h3>
              {title} <span className="muted">{number(found.length)}</span>
            </h3>
            <ul className="neighbours">
              {found.map((node) =>
                node.type === "lane" ? (
                  <li key={node.id}>{node.label}</li>
                ) : (
                  <Neighbour key={node.id} node={node} />
                ),
              )}
            </ul>
            {found.length === 0 && more === 0 && <Nothing>None.</Nothing>}
            {more > 0 && <Button label={`Show ${number(more)} more`} onClick={() => expand(id, side)} />}
          </section>
        );
      })}
    </>
  );
}

export function Neighbour({ node }: { node: GraphNode }) {
  const { select } = useActions();
  return (
    <li>
      <button
        type="button"
        className="link"
        onClick={() => {
          select(node.id);
          window.dispatchEvent(new CustomEvent(REVEAL, { detail: node.id }));
        }}
      >
        <Icon name={node.type} />
        <span dir="auto">{node.label}</span>
      </button>
      {node.type === "dataset" ? <ZoneTag zone={node.zone} /> : <StateBadge state={node.state} />}
    </li>
  );
}

const LONG = 20_000;

/** Facets as they came. */
export function Facets({ facets }: { facets: Record<string, unknown> }) {
  const names = Object.keys(facets).sort();
  if (!names.length) return <Nothing>No facets were told.</Nothing>;
  return (
    <>
      {names.map((name) => (
        <Facet key={name} name={name} value={facets[name]} />
      ))}
    </>
  );
}

function Facet({ name, value }: { name: string; value: unknown }) {
  const [open, setOpen] = useState(false);
  const text = open ? (JSON.stringify(value, null, 2) ?? "") : "";
  return (
    <details className="raw-facet" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary dir="auto">{name}</summary>
      {open && (
        <>
          <CopyButton text={text} what={name} />
          <pre tabIndex={0} dir="ltr">
            {text.length > LONG ? `${text.slice(0, LONG)}\n…` : text}
          </pre>
        </>
      )}
    </details>
  );
}
