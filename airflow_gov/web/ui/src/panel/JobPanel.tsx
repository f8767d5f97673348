import { useJob } from "../api/queries";
import type { GraphNode, JobDetail } from "../api/types";
import { duration, moment, number } from "../format";
import { useActions } from "../graph/actions";
import type { Scene } from "../graph/scene";
import { airflow } from "../host";
import { Loading, ProblemState } from "../states/States";
import { StateBadge } from "../ui/badges";
import { Button, HostLink } from "../ui/controls";
import { useView } from "../view/context";
import { isNow } from "../view/view";
import { Frame } from "./Panel";
import { Facets, Facts, Neighbour, Neighbours, Nothing, RunLine } from "./parts";

export function JobPanel({ id, scene }: { id: string; scene: Scene }) {
  const { data, error, refetch } = useJob(id);
  const drawn = scene.drawn.nodes.find((node) => node.id === id);
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
        facets: { label: "Raw facets", content: data ? <Facets facets={data.facets} /> : waiting },
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
