import { useJob } from "../api/queries";
import type { GraphNode, JobDetail } from "../api/types";
import { duration, moment, number } from "../format";
import { useActions } from "../graph/actions";
import type { Scene } from "../graph/scene";
import { airflow } from "../host";
import type { DrawnNode } from "../model/drawn";
import { Loading, ProblemState } from "../states/States";
import { StateBadge } from "../ui/badges";
import { Button, HostLink } from "../ui/controls";
import { useView } from "../view/context";
import { isNow } from "../view/view";
import { Frame } from "./Panel";
import { Facets, Facts, Neighbour, Neighbours, Nothing, OfNow, RunLine } from "./parts";

export function JobPanel({ id, scene }: { id: string; scene: Scene }) {
  const { view } = useView();
  const drawn = scene.drawn.nodes.find((node) => node.id === id);
  const at = view.asOf?.at ?? endOf(scene, drawn);
  const { data, error, refetch } = useJob(id, at);
  const known = data ?? (drawn?.type === "job" ? drawn : null);
  const waiting = error ? <ProblemState error={error} retry={() => void refetch()} /> : <Loading />;
  return (
    <Frame
      title={known?.label ?? id}
      kind="Job"
      name={known?.name ?? null}
      badge={
        known && (
          <p className="node-badges">
            {/* What the drawing shows: at a past moment another state than now. */}
            <StateBadge state={drawn?.type === "job" ? drawn.state : known.state} />
          </p>
        )
      }
      tabs={{
        overview: { label: "Overview", content: data ? <Overview data={data} /> : waiting },
        runs: { label: "Runs", content: data ? <Runs data={data} /> : waiting },
        datasets: { label: "Datasets", content: data ? <Datasets data={data} /> : waiting },
        lineage: { label: "Lineage", content: <Neighbours id={id} scene={scene} /> },
        facets: { label: "Raw facets", content: data ? <FacetsThen data={data} at={at} /> : waiting },
      }}
    />
  );
}

function Overview({ data }: { data: JobDetail }) {
  const actions = useActions();
  const { view } = useView();
  const { dagId, taskId, dagRunId } = data;
  return (
    <>
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
          Dag: dagId && <HostLink href={airflow.dag(dagId)}>{dagId}</HostLink>,
          Task: dagId && taskId && <HostLink href={airflow.task(dagId, taskId)}>{taskId}</HostLink>,
          Run: dagId && dagRunId && <HostLink href={airflow.run(dagId, dagRunId)}>{dagRunId}</HostLink>,
          Logs: dagId && dagRunId && taskId && (
            <HostLink href={airflow.instance(dagId, dagRunId, taskId, data.mapIndex, data.tryNumber)}>
              {data.tryNumber === null ? "Task instance" : `Try ${number(data.tryNumber)}`}
            </HostLink>
          ),
          Started: data.startedAt && moment(data.startedAt),
          Ended: data.endedAt && moment(data.endedAt),
          Duration: data.duration !== null && duration(data.duration),
          Integration: data.integration,
          Name: data.name,
          Namespace: data.namespace,
        }}
      />
    </>
  );
}

/** When the run ended that a job is drawn with, where the view is of a run: more may have run since. */
function endOf({ graph }: Scene, drawn: DrawnNode | undefined): string | undefined {
  const isOfRun = graph?.focus.kind === "run" || graph?.focus.kind === "ti";
  return isOfRun && drawn?.type === "job" && graph.focus.nodes.includes(drawn.id)
    ? (drawn.endedAt ?? undefined)
    : undefined;
}

/** The facets of the moment that is looked at, as far as its events are still there. */
function FacetsThen({ data, at }: { data: JobDetail; at: string | undefined }) {
  return (
    <>
      {data.facetsAt === null && <OfNow what="These facets are" at={at} />}
      <Facets facets={data.facets} />
    </>
  );
}

function Runs({ data }: { data: JobDetail }) {
  if (!data.runs.length) return <Nothing>No run has been told.</Nothing>;
  return (
    <ul className="entry-list">
      {data.runs.map((run) => (
        <RunLine key={run.runId} run={run} />
      ))}
    </ul>
  );
}

function Datasets({ data }: { data: JobDetail }) {
  return (
    <>
      <Touched title="Inputs" nodes={data.inputs} />
      <Touched title="Outputs" nodes={data.outputs} />
    </>
  );
}

function Touched({ title, nodes }: { title: string; nodes: GraphNode[] }) {
  return (
    <section>
      <h3>
        {title} <span className="muted">{number(nodes.length)}</span>
      </h3>
      {nodes.length === 0 && <Nothing>None.</Nothing>}
      <ul className="neighbours">
        {nodes.map((node) => (
          <Neighbour key={node.id} node={node} />
        ))}
      </ul>
    </section>
  );
}
