"""What a gate says when it does not publish: each rule that broke, by how much, and where rows lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.flow.acts import log_act
from airflow_gov.flow.deciding import rule_name
from airflow_gov.model.errors import Reason, VerdictFailedError
from airflow_gov.model.verdicts import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.flow.deciding import Judged, Ruled
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.verdicts import RuleResult
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

#: How many rows that broke a rule a message names.
SHOWN = 5


def refuse(
    governance: Governance,
    recording: Recording,
    rulings: Sequence[Ruled],
    notes: Mapping[DatasetName, str],
) -> VerdictFailedError:
    """Record that candidates are refused; gives the error to raise.

    :param rulings: those that were refused.
    :param notes: what else there is to say of a dataset.
    """
    with governance.store.transaction():
        for ruled in rulings:
            governance.store.decisions.record(decision_of(governance, recording, ruled))
        for ruled in rulings:
            verdict = ruled.judged.verdict
            details = {"verdict": verdict.verdict_id, "snapshot": verdict.snapshot_id}
            log_act(governance, recording, "publish.refused", verdict.dataset, details)
    lines = [line for ruled in rulings for line in _lines(ruled.judged, notes.get(ruled.judged.dataset))]
    return VerdictFailedError(
        Reason.VERDICT_FAILED,
        "Not published, the contract is not kept:\n" + "\n".join(lines),
        verdicts=[ruled.judged.verdict.verdict_id for ruled in rulings],
        datasets=[str(ruled.judged.dataset) for ruled in rulings],
    )


def decision_of(governance: Governance, recording: Recording, ruled: Ruled) -> Decision:
    """A ruling as it is recorded."""
    verdict = ruled.judged.verdict
    return Decision(
        dataset=verdict.dataset,
        snapshot_id=verdict.snapshot_id,
        contract_hash=verdict.contract_hash,
        verdict_id=verdict.verdict_id,
        ruling=ruled.ruling,
        decided_at=governance.clock(),
        execution_id=recording.execution_id,
        waiver_id=ruled.waiver.waiver_id if ruled.waiver is not None else None,
    )


def told(result: RuleResult) -> str:
    """A rule that broke, in one line: its name, what was expected and observed, rows and examples."""
    columns = f"({', '.join(result.columns)})" if result.columns else ""
    where = "" if rule_name(result).endswith(columns) else columns
    rows = (
        f", {result.failed_rows:,} row{'s' if result.failed_rows > 1 else ''}" if result.failed_rows else ""
    )
    examples = "; ".join(
        ", ".join(f"{name}={value}" for name, value in example.items()) for example in result.examples[:SHOWN]
    )
    shown = f" (e.g. {examples})" if examples else ""
    return f"{rule_name(result)}{where}: expected {result.expected}, observed {result.observed}{rows}{shown}"


def _lines(judged: Judged, note: str | None) -> list[str]:
    dataset = judged.dataset
    lines = [f"  {dataset}: {told(result)}" for result in judged.verdict.blocking]
    aside = sum(load.counts.quarantined or 0 for load in judged.loads)
    if note:
        lines.append(f"  {dataset}: {note}")
    elif aside:
        lines.append(f"  {dataset}: {aside:,} rows of these loads lie in {dataset.quarantine}")
    return lines
