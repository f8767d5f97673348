import type { ReactNode } from "react";

import { useDataset } from "../api/queries";
import type { DatasetDetail, Quality, Version } from "../api/types";
import { counted, moment, number, size } from "../format";
import { useActions } from "../graph/actions";
import type { Scene } from "../graph/scene";
import { host } from "../host";
import { versionLabel } from "../model/words";
import { Ago, StateBadge, VerdictBadge, ZoneTag } from "../ui/badges";
import { Button, CopyButton, HostLink } from "../ui/controls";
import { Icon } from "../ui/icons";
import { Loading, ProblemState } from "../states/States";
import { useView } from "../view/context";
import { isNow } from "../view/view";
import { Frame } from "./Panel";
import { Facets, Facts, Neighbours, Nothing, OfNow, PageLink, RunLine } from "./parts";
import { Schema } from "./Schema";

export function DatasetPanel({ id, scene }: { id: string; scene: Scene }) {
  const { view } = useView();
  const { data, error, refetch } = useDataset(id, view.asOf?.at);
  const drawn = scene.drawn.nodes.find((node) => node.id === id);
  const known = data ?? (drawn?.type === "dataset" ? drawn : null);
  const waiting = error ? <ProblemState error={error} retry={() => void refetch()} /> : <Loading />;
  return (
    <Frame
      title={known?.label ?? id}
      kind="Dataset"
      name={known?.governed ?? known?.name ?? null}
      badge={
        known && (
          <p className="node-badges">
            <ZoneTag zone={known.zone} />
            {known.verdict && <VerdictBadge verdict={known.verdict} />}
            {known.personal && (
              <span className="word">
                <Icon name="lock" /> personal data
              </span>
            )}
            {known.dropped && <span className="word">dropped</span>}
          </p>
        )
      }
      tabs={{
        overview: { label: "Overview", content: data ? <Overview data={data} /> : waiting },
        schema: { label: "Schema", content: <Schema dataset={id} /> },
        quality: {
          label: "Quality",
          content: data ? (
            <Today what="The verdicts are">
              <QualityList quality={data.quality} />
            </Today>
          ) : (
            waiting
          ),
        },
        runs: {
          label: "Runs",
          content: data ? (
            <Today what="The runs are">
              <Runs runs={data.runs} />
            </Today>
          ) : (
            waiting
          ),
        },
        versions: {
          label: "Versions",
          content: data ? (
            <Today what="The versions are">
              <Versions versions={data.versions} />
            </Today>
          ) : (
            waiting
          ),
        },
        lineage: { label: "Lineage", content: <Neighbours id={id} scene={scene} /> },
        facets: {
          label: "Raw facets",
          content: data ? (
            <Today what="These facets are">
              <Facets facets={data.facets} />
            </Today>
          ) : (
            waiting
          ),
        },
      }}
    />
  );
}

function Today({ what, children }: { what: string; children: ReactNode }) {
  const { view } = useView();
  return (
    <>
      <OfNow what={what} at={view.asOf?.at} />
      {children}
    </>
  );
}

function Overview({ data }: { data: DatasetDetail }) {
  const actions = useActions();
  const { view } = useView();
  return (
    <>
      <OfNow what="Version, rows and columns are of then; all else is" at={view.asOf?.at} />
      {data.description && <p dir="auto">{data.description}</p>}
      <div className="actions">
        <Button icon="focus" label="Centre on this" onClick={() => actions.focus(data.id)} />
        <Button
          icon="path"
          label="Path to…"
          disabled={!isNow(view)}
          onClick={() => actions.beginPath(data.id)}
        />
      </div>
      <Facts
        facts={{
          Owner: data.owner ?? <span className="muted">none named</span>,
          Steward: data.steward.join(", "),
          Classification: data.classification,
          Tags: data.tags.length > 0 && (
            <span className="words">
              {data.tags.map((tag) => (
                <span key={tag} className="word">
                  {tag}
                </span>
              ))}
            </span>
          ),
          Version: data.version && versionLabel(data.version),
          Rows: data.rows !== null && number(data.rows),
          Updated: data.updatedAt && <Ago at={data.updatedAt} />,
          Columns: number(data.columns),
          Files: data.files && <Copied text={data.files} what="where its files lie" />,
          Name: <Copied text={data.name} what="the full name" />,
          Namespace: data.namespace,
          "Also known as": data.names.length > 0 && (
            <ul>
              {data.names.map(({ namespace, name, kind }) => (
                <li key={`${namespace} ${name}`} title={kind ?? undefined}>
                  {namespace} · {name}
                </li>
              ))}
            </ul>
          ),
        }}
      />
      {data.links.page && (
        <p>
          <HostLink href={host().pageHref(data.links.page)}>Open in Governance</HostLink>
        </p>
      )}
    </>
  );
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <span className="copied">
      <span className="long">{text}</span> <CopyButton text={text} what={what} />
    </span>
  );
}

function QualityList({ quality }: { quality: Quality[] }) {
  if (!quality.length) return <Nothing>Nothing has been checked.</Nothing>;
  return (
    <ul className="entry-list">
      {quality.map((verdict) => (
        <li key={verdict.verdictId}>
          <div>
            <StateBadge state={verdict.passed ? "success" : "failed"} />
            <span className="muted">{moment(verdict.checkedAt)}</span>
          </div>
          <div>
            {counted(verdict.rules, "rule")}
            {verdict.failed.length > 0 &&
              `, ${number(verdict.failed.length)} failed: ${verdict.failed.join(", ")}`}{" "}
            · <PageLink page={`verdicts/${encodeURIComponent(verdict.verdictId)}/report`}>Report</PageLink>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Runs({ runs }: { runs: DatasetDetail["runs"] }) {
  if (!runs.length) return <Nothing>No run has touched it.</Nothing>;
  return (
    <ul className="entry-list">
      {runs.map((run) => (
        <RunLine key={run.runId} run={run} />
      ))}
    </ul>
  );
}

function Versions({ versions }: { versions: Version[] }) {
  if (!versions.length) return <Nothing>No version has been told.</Nothing>;
  return (
    <ul className="entry-list">
      {versions.map((version) => (
        <li key={version.version}>
          <div>
            <strong title={version.version}>
              {version.number === null ? versionLabel(version.version) : `v${version.number}`}
            </strong>
            <span className="muted">{version.at && moment(version.at)}</span>
          </div>
          <div>
            {[
              version.rows !== null && counted(version.rows, "row"),
              version.size !== null && size(version.size),
            ]
              .filter(Boolean)
              .join(" · ")}
          </div>
          {version.run && (
            <ul>
              <RunLine run={version.run} />
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
