import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import type { GraphNode, JobNode } from "../api/types";
import { counted } from "../format";
import type { Scene } from "../graph/scene";
import { stateShown } from "../model/states";
import { useAnnounce } from "../ui/live";

/** So many jobs are named, more are counted. */
const NAMED = 3;

/** What has changed is told to those who do not see it. */
export function useChangesTold(scene: Scene): void {
  const { graph, drawn, trace, query } = scene;
  const announce = useAnnounce();
  const datasets = drawn.nodes.filter((node) => node.type === "dataset").length;
  const jobs = drawn.nodes.filter((node) => node.type === "job").length;
  const loading = query.isPlaceholderData || !graph;
  useEffect(() => {
    if (!loading) announce(`${counted(datasets, "dataset")} and ${counted(jobs, "job")} shown`);
  }, [announce, datasets, jobs, loading]);
  useEffect(() => {
    if (trace) announce(`Traced through ${counted(trace.columns.length, "column")}`);
  }, [announce, trace]);
  useStatesTold(scene);
}

/** Jobs that have gone on while they were looked at; what else is shown of them is asked for again. */
function useStatesTold({ graph, query, question }: Scene): void {
  const announce = useAnnounce();
  const client = useQueryClient();
  const before = useRef<{ question: string; nodes: readonly GraphNode[] } | null>(null);
  const nodes = query.isPlaceholderData ? undefined : graph?.nodes;
  useEffect(() => {
    if (!nodes) return;
    const last = before.current;
    before.current = { question, nodes };
    const changed = last?.question === question ? goneOn(last.nodes, nodes) : [];
    if (!changed.length) return;
    announce(toldStates(changed));
    void client.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[0] !== "graph" && queryKey[0] !== "compare",
    });
  }, [announce, client, nodes, question]);
}

/** The jobs whose state is another than before. */
export function goneOn(before: readonly GraphNode[], after: readonly GraphNode[]): JobNode[] {
  const states = new Map(before.flatMap((node) => (node.type === "job" ? [[node.id, node.state]] : [])));
  return after.filter(
    (node): node is JobNode =>
      node.type === "job" && states.has(node.id) && states.get(node.id) !== node.state,
  );
}

export function toldStates(jobs: readonly JobNode[]): string {
  if (jobs.length > NAMED) return `${counted(jobs.length, "job")} changed state`;
  return jobs.map((job) => `${job.label}: ${stateShown(job.state).label.toLowerCase()}`).join(", ");
}
