import {
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  ViewportPortal,
  type NodeTypes,
  type Viewport,
} from "@xyflow/react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useView } from "../view/context";
import { useActionState } from "./actions";
import { Card, type CardNode } from "./cards";
import { columnLines, datasetLines } from "./edges";
import { EdgeLayer } from "./EdgeLayer";
import { LaneGrounds, LaneHeaders } from "./Lanes";
import { useNodes } from "./nodes";
import type { Scene } from "./scene";
import { tellScreen } from "./screen";
import { useCanvasKeys } from "./useCanvasKeys";
import { following, MAX_ZOOM, MIN_ZOOM, opening, revealing, visible, type Size } from "./viewport";

const TYPES: NodeTypes = { card: Card };
/** From here on a small map helps, and cards off the screen are left out. */
const MANY = { map: 40, cull: 120 };

const MAP = { width: 144, height: 96 };

/** The drawing; its place is measured first, so that the first view is right at once. */
export function Canvas({ scene, label }: { scene: Scene; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div className="canvas" dir="ltr" ref={place} data-lit={scene.lit !== null || undefined}>
      {size && size.width > 0 && (
        <ReactFlowProvider>
          <Flow scene={scene} size={size} label={label} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

function Flow({ scene, size, label }: { scene: Scene; size: Size; label: string }) {
  const { actions, active } = useActionState();
  const { focus } = useView();
  const { drawn, layout, lit, trace, columns } = scene;
  const nodes = useNodes(scene);
  const lines = useMemo(() => datasetLines(drawn, layout), [drawn, layout]);
  const traced = useMemo(
    () => (trace ? columnLines(trace, drawn, layout, columns) : []),
    [trace, drawn, layout, columns],
  );
  const opened = useMemo(() => firstView(scene, size), []);
  usePlaceKept(scene, size, focus);
  useSelectedShown(scene, size);
  useScreenTold(size);
  const hasMap = nodes.length > MANY.map;
  const keys = useCanvasKeys(scene, size, hasMap ? MAP.height : 0);
  return (
    <>
      <ReactFlow<CardNode>
        aria-label={label}
        nodes={nodes}
        edges={[]}
        nodeTypes={TYPES}
        width={size.width}
        height={size.height}
        defaultViewport={opened}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        selectionKeyCode={null}
        panActivationKeyCode={null}
        deleteKeyCode={null}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        panOnScroll={false}
        onlyRenderVisibleElements={nodes.length > MANY.cull}
        proOptions={{ hideAttribution: true }}
        {...keys}
        onPaneClick={() => actions.menu(null)}
        onNodeClick={(_, node) =>
          node.data.node.type === "lane" ? actions.activate(node.id) : actions.select(node.id)
        }
        onNodeDoubleClick={(_, node) => node.data.node.type === "dataset" && actions.open(node.id)}
        onNodeContextMenu={(event, node) => {
          event.preventDefault();
          actions.menu({ id: node.id, x: event.clientX, y: event.clientY });
        }}
      >
        <LaneGrounds lanes={layout.lanes} />
        <ViewportPortal>
          <EdgeLayer lines={lines} columns={traced} lit={lit} active={active} size={size} />
        </ViewportPortal>
        {hasMap && (
          <MiniMap
            pannable
            zoomable
            style={MAP}
            ariaLabel="Map of the whole graph"
            nodeClassName={zoneClass}
          />
        )}
      </ReactFlow>
      <LaneHeaders lanes={layout.lanes} size={size} />
    </>
  );
}

/** The card whose details are shown stays in sight when they take a part of the drawing's place. */
function useSelectedShown({ layout }: Scene, size: Size): void {
  const { view } = useView();
  const flow = useReactFlow();
  const before = useRef(size.width);
  useEffect(() => {
    const isNarrower = size.width < before.current;
    before.current = size.width;
    const box = layout.boxes.get(view.selected ?? "");
    const next = isNarrower && box ? revealing(flow.getViewport(), box, size) : null;
    if (next) void flow.setViewport(next);
  }, [size.width]);
}

function zoneClass({ data: { node } }: CardNode): string {
  return `map-${node.type === "dataset" ? (node.zone ?? "outside") : node.type}`;
}

function useScreenTold(size: Size): void {
  const flow = useReactFlow();
  useEffect(() => {
    tellScreen(() => visible(flow.getViewport(), size));
    return () => tellScreen(null);
  }, [flow, size]);
}

function firstView({ graph, layout }: Scene, size: Size): Viewport {
  const centre = (graph?.focus.nodes ?? []).flatMap((id) => layout.boxes.get(id) ?? []);
  return opening(layout.bounds, centre, size);
}

/** A card in sight stays where it is on the screen when everything around it moves. */
function usePlaceKept(scene: Scene, size: Size, focus: string | null): void {
  const { layout, query } = scene;
  const { active } = useActionState();
  const flow = useReactFlow();
  // While the next graph loads the last one stays.
  const owner = query.isPlaceholderData ? null : focus;
  const before = useRef({ layout, owner });
  const anchor = useRef<string | null>(null);
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { layout, owner: owner ?? last.owner };
    const isAnotherFocus = owner !== null && owner !== last.owner;
    const followed = isAnotherFocus
      ? "none"
      : following(flow.getViewport(), last.layout.boxes, layout.boxes, [active, anchor.current], size);
    if (followed === null) return;
    anchor.current = followed === "none" ? null : followed.anchor;
    const next = followed === "none" ? firstView(scene, size) : followed.viewport;
    if (next) void flow.setViewport(next);
  }, [layout, owner]);
}
