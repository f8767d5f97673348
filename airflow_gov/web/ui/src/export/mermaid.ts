import type { Drawn } from "../model/drawn";
import { LANES, laneTitle } from "../model/zones";

/** What is drawn as a Mermaid flowchart, one subgraph per lane. */
export function mermaid({ nodes, edges, lanes }: Drawn): string {
  const names = new Map(nodes.map((node, at) => [node.id, `n${at}`]));
  const entry = (id: string, label: string, isJob: boolean) => {
    const name = names.get(id) ?? "";
    return isJob ? `${name}(["${quoted(label)}"])` : `${name}["${quoted(label)}"]`;
  };
  const lines = ["flowchart LR"];
  for (const lane of LANES) {
    const inside = nodes.filter((node) => lanes.get(node.id) === lane);
    if (!inside.length) continue;
    lines.push(`  subgraph ${lane}["${laneTitle(lane)}"]`);
    for (const node of inside) lines.push(`    ${entry(node.id, node.label, false)}`);
    lines.push("  end");
  }
  for (const node of nodes) if (node.type === "job") lines.push(`  ${entry(node.id, node.label, true)}`);
  for (const { source, target } of edges) lines.push(`  ${names.get(source)} --> ${names.get(target)}`);
  return `${lines.join("\n")}\n`;
}

/** Everything but letters, digits and harmless signs by its number: Mermaid reads `#60;` as `<`. */
function quoted(text: string): string {
  return text.toWellFormed().replace(/[^\p{L}\p{N} ._/-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}
