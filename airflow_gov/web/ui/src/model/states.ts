import type { Change, JobState, Verdict } from "../api/types";
import type { IconName } from "../ui/icons";

export interface Shown {
  label: string;
  icon: IconName;
}

const STATES: Record<JobState, Shown> = {
  success: { label: "Success", icon: "check" },
  failed: { label: "Failed", icon: "cross" },
  running: { label: "Running", icon: "running" },
  up_for_retry: { label: "Up for retry", icon: "retry" },
  deferred: { label: "Deferred", icon: "clock" },
  skipped: { label: "Skipped", icon: "skip" },
  upstream_failed: { label: "Upstream failed", icon: "upstream" },
  unknown: { label: "No state told", icon: "dash" },
};

export const JOB_STATES = Object.keys(STATES) as JobState[];

/** An unknown word of a newer server is shown as it came. */
export function stateShown(state: string): Shown {
  return (STATES as Record<string, Shown>)[state] ?? { label: state, icon: "dash" };
}

const VERDICTS: Record<Verdict, Shown> = {
  passed: { label: "Gate passed", icon: "check" },
  failed: { label: "Gate failed", icon: "cross" },
  waived: { label: "Gate waived", icon: "waived" },
  review: { label: "Waits for review", icon: "review" },
};

export function verdictShown(verdict: Verdict): Shown {
  return VERDICTS[verdict] ?? { label: verdict, icon: "dash" };
}

const CHANGES: Record<Change, Shown & { sign: string }> = {
  added: { label: "Added", icon: "plus", sign: "+" },
  removed: { label: "Removed", icon: "dash", sign: "−" },
  changed: { label: "Changed", icon: "tilde", sign: "~" },
};

export function changeShown(change: Change): Shown & { sign: string } {
  return CHANGES[change];
}
