import type { Trace } from "../api/types";
import { counted, number } from "../format";
import { ALL_ROWS } from "../graph/columns";
import { Icon } from "../ui/icons";

const MOST = 500;

/** The traced columns as rows: from where to where, and how. */
export function TraceTable({ trace }: { trace: Trace }) {
  const columns = new Map(trace.columns.map((column) => [column.id, column]));
  const datasets = new Map(trace.datasets.map((dataset) => [dataset.id, dataset.label]));
  const name = (id: string) => {
    const column = columns.get(id);
    return column ? `${datasets.get(column.dataset) ?? column.dataset}.${column.name || ALL_ROWS}` : id;
  };
  return (
    <table role="table" className="trace-table" aria-label="Traced columns">
      <caption>
        {counted(trace.edges.length, "step")} between columns
        {trace.edges.length > MOST && `, the first ${number(MOST)} shown`}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            From
          </th>
          <th role="columnheader" scope="col">
            To
          </th>
          <th role="columnheader" scope="col">
            How
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {trace.edges.slice(0, MOST).map((edge) => (
          <tr role="row" key={`${edge.source}>${edge.target}`}>
            <td role="cell" dir="auto" data-label="From">
              {name(edge.source)}
            </td>
            <td role="cell" dir="auto" data-label="To">
              {name(edge.target)}
            </td>
            <td role="cell" data-label="How">
              {edge.direct ? "Direct" : "Indirect"}
              {edge.subtypes.length > 0 && ` (${edge.subtypes.join(", ").toLowerCase()})`}
              {edge.masking && (
                <>
                  {" "}
                  <Icon name="lock" title="masked" />
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
