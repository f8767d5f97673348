"""Checks without a publication: of a published version, as of a candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.flow.judging import Sight, check_snapshot, verdict_on
from airflow_gov.flow.promises import kept_contract, latest_contract
from airflow_gov.flow.quarantining import candidate_of
from airflow_gov.flow.reporting import keep_report
from airflow_gov.flow.sources import published_head
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import LoadState, RowCounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Load, Version
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def check_dataset(
    governance: Governance,
    recording: Recording,
    dataset: DatasetName,
    *,
    version: int | None = None,
    load: Load | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Verdict:
    """Check a version or a candidate and record the verdict; nothing is published.

    :param version: the number of a published version; default: the current one.
    :param load: check this load's candidate instead.
    :param parameters: values of ``{"$PARAMETER": name}`` in expectations.
    :returns: the verdict, also one that failed.
    :raises GovernanceError: a version or candidate that is not there, rules that cannot be evaluated.
    """
    if load is not None and load.state is not LoadState.PUBLISHED:
        number, verdict = None, _of_candidate(governance, recording, load, parameters or {})
    else:
        found = _version(governance, dataset, version, load)
        number, verdict = found.version, _of_version(governance, recording, found, parameters or {})
    recording.action = f"Check {dataset}"
    recording.counts = RowCounts(read=verdict.rows)
    recording.add(
        DataRef(
            role=Role.SOURCE,
            dataset=str(dataset),
            snapshot_id=verdict.snapshot_id,
            version=number,
            load_id=load.load_id if load is not None else None,
            rows=verdict.rows,
        )
    )
    return verdict


def _version(governance: Governance, dataset: DatasetName, number: int | None, load: Load | None) -> Version:
    if load is not None:
        found = governance.store.versions.for_load(dataset, load.load_id)
    elif number is None:
        return published_head(governance, dataset)
    else:
        found = governance.store.versions.get(dataset, number)
    if found is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} has no version {number if number is not None else 'of that load'}. "
            f"See: airflow-gov datasets versions {dataset}",
            dataset=str(dataset),
        )
    return found


def _of_version(
    governance: Governance, recording: Recording, version: Version, parameters: Mapping[str, Any]
) -> Verdict:
    """A published version is held against what it promised: a newer contract is for newer rows."""
    dataset = version.dataset
    contract = (
        kept_contract(governance, dataset, version.contract_hash)
        if version.contract_hash is not None
        else latest_contract(governance, dataset)
    )
    sight = Sight(
        snapshot_id=version.snapshot_id,
        allow_empty=version.rows == 0,
        before=version.version,
        parameters=parameters,
    )
    verdict = check_snapshot(governance, recording, contract, sight)
    keep_report(governance, verdict, contract)
    return verdict


def _of_candidate(
    governance: Governance, recording: Recording, load: Load, parameters: Mapping[str, Any]
) -> Verdict:
    contract, candidate = kept_contract(governance, load.dataset, load.contract_hash), candidate_of(load)
    if governance.lake.snapshot(load.dataset, candidate.snapshot_id) is None:
        raise CandidateStaleError(
            Reason.CANDIDATE_STALE,
            f"{load.dataset}: the candidate of load {load.load_id} is gone: a gate put it onto a newer main, "
            f"or a later try or maintenance discarded it. Run its gate, or the task that writes it.",
            dataset=str(load.dataset),
            load_id=load.load_id,
        )
    verdict = verdict_on(governance, recording, contract, candidate, parameters)
    keep_report(governance, verdict, contract)
    return verdict
