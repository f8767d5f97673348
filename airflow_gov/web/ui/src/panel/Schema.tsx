import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useRef, useState } from "react";

import { getJson } from "../api/client";
import type { Column, ColumnPage } from "../api/types";
import { counted } from "../format";
import { useActions } from "../graph/actions";
import { Button } from "../ui/controls";
import { Icon } from "../ui/icons";
import { useView } from "../view/context";
import { Nothing } from "./parts";

const AT_ONCE = 100;

/** All columns, however many: only those in sight are drawn, and loaded as they come near. */
export function Schema({ dataset }: { dataset: string }) {
  const { view } = useView();
  const [text, setText] = useState("");
  const q = useDeferredValue(text);
  const asOf = view.asOf?.at;
  const pages = useInfiniteQuery({
    queryKey: ["columns", "all", dataset, q, asOf],
    queryFn: ({ pageParam, signal }) =>
      getJson<ColumnPage>("columns", { dataset, q, after: pageParam, limit: AT_ONCE, as_of: asOf }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const columns = pages.data?.pages.flatMap((page) => page.columns) ?? [];
  const total = pages.data?.pages[0]?.total ?? 0;
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: columns.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 48,
    overscan: 8,
  });
  const last = rows.getVirtualItems().at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const isWanted = hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (last >= columns.length - 10 && isWanted) void fetchNextPage();
  }, [last, columns.length, isWanted, fetchNextPage]);

  return (
    <div className="schema">
      <input
        type="search"
        placeholder="Search columns"
        aria-label="Search columns"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {isFetchNextPageError && <Button label="Load more columns" onClick={() => void fetchNextPage()} />}
      <p className="muted" role="status">
        {pages.isError && !columns.length
          ? "The columns could not be loaded."
          : pages.isPending
            ? "Loading…"
            : counted(total, "column")}
      </p>
      {!columns.length && pages.isSuccess && (
        <Nothing>{q ? "No column by that name." : "No columns were told."}</Nothing>
      )}
      <div className="scroll" ref={scroll} role="list" aria-label="Columns">
        <div style={{ height: rows.getTotalSize(), position: "relative" }} role="presentation">
          {rows.getVirtualItems().map((item) => {
            const column = columns[item.index];
            return (
              column && (
                <div
                  key={column.id}
                  role="listitem"
                  aria-setsize={total}
                  aria-posinset={item.index + 1}
                  data-index={item.index}
                  ref={rows.measureElement}
                  className="schema-row"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <SchemaRow column={column} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function SchemaRow({ column }: { column: Column }) {
  const { trace } = useActions();
  const { view } = useView();
  const isTraced = view.trace === column.id;
  return (
    <>
      <div className="line">
        <span className="name" dir="auto">
          {column.name}
        </span>
        {column.personal && <Icon name="lock" title="Personal data" />}
        <span className="type">{column.type}</span>
        <button
          type="button"
          className="button bare"
          aria-pressed={isTraced}
          aria-label={`Trace ${column.name}`}
          title={`${counted(column.up, "column")} upstream, ${counted(column.down, "column")} downstream`}
          onClick={() => trace(isTraced ? null : column.id)}
        >
          <Icon name="path" />
        </button>
      </div>
      {column.description && (
        <p className="muted" dir="auto">
          {column.description}
        </p>
      )}
      {(column.classification || column.tags.length > 0) && (
        <p className="words">
          {[column.classification, ...column.tags].filter(Boolean).map((tag) => (
            <span key={tag} className="word" dir="auto">
              {tag}
            </span>
          ))}
        </p>
      )}
    </>
  );
}
