import { useEffect, useState, type ReactNode } from "react";

import { Problem } from "../api/client";
import type { Empty } from "../api/types";
import { moment } from "../format";
import { Button } from "../ui/controls";
import { Icon } from "../ui/icons";

function useAfter(milliseconds: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return passed;
}

/** Where loading takes longer than a blink. */
export function Loading() {
  return useAfter(200) ? <p className="muted nothing">Loading…</p> : null;
}

/** Shapes of cards, where loading takes longer than a blink; a way out, where it takes longer than that. */
export function Skeleton({ onCancel }: { onCancel: () => void }) {
  const late = useAfter(200);
  const veryLate = useAfter(1000);
  if (!late) return null;
  return (
    <div className="skeleton" role="status" aria-label="Loading the lineage">
      {[1, 2, 1, 3, 2].map((cards, column) => (
        <div key={column}>
          {Array.from({ length: cards }, (_, card) => (
            <span key={card} />
          ))}
        </div>
      ))}
      {veryLate && <Button label="Cancel: load one hop only" onClick={onCancel} />}
    </div>
  );
}

export function EmptyState({ empty, reset }: { empty: Empty; reset?: ReactNode }) {
  return (
    <Message title="No lineage yet">
      <p>{empty.message}</p>
      {empty.next && <p className="muted">{empty.next}</p>}
      {reset}
    </Message>
  );
}

/** An answer that did not come, with what to do. */
export function ProblemState({ error, retry }: { error: Error; retry: () => void }) {
  const problem = error instanceof Problem ? error : new Problem("request", error.message);
  if (problem.kind === "session") {
    return (
      <Message alert title="Session ended">
        <p>Log in to Airflow, then reload this page.</p>
        <Button label="Reload" onClick={() => window.location.reload()} />
      </Message>
    );
  }
  if (problem.kind === "forbidden") {
    return (
      <Message alert title="Not allowed">
        <p>{problem.message} Ask an administrator.</p>
      </Message>
    );
  }
  return (
    <Message
      alert
      title={
        problem.kind === "missing"
          ? "Not found"
          : problem.kind === "store"
            ? "The governance store cannot be read"
            : "The lineage could not be loaded"
      }
    >
      <p>{problem.message}</p>
      {problem.lastEventAt && <p className="muted">The last event came {moment(problem.lastEventAt)}.</p>}
      <Button label="Try again" onClick={retry} />
    </Message>
  );
}

export function Message({
  title,
  alert = false,
  children,
}: {
  title: string;
  alert?: boolean;
  children: ReactNode;
}) {
  return (
    <div className="message" role={alert ? "alert" : undefined}>
      <h2>
        {alert && <Icon name="warning" />} {title}
      </h2>
      {children}
    </div>
  );
}
