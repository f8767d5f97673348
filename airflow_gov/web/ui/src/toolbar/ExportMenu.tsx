import { useState } from "react";

import { getText } from "../api/client";
import { hops } from "../api/queries";
import { download, fileName } from "../export/download";
import { mermaid } from "../export/mermaid";
import { picture, themeColours, type Picture } from "../export/picture";
import { png } from "../export/png";
import { svg } from "../export/svg";
import { columnLines, datasetLines } from "../graph/edges";
import type { Scene } from "../graph/scene";
import { onScreen } from "../graph/screen";
import { overlaps } from "../layout/geometry";
import { focusLabel } from "../model/focus";
import { Popover } from "../ui/controls";
import { useAnnounce } from "../ui/live";
import { useView } from "../view/context";

type Format = "svg" | "png" | "mermaid" | "openlineage" | "graphml";

const FORMATS: [Format, string][] = [
  ["svg", "SVG"],
  ["png", "PNG, twice the size"],
  ["mermaid", "Mermaid"],
  ["openlineage", "OpenLineage events (JSONL)"],
  ["graphml", "GraphML"],
];

/** What the server makes: with columns Mermaid too. */
const SERVERS = {
  mermaid: { extension: "mmd", type: "text/plain" },
  openlineage: { extension: "jsonl", type: "application/x-ndjson" },
  graphml: { extension: "graphml", type: "application/xml" },
} as const;

export function ExportMenu({ scene }: { scene: Scene }) {
  const { view, focus } = useView();
  const announce = useAnnounce();
  const [visible, setVisible] = useState(false);
  const [columns, setColumns] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const label = scene.graph ? focusLabel(scene.graph) : "graph";

  async function save(format: Format): Promise<void> {
    setFailed(null);
    try {
      if (format === "svg") download(svg(drawing(scene, visible)), fileName(label, "svg"), "image/svg+xml");
      else if (format === "png")
        download(await png(drawing(scene, visible), font()), fileName(label, "png"), "image/png");
      else if (format === "mermaid" && (visible || !columns))
        download(mermaid(part(scene, visible)), fileName(label, "mmd"), "text/plain");
      else {
        const text = await getText("export", {
          focus,
          format,
          up: hops(view.up),
          down: hops(view.down),
          limit: view.limit,
          as_of: view.asOf?.at,
          columns: columns || null,
        });
        const { extension, type } = SERVERS[format];
        download(text, fileName(label, extension), type);
      }
      announce("Saved");
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <Popover icon="export" label="Export" disabled={!scene.drawn.nodes.length}>
      {() => (
        <>
          <fieldset>
            <legend>What</legend>
            <label className="check">
              <input type="radio" name="part" checked={!visible} onChange={() => setVisible(false)} /> The
              whole graph
            </label>
            <label className="check">
              <input type="radio" name="part" checked={visible} onChange={() => setVisible(true)} /> What is
              on the screen
            </label>
          </fieldset>
          <label className="check">
            <input
              type="checkbox"
              checked={columns && !visible}
              disabled={visible}
              onChange={(event) => setColumns(event.target.checked)}
            />{" "}
            With all columns: Mermaid, OpenLineage, GraphML
          </label>
          <ul className="choices">
            {FORMATS.map(([format, name]) => (
              <li key={format}>
                <button
                  type="button"
                  disabled={visible && isServers(format)}
                  onClick={() => void save(format)}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          {failed && <p role="alert">{failed}</p>}
        </>
      )}
    </Popover>
  );
}

/** Made by the server of the focus and its depth. */
function isServers(format: Format): boolean {
  return format === "openlineage" || format === "graphml";
}

function drawing(scene: Scene, visible: boolean): Picture {
  const { drawn, layout, trace, columns } = scene;
  const subject = {
    nodes: drawn.nodes,
    layout,
    lines: trace ? [] : datasetLines(drawn, layout),
    traced: trace ? columnLines(trace, drawn, layout, columns) : [],
    columns,
  };
  return picture(subject, themeColours(), visible ? onScreen() : null);
}

function part({ drawn, layout }: Scene, visible: boolean): Scene["drawn"] {
  const area = visible ? onScreen() : null;
  if (!area) return drawn;
  const inside = new Set(
    drawn.nodes.flatMap(({ id }) => {
      const box = layout.boxes.get(id);
      return box && overlaps(box, area) ? [id] : [];
    }),
  );
  return {
    ...drawn,
    nodes: drawn.nodes.filter((node) => inside.has(node.id)),
    edges: drawn.edges.filter((edge) => inside.has(edge.source) && inside.has(edge.target)),
  };
}

function font(): string {
  return getComputedStyle(document.body).fontFamily;
}
