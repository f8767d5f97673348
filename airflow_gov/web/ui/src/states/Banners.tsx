import type { ReactNode } from "react";

import { counted, moment, number } from "../format";
import { useActionState } from "../graph/actions";
import type { Scene } from "../graph/scene";
import { focusLabel } from "../model/focus";
import { atOf, useDagRuns } from "../toolbar/runs";
import { ChangeBadge } from "../ui/badges";
import { Button } from "../ui/controls";
import { Icon, type IconName } from "../ui/icons";
import { useView } from "../view/context";
import { filtered, MAX_LIMIT, START } from "../view/view";

/** Strips between toolbar and graph: everything that makes the view another than the usual one. */
export function Banners({ scene }: { scene: Scene }) {
  const { view, update, refocus, home } = useView();
  const { pathFrom, actions } = useActionState();
  const { graph, hidden, missing } = scene;
  return (
    <div className="banners">
      {view.focus && (
        <Strip icon="focus" tools={home && <Button label="Back" onClick={() => refocus(null)} />}>
          Centred on <strong dir="auto">{graph ? focusLabel(graph) : "…"}</strong>
        </Strip>
      )}
      {view.asOf && <AsOf />}
      {view.compare && <Compared />}
      {pathFrom !== null && (
        <Strip icon="path" tools={<Button label="Cancel" onClick={() => actions.beginPath(null)} />}>
          Choose the card the path leads to.
        </Strip>
      )}
      {view.path && (
        <Strip icon="path" tools={<Button label="Clear" onClick={() => update({ path: null })} />}>
          {scene.lit && scene.lit.size === 0
            ? "No path leads from one to the other."
            : "The path between two cards."}
        </Strip>
      )}
      {view.trace && <Traced scene={scene} />}
      {graph?.truncated && <Truncated scene={scene} />}
      {filtered(view) > 0 && (
        <Strip
          icon="filter"
          tools={
            <Button
              label="Show everything"
              onClick={() =>
                update({ hidden: START.hidden, states: START.states, outside: true, personal: false })
              }
            />
          }
        >
          The filters keep {counted(hidden, "card")} back.
        </Strip>
      )}
      {missing.map(({ what, retry }, at) => (
        <Strip key={at} icon="warning" tools={<Button label="Retry" onClick={retry} />}>
          Could not load {what}
        </Strip>
      ))}
    </div>
  );
}

function Strip({ icon, tools, children }: { icon: IconName; tools?: ReactNode; children: ReactNode }) {
  return (
    <div className="strip">
      <Icon name={icon} />
      <p>{children}</p>
      <span className="tools">{tools}</span>
    </div>
  );
}

function AsOf() {
  const { view, update } = useView();
  const { runs } = useDagRuns();
  const at = runs.findIndex((run) => run.dagRunId === view.asOf?.run);
  const go = (index: number) => {
    const run = runs[index];
    const when = run && atOf(run);
    if (when) update({ asOf: { run: run.dagRunId, at: when } });
  };
  return (
    <Strip
      icon="clock"
      tools={
        <>
          <Button
            bare
            icon="previous"
            label="The run before"
            disabled={at < 0 || at >= runs.length - 1}
            onClick={() => go(at + 1)}
          />
          <Button bare icon="next" label="The run after" disabled={at <= 0} onClick={() => go(at - 1)} />
          <Button label="Back to now" onClick={() => update({ asOf: null })} />
        </>
      }
    >
      As of <strong>{view.asOf && moment(view.asOf.at)}</strong> · <span dir="auto">{view.asOf?.run}</span>
    </Strip>
  );
}

function Compared() {
  const { view, update } = useView();
  return (
    <Strip icon="tilde" tools={<Button label="Stop comparing" onClick={() => update({ compare: null })} />}>
      <span dir="auto">{view.compare?.a}</span> → <span dir="auto">{view.compare?.b}</span>:{" "}
      {(["added", "removed", "changed"] as const).map((change) => (
        <span key={change} className="legend">
          <ChangeBadge change={change} /> {change}
        </span>
      ))}
    </Strip>
  );
}

function Traced({ scene }: { scene: Scene }) {
  const { view, update } = useView();
  const { trace, drawn } = scene;
  const name =
    trace?.columns.find((column) => column.id === view.trace)?.name ??
    view.trace?.slice(view.trace.indexOf(".") + 1);
  const closed = (trace?.datasets ?? []).filter((dataset) => !view.open.includes(dataset.id));
  const shut = closed.length > 0 && trace && drawn.nodes.length > 0;
  return (
    <Strip
      icon="columns"
      tools={
        <>
          {shut && (
            <Button
              label="Open all of them"
              onClick={() =>
                update({ open: [...view.open, ...closed.map((dataset) => dataset.id)].slice(0, 40) })
              }
            />
          )}
          <Button label="Clear" onClick={() => update({ trace: null })} />
        </>
      }
    >
      Tracing <strong dir="auto">{name}</strong>
      {trace && (
        <>
          {" "}
          through {counted(trace.columns.length, "column")} of {counted(trace.datasets.length, "dataset")}
          {trace.truncated && ", more than are shown"}: direct <i className="line-direct" />, indirect{" "}
          <i className="line-indirect" />, masked <Icon name="lock" />
        </>
      )}
    </Strip>
  );
}

const MORE = 700;

function Truncated({ scene }: { scene: Scene }) {
  const { view, update } = useView();
  const { shown, total } = scene.graph ?? { shown: 0, total: 0 };
  return (
    <Strip
      icon="warning"
      tools={
        view.limit < MAX_LIMIT && (
          <Button
            label="Load more"
            onClick={() => update({ limit: Math.min(view.limit + MORE, MAX_LIMIT) })}
          />
        )
      }
    >
      {number(shown)} of {number(total)}: {view.limit < MAX_LIMIT ? "narrow or load more." : "narrow."}
    </Strip>
  );
}
