"""Verdicts: a snapshot checked against its contract, and recorded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_gov.flow.sources import published_head
from airflow_gov.model.errors import CandidateStaleError, Reason
from airflow_gov.model.loads import VersionKind, WriteMode
from airflow_gov.model.rules import RuleKind
from airflow_gov.model.verdicts import RuleResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Candidate
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality.subject import Subject
    from airflow_gov.runtime import Governance

#: How many published versions a rule about volumes can look back on.
HISTORY = 100
#: Rules about nothing but the load's own rows.
_OF_THE_LOAD = frozenset({"row_count", "required"})
#: What a reference to a run's parameter looks like in a suite.
_PARAMETER = "$PARAMETER"


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a dataset is looked at.

    :param snapshot_id: the snapshot.
    :param load_ids: the loads of a candidate; empty for a published version.
    :param allow_empty: whether no rows are fine.
    :param before: only versions below this number count as history; None: all.
    :param parameters: values of ``{"$PARAMETER": name}`` in expectations.
    :param same_rows: earlier snapshots with the same rows of the load.
    """

    snapshot_id: int
    load_ids: tuple[str, ...] = ()
    allow_empty: bool = False
    before: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    same_rows: frozenset[int] = frozenset()


def verdict_on(
    governance: Governance,
    recording: Recording,
    contract: Contract,
    candidate: Candidate,
    parameters: Mapping[str, Any] | None = None,
) -> Verdict:
    """The verdict on exactly this snapshot and contract version: the recorded one, or a new one.

    A recorded verdict is taken where its rules depend on nothing but the snapshot: not on the time, on
    other datasets or on parameters.

    :param parameters: values of ``{"$PARAMETER": name}`` in expectations.
    """
    dataset, snapshot_id = candidate.dataset, candidate.snapshot_id
    known = governance.store.verdicts.for_snapshot(dataset, snapshot_id, contract.hash)
    if known is not None and _lasts(contract):
        return known
    facts = governance.lake.snapshot(dataset, snapshot_id)
    alone = len(candidate.load_ids) == 1 and candidate.write_mode is WriteMode.APPEND
    sight = Sight(
        snapshot_id=snapshot_id,
        load_ids=candidate.load_ids,
        # The operator refused an empty result unless the user allowed it.
        allow_empty=candidate.counts.written == 0,
        parameters=parameters or {},
        same_rows=facts.made_of if facts is not None and alone else frozenset(),
    )
    return check_snapshot(governance, recording, contract, sight)


def check_snapshot(governance: Governance, recording: Recording, contract: Contract, sight: Sight) -> Verdict:
    """Check a snapshot and record the verdict.

    :raises CandidateStaleError: the candidate was discarded while it was checked.
    :raises GovernanceError: ``RULE_INVALID`` and what else keeps rules from being evaluated.
    """
    from airflow_gov.quality.checking import check

    try:
        subject = subject_of(governance, contract, sight)
        results = check(subject, governance.engine, known=_known(governance, contract, sight))
    except Exception as error:
        # Files that vanish under a query raise whatever the engine or the storage raises.
        _refuse_discarded(governance, contract.dataset, sight, error)
        raise
    verdict = Verdict(
        verdict_id=uuid.uuid4().hex,
        dataset=contract.dataset,
        snapshot_id=sight.snapshot_id,
        contract_hash=contract.hash,
        results=results,
        rows=subject.candidate.rows,
        checked_at=governance.clock(),
        execution_id=recording.execution_id,
        load_ids=sight.load_ids,
    )
    governance.store.verdicts.record(verdict)
    return verdict


def subject_of(
    governance: Governance, contract: Contract, sight: Sight, *, load_id: str | None = None
) -> Subject:
    """What rules see of a snapshot.

    :param load_id: the load whose rows count as added, where the snapshot carries several.
    """
    from airflow_gov.quality.subject import Subject

    lake, dataset = governance.lake, contract.dataset
    whole = added = lake.scan(dataset, sight.snapshot_id)
    if load_id is None and len(sight.load_ids) == 1:
        load_id = sight.load_ids[0]
    if load_id is not None:
        added = lake.scan(dataset, sight.snapshot_id, load_id=load_id)
    return Subject(
        contract=contract,
        candidate=whole,
        added=added,
        now=governance.clock(),
        previous_schema=_published_schema(governance, dataset) if sight.load_ids else None,
        row_counts=_row_counts(governance, dataset, sight.before),
        others=_others(governance, contract),
        exists=lake.raw.exists,
        allow_empty=sight.allow_empty,
        parameters=sight.parameters,
    )


def _row_counts(governance: Governance, dataset: DatasetName, before: int | None) -> tuple[int, ...]:
    """Rows of the published versions, newest first; what rollbacks and maintenance made brings none."""
    return tuple(
        version.rows
        for version in governance.store.versions.list(dataset, limit=HISTORY)
        if version.kind is VersionKind.PUBLISH and (before is None or version.version < before)
    )


def _others(governance: Governance, contract: Contract) -> dict[DatasetName, Any]:
    from airflow_gov.quality.checking import other_datasets

    return {
        name: governance.lake.scan(name, published_head(governance, name).snapshot_id)
        for name in sorted(other_datasets(contract))
    }


def _published_schema(governance: Governance, dataset: DatasetName) -> Sequence[tuple[str, str]] | None:
    current = governance.store.versions.current(dataset)
    if current is None or governance.lake.snapshot(dataset, current.snapshot_id) is None:
        return None
    return governance.lake.scan(dataset, current.snapshot_id).schema


def _lasts(contract: Contract) -> bool:
    """Whether a verdict under this contract stays true of its snapshot."""
    from airflow_gov.quality.checking import other_datasets
    from airflow_gov.quality.suites.reading import suite_of

    texts = (contract.text, *contract.suites.values())
    if any(_PARAMETER in text for text in texts) or other_datasets(contract):
        return False
    # A user's SQL may ask for the time, too.
    return not any(rule.kind in (RuleKind.OBSERVED, RuleKind.SQL) for rule in suite_of(contract).rules)


def _known(governance: Governance, contract: Contract, sight: Sight) -> tuple[RuleResult, ...]:
    """Results that a rebase left as they were: of rules about rows that came along in the same files."""
    for snapshot_id in sorted(sight.same_rows, reverse=True):
        verdict = governance.store.verdicts.for_snapshot(contract.dataset, snapshot_id, contract.hash)
        if verdict is not None and verdict.load_ids == sight.load_ids:
            return tuple(
                result for result in verdict.results if not result.check and result.rule in _OF_THE_LOAD
            )
    return ()


def _refuse_discarded(governance: Governance, dataset: DatasetName, sight: Sight, error: Exception) -> None:
    """Say what happened when files went away under a check: their candidate was discarded."""
    if governance.lake.snapshot(dataset, sight.snapshot_id) is None:
        raise CandidateStaleError(
            Reason.CANDIDATE_STALE,
            f"{dataset}: the candidate of load {', '.join(sight.load_ids)} was discarded while it was "
            f"checked: a later try of its task or maintenance removed it. Run the task that writes it again.",
            dataset=str(dataset),
            snapshot=sight.snapshot_id,
        ) from error
