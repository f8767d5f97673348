"""Waivers: a steward lets a candidate through that breaks rules."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from airflow_gov.flow.deciding import rule_name
from airflow_gov.flow.stewardship import require_reason, require_steward
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadState, LogEntry
from airflow_gov.model.verdicts import LONGEST_WAIVER, Waiver

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

#: How many verdicts are looked through for one that can be waived.
RECENT = 100


def waive(
    governance: Governance,
    dataset: DatasetName,
    *,
    verdict_id: str | None = None,
    rules: Collection[str] | None = None,
    steward: str,
    granted_by: str,
    reason: str,
    expires_at: datetime,
) -> Waiver:
    """Let a candidate through although it breaks rules: the next run of its gate publishes it.

    :param verdict_id: the failing verdict that was looked at; default: the newest on a candidate.
    :param rules: which of its blocking rules; default: all of them.
    :param steward: who; a steward by the contract of the candidate and by that of the current version.
    :param granted_by: how and as whom, e.g. ``cli: jane on host7``.
    :param reason: why.
    :param expires_at: from then on it does not hold.
    :raises GovernanceError: ``STEWARD_REQUIRED``; ``PARAMETER_INVALID`` when there is nothing to waive,
        the verdict is not the newest one on a candidate, a rule does not block, or reason or expiry is none.
    """
    require_reason(dataset, reason, "waived")
    now = governance.clock()
    if expires_at.tzinfo is None or not now < expires_at <= now + LONGEST_WAIVER:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"A waiver of {dataset} expires in the future, within {LONGEST_WAIVER.days} days, in a time "
            f"zone, and not at {expires_at}.",
        )
    verdict = _waivable(governance, dataset, verdict_id)
    require_steward(governance, dataset, verdict.contract_hash, steward)
    waiver = Waiver(
        waiver_id=uuid.uuid4().hex,
        dataset=dataset,
        load_ids=tuple(sorted(verdict.load_ids)),
        contract_hash=verdict.contract_hash,
        verdict_id=verdict.verdict_id,
        rules=_blocking(verdict, rules),
        reason=reason.strip(),
        steward=steward,
        granted_by=granted_by,
        granted_at=now,
        expires_at=expires_at,
    )
    with governance.store.transaction():
        governance.store.waivers.record(waiver)
        governance.store.log.append(_entry(waiver))
    return waiver


def failing_verdict(governance: Governance, dataset: DatasetName) -> Verdict | None:
    """The newest verdict on a candidate that still waits, if it failed."""
    for verdict in governance.store.verdicts.list(dataset, RECENT):
        if verdict.load_ids and _still_waits(governance, verdict):
            return None if verdict.passed else verdict
    return None


def _waivable(governance: Governance, dataset: DatasetName, verdict_id: str | None) -> Verdict:
    newest = failing_verdict(governance, dataset)
    if verdict_id is None:
        if newest is None:
            raise _nothing(dataset, "no candidate waits that failed its gate")
        return newest
    verdict = governance.store.verdicts.get(verdict_id)
    if verdict is None or verdict.dataset != dataset:
        raise _nothing(dataset, f"it has no verdict {verdict_id!r}")
    if verdict.passed:
        raise _nothing(dataset, f"verdict {verdict_id} passed")
    newer = _newer(governance, verdict)
    if newer is not None:
        raise _nothing(
            dataset,
            f"verdict {verdict_id} is of snapshot {verdict.snapshot_id} and no longer the newest on its "
            f"candidate: verdict {newer.verdict_id} of snapshot {newer.snapshot_id} is",
        )
    if not _still_waits(governance, verdict):
        hint = f"; the newest that failed is {newest.verdict_id}" if newest else ""
        raise _nothing(
            dataset,
            f"verdict {verdict_id} is of snapshot {verdict.snapshot_id}, which is no candidate any more: it "
            f"was published, discarded or written again{hint}",
        )
    return verdict


def _newer(governance: Governance, verdict: Verdict) -> Verdict | None:
    """A later verdict on any of the same loads."""
    for other in governance.store.verdicts.list(verdict.dataset, RECENT):
        if other.verdict_id == verdict.verdict_id:
            return None
        if set(other.load_ids) & set(verdict.load_ids) and _still_waits(governance, other):
            return other
    return None


def _still_waits(governance: Governance, verdict: Verdict) -> bool:
    """Whether exactly what was checked is still a candidate."""
    dataset = verdict.dataset
    facts = governance.lake.snapshot(dataset, verdict.snapshot_id)
    if facts is None or governance.store.versions.by_snapshot(dataset, verdict.snapshot_id) is not None:
        return False
    for load_id in verdict.load_ids:
        load = governance.store.loads.get(dataset, load_id)
        if load is None or load.state is not LoadState.CANDIDATE:
            return False
        if load.updated_at is not None and load.updated_at > verdict.checked_at:
            return False
    return bool(verdict.load_ids)


def _blocking(verdict: Verdict, rules: Collection[str] | None) -> tuple[str, ...]:
    """The rules by their full names; a short name means all rules of that name."""
    blocking = {rule_name(result): result.rule for result in verdict.blocking}
    if rules is None:
        return tuple(blocking)
    unknown = [rule for rule in rules if rule not in blocking and rule not in blocking.values()]
    if unknown or not rules:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{verdict.dataset}: {', '.join(map(repr, unknown)) or 'no rule'} does not block verdict "
            f"{verdict.verdict_id}; what blocks is: {', '.join(blocking)}.",
            dataset=str(verdict.dataset),
        )
    return tuple(full for full, short in blocking.items() if full in rules or short in rules)


def _nothing(dataset: DatasetName, why: str) -> GovernanceError:
    return GovernanceError(
        Reason.PARAMETER_INVALID,
        f"Nothing to waive for {dataset}: {why}. See: airflow-gov gates show {dataset}",
        dataset=str(dataset),
    )


def _entry(waiver: Waiver) -> LogEntry:
    return LogEntry(
        action="waive",
        subject=str(waiver.dataset),
        actor=waiver.steward,
        at=waiver.granted_at,
        details={
            "waiver": waiver.waiver_id,
            "verdict": waiver.verdict_id,
            "loads": list(waiver.load_ids),
            "rules": list(waiver.rules),
            "reason": waiver.reason,
            "granted_by": waiver.granted_by,
            "expires": waiver.expires_at.isoformat(timespec="seconds"),
        },
    )
