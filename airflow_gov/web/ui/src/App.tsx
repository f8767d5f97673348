import { useCallback, useState, useSyncExternalStore } from "react";

import { counted } from "./format";
import { CardActions, ActionsProvider } from "./graph/actions";
import { Canvas } from "./graph/Canvas";
import { CardMenu } from "./graph/CardMenu";
import { useScene, type Scene } from "./graph/scene";
import { Help } from "./keyboard/Help";
import { useKeys } from "./keyboard/useKeys";
import { focusLabel } from "./model/focus";
import { Panel } from "./panel/Panel";
import { Banners } from "./states/Banners";
import { useChangesTold } from "./states/changes";
import { EmptyState, Message, ProblemState, Skeleton } from "./states/States";
import { TableView } from "./table/TableView";
import { Toolbar } from "./toolbar/Toolbar";
import { Button } from "./ui/controls";
import { useView } from "./view/context";
import { filtered, START } from "./view/view";

const NARROW = "(max-width: 599px)";

export function App() {
  return (
    <ActionsProvider>
      <CardActions>
        <Shell />
      </CardActions>
    </ActionsProvider>
  );
}

function Shell() {
  const scene = useScene();
  const { view } = useView();
  const narrow = useNarrow();
  const [help, setHelp] = useState(false);
  const showHelp = useCallback(() => setHelp(true), []);
  useKeys(showHelp);
  useChangesTold(scene);
  const mode = view.mode ?? (narrow ? "table" : "graph");
  return (
    <main className="app">
      <h1 className="unseen">Lineage{scene.graph && ` of ${focusLabel(scene.graph)}`}</h1>
      <Toolbar scene={scene} mode={mode} onHelp={showHelp} />
      <Banners scene={scene} />
      <div className="stage">
        <div className="view">
          <Content scene={scene} mode={mode} />
        </div>
        <Panel scene={scene} />
      </div>
      <CardMenu scene={scene} />
      {help && <Help onClose={() => setHelp(false)} />}
    </main>
  );
}

function Content({ scene, mode }: { scene: Scene; mode: "graph" | "table" }) {
  const { view, focus, update } = useView();
  const { query, graph, drawn } = scene;
  if (focus === null) {
    return (
      <Message title="Nothing chosen yet">
        <p>Jump to a dataset, a column or a job.</p>
      </Message>
    );
  }
  if (query.isError && !graph) return <ProblemState error={query.error} retry={() => void query.refetch()} />;
  if (!graph) {
    const depth = { up: "1", down: "1", limit: START.limit } as const;
    return <Skeleton onCancel={() => update({ ...depth, expand: [] })} />;
  }
  if (!drawn.nodes.length) {
    const unseen = graph.nodes.length > 0 && filtered(view) > 0;
    if (unseen) {
      return (
        <Message title="The filters leave nothing to show">
          <Button
            label="Show everything"
            onClick={() => update({ hidden: [], states: [], outside: true, personal: false })}
          />
        </Message>
      );
    }
    const empty = graph.empty ?? { cause: "", message: "Nothing is known about this.", next: "" };
    return (
      <EmptyState
        empty={empty}
        reset={view.asOf && <Button label="Back to now" onClick={() => update({ asOf: null })} />}
      />
    );
  }
  const label = `Lineage of ${focusLabel(graph)}: ${counted(drawn.nodes.length, "card")}. Arrow keys lead from card to card.`;
  return mode === "graph" ? <Canvas scene={scene} label={label} /> : <TableView scene={scene} />;
}

function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia(NARROW);
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => window.matchMedia(NARROW).matches,
  );
}
