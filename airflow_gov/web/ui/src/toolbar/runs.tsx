import { useRuns } from "../api/queries";
import type { DagRun } from "../api/types";
import { moment } from "../format";
import { dagOf } from "../model/focus";
import { StateBadge } from "../ui/badges";
import { Button, Popover } from "../ui/controls";
import { useView } from "../view/context";

/** When a run's lineage is looked at: as it was when the run had ended, or had begun where it still runs. */
export function atOf(run: DagRun): string | null {
  return run.endedAt ?? run.startedAt;
}

/** The runs of the Dag the view belongs to, the newest first. */
export function useDagRuns(): {
  dag: string | null;
  runs: DagRun[];
  pending: boolean;
  failed: boolean;
  retry: () => void;
} {
  const { focus, home } = useView();
  const dag = (focus && dagOf(focus)) ?? (home && dagOf(home)) ?? null;
  const { data, isPending, isError, refetch } = useRuns(dag);
  const retry = () => void refetch();
  return { dag, runs: data?.runs ?? [], pending: isPending, failed: isError && !data, retry };
}

/** Time travel: the graph as it was with a past run. */
export function RunPicker() {
  const { view, update } = useView();
  const { dag, runs, pending, failed, retry } = useDagRuns();
  return (
    <Popover icon="clock" label="As of run" badge={view.asOf ? "past" : null} disabled={dag === null}>
      {(close) => (
        <RunList
          runs={runs}
          pending={pending}
          failed={failed}
          retry={retry}
          chosen={view.asOf?.run ?? null}
          onChoose={(run) => {
            const at = atOf(run);
            if (at) update({ asOf: { run: run.dagRunId, at }, compare: null, path: null });
            close();
          }}
        />
      )}
    </Popover>
  );
}

interface RunListProps {
  runs: DagRun[];
  pending: boolean;
  failed: boolean;
  retry: () => void;
  chosen: string | null;
  onChoose: (run: DagRun) => void;
}

function RunList({ runs, pending, failed, retry, chosen, onChoose }: RunListProps) {
  if (failed) return <NoRuns retry={retry} />;
  if (!runs.length)
    return <p className="muted">{pending ? "Loading the runs…" : "This Dag has no run with lineage."}</p>;
  return (
    <ul className="runs">
      {runs.map((run) => (
        <li key={run.dagRunId}>
          <button
            type="button"
            aria-pressed={run.dagRunId === chosen}
            disabled={!atOf(run)}
            onClick={() => onChoose(run)}
          >
            <span dir="auto">{run.dagRunId}</span>
            <span className="muted">{run.startedAt ? moment(run.startedAt) : "not started"}</span>
            <StateBadge state={run.state} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function NoRuns({ retry }: { retry: () => void }) {
  return (
    <>
      <p className="muted">The runs could not be loaded.</p>
      <Button label="Retry" onClick={retry} />
    </>
  );
}

/** Two runs beside each other. */
export function Compare() {
  const { view, focus, update } = useView();
  const { runs, pending, failed, retry } = useDagRuns();
  // A dataset or a job in focus has no runs of its own to compare.
  const dag = focus && dagOf(focus);
  const [newest, older] = runs;
  return (
    <Popover icon="tilde" label="Compare" badge={view.compare ? "on" : null} disabled={dag === null}>
      {(close) =>
        failed ? (
          <NoRuns retry={retry} />
        ) : runs.length < 2 || !newest || !older ? (
          <p className="muted">{pending ? "Loading the runs…" : "Two runs with lineage are needed."}</p>
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const chosen = new FormData(event.currentTarget);
              update({
                compare: { a: String(chosen.get("a")), b: String(chosen.get("b")) },
                asOf: null,
                expand: [],
                path: null,
              });
              close();
            }}
          >
            <RunChoice name="a" label="Before" runs={runs} chosen={view.compare?.a ?? older.dagRunId} />
            <RunChoice name="b" label="After" runs={runs} chosen={view.compare?.b ?? newest.dagRunId} />
            <div className="actions">
              <button type="submit" className="button primary">
                Compare
              </button>
              {view.compare && (
                <button type="button" className="button" onClick={() => update({ compare: null })}>
                  Stop comparing
                </button>
              )}
            </div>
          </form>
        )
      }
    </Popover>
  );
}

function RunChoice({
  name,
  label,
  runs,
  chosen,
}: {
  name: string;
  label: string;
  runs: DagRun[];
  chosen: string;
}) {
  return (
    <label className="choice">
      {label}
      <select name={name} defaultValue={chosen}>
        {runs.map((run) => (
          <option key={run.dagRunId} value={run.dagRunId}>
            {run.dagRunId} ({run.state})
          </option>
        ))}
      </select>
    </label>
  );
}
