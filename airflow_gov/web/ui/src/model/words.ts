import { ago, counted, duration } from "../format";
import { changeShown, stateShown, verdictShown } from "./states";
import type { DrawnNode } from "./drawn";

/** What a card says, as one sentence to be read out. */
export function spoken(node: DrawnNode): string {
  const parts = [...facts(node)];
  if (node.status)
    parts.push([changeShown(node.status).label.toLowerCase(), ...(node.changes ?? [])].join(": "));
  return parts.join(", ");
}

function* facts(node: DrawnNode): Generator<string> {
  if (node.type === "lane") {
    yield `Zone ${node.label}, folded`;
    yield counted(node.count, "dataset");
    return;
  }
  yield `${node.type === "dataset" ? "Dataset" : "Job"} ${node.label}`;
  if (node.type === "job") {
    yield stateShown(node.state).label.toLowerCase();
    if (node.duration !== null) yield duration(node.duration);
  } else {
    yield node.zone ? `zone ${node.zone}` : "outside of the zones";
    if (node.version) yield `version ${node.version}`;
    if (node.rows !== null) yield counted(node.rows, "row");
    if (node.updatedAt) yield `updated ${ago(node.updatedAt)}`;
    if (node.verdict) yield verdictShown(node.verdict).label.toLowerCase();
    if (node.personal) yield "holds personal data";
    if (node.dropped) yield "dropped";
  }
  yield `${node.up.all} upstream, ${node.down.all} downstream`;
}

/** Version as people count it; a long snapshot id is cut. */
export function versionLabel(version: string): string {
  return /^\d{1,6}$/.test(version) ? `v${version}` : version.length > 8 ? `${version.slice(0, 7)}…` : version;
}
