"""Verdicts: a candidate checked against its contract, recorded, and what a failing one means."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from airflow_gov.flow.acts import log_act
from airflow_gov.model.errors import GovernanceError, Reason, VerdictFailedError
from airflow_gov.model.verdicts import RuleResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Candidate, Load
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def contract_of(governance: Governance, load: Load) -> Contract:
    """The contract version a load was written under, from the store."""
    from airflow_gov.contracts import parse_contract

    text = governance.store.contracts.text(load.contract_hash)
    if text is None:
        raise GovernanceError(
            Reason.CONTRACT_MISSING,
            f"The contract {load.contract_hash[:12]} of {load.dataset} is not in the store: "
            f"run its task again.",
        )
    return parse_contract(text, load.dataset)


def verdict_on(
    governance: Governance, recording: Recording, contract: Contract, candidate: Candidate
) -> Verdict:
    """The verdict on exactly this snapshot and contract version: the recorded one, or a new one."""
    known = governance.store.verdicts.for_snapshot(candidate.dataset, candidate.snapshot_id, contract.hash)
    if known is not None:
        return known
    results, rows = check(governance, contract, candidate)
    verdict = Verdict(
        verdict_id=uuid.uuid4().hex,
        dataset=candidate.dataset,
        snapshot_id=candidate.snapshot_id,
        contract_hash=contract.hash,
        results=results,
        rows=rows,
        checked_at=governance.clock(),
        execution_id=recording.execution_id,
    )
    governance.store.verdicts.record(verdict)
    return verdict


def check(
    governance: Governance, contract: Contract, candidate: Candidate
) -> tuple[tuple[RuleResult, ...], int]:
    """Check a candidate's structure against its contract.

    :returns: each rule's result, and the rows of the snapshot.
    """
    from airflow_gov.quality import check_structure

    lake = governance.lake
    whole = lake.scan(candidate.dataset, candidate.snapshot_id)
    added = whole
    if len(candidate.load_ids) == 1:
        added = lake.scan(candidate.dataset, candidate.snapshot_id, load_id=candidate.load_ids[0])
    results = check_structure(
        contract,
        whole,
        added,
        governance.engine,
        previous_schema=_published_schema(governance, candidate.dataset),
        exists=lake.raw.exists,
        # The operator refused an empty result unless the user allowed it.
        allow_empty=candidate.counts.written == 0,
    )
    return results, whole.rows


def _published_schema(governance: Governance, dataset: DatasetName) -> Sequence[tuple[str, str]] | None:
    current = governance.store.versions.current(dataset)
    if current is None or governance.lake.snapshot(dataset, current.snapshot_id) is None:
        return None
    return governance.lake.scan(dataset, current.snapshot_id).schema


def refuse_failed(governance: Governance, recording: Recording, verdicts: Sequence[Verdict]) -> None:
    """Refuse to publish when a contract is not kept, saying each rule that broke.

    :raises VerdictFailedError: naming rule, columns, what was expected and observed.
    """
    broken = [verdict for verdict in verdicts if not verdict.passed]
    if not broken:
        return
    for verdict in broken:
        log_act(
            governance,
            recording,
            "publish.refused",
            verdict.dataset,
            {"verdict": verdict.verdict_id, "snapshot": verdict.snapshot_id},
        )
    reasons = "\n".join(
        f"  {verdict.dataset}: {_told(result)}"
        for verdict in broken
        for result in verdict.failures
        if result.severity == "error"
    )
    raise VerdictFailedError(
        Reason.VERDICT_FAILED,
        f"Not published, the contract is not kept:\n{reasons}",
        verdicts=[verdict.verdict_id for verdict in broken],
    )


def _told(result: RuleResult) -> str:
    where = f"({', '.join(result.columns)})" if result.columns else ""
    rows = f", {result.failed_rows:,} rows" if result.failed_rows else ""
    return f"{result.rule}{where}: expected {result.expected}, observed {result.observed}{rows}"
