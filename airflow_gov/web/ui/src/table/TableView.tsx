import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { counted } from "../format";
import { useActions } from "../graph/actions";
import type { Scene } from "../graph/scene";
import type { DrawnNode } from "../model/drawn";
import { LANES } from "../model/zones";
import { useView } from "../view/context";
import { TraceTable } from "./TraceTable";
import { Row } from "./Row";

/** The same as the drawing, in rows: by lane, then by name; jobs last. */
export function TableView({ scene }: { scene: Scene }) {
  const { drawn } = scene;
  const { select } = useActions();
  const { view } = useView();
  const rows = useMemo(() => sorted(scene), [drawn]);
  const neighbours = useMemo(() => neighboursOf(scene), [drawn]);
  const scroll = useRef<HTMLDivElement>(null);
  const table = useRef<HTMLTableElement>(null);
  // What is traced stands above the rows, and scrolls with them.
  const [above, setAbove] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setAbove(table.current?.offsetTop ?? 0);
    measure();
    const observer = new ResizeObserver(measure);
    if (table.current?.parentElement)
      for (const part of table.current.parentElement.children) observer.observe(part);
    return () => observer.disconnect();
  }, [scene.trace]);
  const list = useVirtualizer({
    count: rows.length,
    scrollMargin: above,
    getScrollElement: () => scroll.current,
    estimateSize: () => 44,
    overscan: 12,
    initialRect: { width: 800, height: 600 },
  });
  const at = rows.findIndex((row) => row.id === view.selected);
  useEffect(() => {
    if (at >= 0) list.scrollToIndex(at);
  }, [at, list]);
  const items = list.getVirtualItems();
  const before = items[0] ? items[0].start - above : 0;
  const after = list.getTotalSize() - ((items.at(-1)?.end ?? above) - above);
  return (
    <div className="table-view" ref={scroll} tabIndex={0} aria-label="Lineage as a table" role="region">
      {scene.trace && <TraceTable trace={scene.trace} />}
      <table
        role="table"
        ref={table}
        aria-rowcount={rows.length + 1}
        aria-label={counted(rows.length, "dataset and job", "datasets and jobs")}
      >
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Name
            </th>
            <th role="columnheader" scope="col">
              Zone
            </th>
            <th role="columnheader" scope="col">
              State
            </th>
            <th role="columnheader" scope="col" className="figures">
              Rows
            </th>
            <th role="columnheader" scope="col">
              Updated
            </th>
            <th role="columnheader" scope="col">
              Upstream
            </th>
            <th role="columnheader" scope="col">
              Downstream
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {before > 0 && <tr aria-hidden="true" style={{ height: before }} />}
          {items.map((item) => {
            const node = rows[item.index];
            return (
              node && (
                <Row
                  key={node.id}
                  node={node}
                  index={item.index}
                  measure={list.measureElement}
                  scene={scene}
                  neighbours={neighbours.get(node.id) ?? { up: [], down: [] }}
                  onSelect={() => select(node.id)}
                />
              )
            );
          })}
          {after > 0 && <tr aria-hidden="true" style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  );
}

export interface Sides {
  up: DrawnNode[];
  down: DrawnNode[];
}

function sorted({ drawn }: Scene): DrawnNode[] {
  const rank = (node: DrawnNode) => {
    const lane = drawn.lanes.get(node.id);
    return lane ? LANES.indexOf(lane) : LANES.length;
  };
  return [...drawn.nodes].sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label));
}

function neighboursOf({ drawn }: Scene): Map<string, Sides> {
  const nodes = new Map(drawn.nodes.map((node) => [node.id, node]));
  const found = new Map<string, Sides>(drawn.nodes.map((node) => [node.id, { up: [], down: [] }]));
  for (const { source, target } of drawn.edges) {
    const [from, to] = [nodes.get(source), nodes.get(target)];
    if (!from || !to) continue;
    found.get(source)?.down.push(to);
    found.get(target)?.up.push(from);
  }
  return found;
}
