import type { DatasetNode } from "../api/types";
import { number, shortened } from "../format";
import { PAGE } from "../layout/geometry";
import { Button } from "../ui/controls";
import { Icon } from "../ui/icons";
import { useActions } from "./actions";
import type { ColumnControls, ColumnRow, OpenColumns } from "./columns";

interface Props {
  dataset: DatasetNode;
  columns: OpenColumns;
  controls: ColumnControls;
  /** The column that is traced. */
  traced: string | null;
  /** Of its sources, how many lie in the drawing. */
  upstream: { drawn: number; all: number } | null;
}

/** The columns of an open card: a page of them, searched and traced. */
export function ColumnList({ dataset, columns, controls, traced, upstream }: Props) {
  return (
    <div className="card-columns nodrag nopan nowheel" onClick={(event) => event.stopPropagation()}>
      {dataset.columns > PAGE && (
        <input
          type="search"
          tabIndex={-1}
          placeholder="Search columns"
          aria-label={`Search columns of ${dataset.label}`}
          value={columns.q}
          onChange={(event) => controls.search(dataset.id, event.target.value)}
        />
      )}
      <ul aria-label={`Columns of ${dataset.label}`}>
        {columns.rows.map((row) => (
          <Row key={row.id} row={row} isTraced={row.id === traced} />
        ))}
        {columns.rows.length === 0 && <li className="none">{nothing(columns)}</li>}
      </ul>
      <Footer dataset={dataset} columns={columns} controls={controls} upstream={upstream} />
    </div>
  );
}

function Row({ row, isTraced }: { row: ColumnRow; isTraced: boolean }) {
  const { trace } = useActions();
  return (
    <li>
      <button
        type="button"
        className="column"
        tabIndex={-1}
        aria-pressed={isTraced}
        data-traced={row.traced || undefined}
        title={isTraced ? "Stop tracing" : `Trace ${row.name} up and down`}
        onClick={() => trace(isTraced ? null : row.id)}
      >
        <span className="name" dir="auto">
          {shortened(row.name, 22)}
        </span>
        {row.personal && <Icon name="lock" title="Personal data" />}
        {row.type && <span className="type">{shortened(row.type, 10)}</span>}
      </button>
    </li>
  );
}

function Footer({ dataset, columns, controls, upstream }: Omit<Props, "traced">) {
  const range = rangeOf(columns);
  return (
    <div className="footer">
      <span title={range}>
        {upstream?.all ? `${upstream.drawn} of ${upstream.all} upstream drawn` : range}
      </span>
      {(columns.page > 0 || columns.next) && (
        <span className="turn">
          <Button
            bare
            icon="previous"
            label="Previous columns"
            tabIndex={-1}
            disabled={columns.page === 0}
            onClick={() => controls.back(dataset.id)}
          />
          <Button
            bare
            icon="next"
            label="Next columns"
            tabIndex={-1}
            disabled={!columns.next}
            onClick={() => columns.next && controls.forward(dataset.id, columns.next)}
          />
        </span>
      )}
    </div>
  );
}

/** Which columns of how many; and how many are traced, where not all of these are in sight. */
function rangeOf({ rows, from, to, total, traced }: OpenColumns): string {
  if (!total) return "";
  const seen = rows.filter((row) => row.traced).length;
  const more = traced > seen ? ` · ${number(traced)} traced` : "";
  return `${number(from)}–${number(to)} of ${number(total)}${more}`;
}

function nothing({ pending, failed, q }: OpenColumns): string {
  if (pending) return "Loading…";
  if (failed) return "The columns could not be loaded.";
  return q ? "No column by that name." : "No columns told.";
}
