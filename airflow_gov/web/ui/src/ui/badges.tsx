import type { Change, Verdict, Zone } from "../api/types";
import { ago, moment } from "../format";
import { changeShown, stateShown, verdictShown } from "../model/states";
import { Icon } from "./icons";

export function StateBadge({ state }: { state: string }) {
  const { label, icon } = stateShown(state);
  return (
    <span className="state" data-state={state}>
      <Icon name={icon} />
      {label}
    </span>
  );
}

/** The icon alone, as cards have room for; its name is read out. */
export function StateDot({ state }: { state: string }) {
  const { label, icon } = stateShown(state);
  return (
    <span className="dot" data-state={state} title={label}>
      <Icon name={icon} />
    </span>
  );
}

const AS_STATE: Record<Verdict, string> = {
  passed: "success",
  failed: "failed",
  waived: "up_for_retry",
  review: "deferred",
};

export function VerdictBadge({ verdict, short = false }: { verdict: Verdict; short?: boolean }) {
  const { label, icon } = verdictShown(verdict);
  return (
    <span className={short ? "dot" : "state"} data-state={AS_STATE[verdict]} title={label}>
      <Icon name={icon} />
      {!short && label}
    </span>
  );
}

export function ChangeBadge({
  change,
  details = [],
}: {
  change: Change;
  details?: readonly string[] | undefined;
}) {
  const { label, icon } = changeShown(change);
  return (
    <span className="change" data-change={change} title={[label, ...details].join("\n")}>
      <Icon name={icon} />
      <span className="unseen">{label}</span>
    </span>
  );
}

export function ZoneTag({ zone }: { zone: Zone | null }) {
  return (
    <span className="zone-tag" data-zone={zone ?? "outside"}>
      {zone ?? "outside"}
    </span>
  );
}

export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at)}
    </time>
  );
}
