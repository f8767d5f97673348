import type { Scene } from "../graph/scene";
import { FIT } from "../graph/useCanvasKeys";
import { Button } from "../ui/controls";
import { useView } from "../view/context";
import { Depths } from "./Depths";
import { ExportMenu } from "./ExportMenu";
import { Filters } from "./Filters";
import { Jump } from "./Jump";
import { Compare, RunPicker } from "./runs";

interface Props {
  scene: Scene;
  mode: "graph" | "table";
  onHelp: () => void;
}

export function Toolbar({ scene, mode, onHelp }: Props) {
  const { view, update } = useView();
  return (
    <div className="toolbar" role="toolbar" aria-label="Lineage">
      <Jump scene={scene} />
      <Depths />
      <Filters />
      <Button
        icon="columns"
        label="Columns"
        aria-pressed={view.open.length > 0}
        onClick={() => update({ open: view.open.length ? [] : worthOpening(scene, view.selected) })}
      />
      <RunPicker />
      <Compare />
      {mode === "graph" && (
        <Button icon="fit" label="Fit" onClick={() => window.dispatchEvent(new Event(FIT))} />
      )}
      <ExportMenu scene={scene} />
      <span className="space" />
      <div className="modes" role="group" aria-label="Show as">
        <Button
          icon="graph"
          label="Graph"
          aria-pressed={mode === "graph"}
          onClick={() => update({ mode: "graph" })}
        />
        <Button
          icon="table"
          label="Table"
          aria-pressed={mode === "table"}
          onClick={() => update({ mode: "table" })}
        />
      </div>
      <Button bare icon="help" label="Keyboard and help" onClick={onHelp} />
    </div>
  );
}

const MOST = 12;

/** The dataset that is looked at, or those the view is centred on. */
function worthOpening({ graph, drawn }: Scene, selected: string | null): string[] {
  const datasets = drawn.nodes.flatMap((node) =>
    node.type === "dataset" && node.columns > 0 ? [node.id] : [],
  );
  if (selected !== null && datasets.includes(selected)) return [selected];
  const focused = datasets.filter((id) => graph?.focus.nodes.includes(id));
  return (focused.length ? focused : datasets).slice(0, MOST);
}
