"""The sensitive split: restricted columns to the sensitive zone, keyed tokens on the other side."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from airflow_gov.flow.loading import LoadRequest, commit_candidate, open_load
from airflow_gov.flow.observing import note_lineage
from airflow_gov.flow.sources import SourceSpec, resolve, scan_source, source_data
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Candidate, LoadKey, RowCounts, WriteMode
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance

#: Shortest HMAC key accepted, in bytes (RFC 2104 section 3 advises the hash's length, 32 for SHA-256;
#: half of it is where guessing stops being thinkable).
MIN_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Split:
    """One table in, two out.

    :param source: what is split.
    :param source_contract: its contract; its classifications decide what is restricted.
    :param sensitive_contract: the contract of the sensitive side.
    :param target_contract: the contract of the other side.
    :param key: the load's key.
    :param token_key: the HMAC key.
    :param write_mode: how both results are applied.
    """

    source: SourceSpec
    source_contract: Contract
    sensitive_contract: Contract
    target_contract: Contract
    key: LoadKey
    token_key: bytes = field(repr=False)
    write_mode: WriteMode = WriteMode.OVERWRITE


def split(governance: Governance, recording: Recording, job: Split) -> tuple[Candidate, Candidate]:
    """Write both sides as candidates of one group, which publish together or not at all.

    :returns: the sensitive side's candidate, the other side's.
    :raises GovernanceError: a key too short, a target that is not in the sensitive zone, a contract
        that would let a restricted column out or lose it.
    """
    _check(job)
    sensitive, target = job.sensitive_contract, job.target_contract
    refs = resolve(governance, [job.source], target.dataset)
    resolve(governance, [job.source], sensitive.dataset)
    requests = [
        LoadRequest(contract, job.key, job.write_mode, refs, group=job.key.load_id)
        for contract in (sensitive, target)
    ]
    with (
        open_load(governance, recording, requests[0]) as sensitive_load,
        open_load(governance, recording, requests[1]) as target_load,
        governance.lake.stage(sensitive.dataset, sensitive_load.load_id) as sensitive_staging,
        governance.lake.stage(target.dataset, target_load.load_id) as target_staging,
    ):
        ref = target_load.sources[0]
        scan = scan_source(governance, ref)
        recording.add(source_data(ref, scan))
        restricted, other = governance.engine.split(
            scan,
            job.source_contract,
            sensitive,
            target,
            key=job.token_key,
            load_id=target_load.load_id,
            sensitive_folder=sensitive_staging.folder,
            target_folder=target_staging.folder,
        )
        for side in (sensitive, target):
            note_lineage(recording, side.dataset, partial(_lineage, job, side))
        first = commit_candidate(
            governance, recording, sensitive, sensitive_load, sensitive_staging, restricted
        )
        second = commit_candidate(governance, recording, target, target_load, target_staging, other)
    recording.counts = _sum(first.counts, second.counts, scan.rows)
    return first, second


def _lineage(job: Split, side: Contract) -> ColumnLineage:
    from airflow_gov.transform.column_lineage.by_name import split_lineage

    return split_lineage(job.source_contract, side)


def _check(job: Split) -> None:
    if job.sensitive_contract.dataset.zone is not Zone.SENSITIVE:
        raise GovernanceError(
            Reason.HOP_REFUSED,
            f"{job.sensitive_contract.dataset} is not in the sensitive zone: sensitive_target must be.",
        )
    if job.target_contract.dataset.zone is Zone.SENSITIVE:
        raise GovernanceError(
            Reason.HOP_REFUSED, f"{job.target_contract.dataset} is in the sensitive zone: target must not be."
        )
    if len(job.token_key) < MIN_KEY_BYTES:
        raise GovernanceError(
            Reason.KEY_INVALID,
            f"The token key has {len(job.token_key)} bytes: use at least {MIN_KEY_BYTES}, "
            f"better 32 random ones.",
        )


def _sum(first: RowCounts, second: RowCounts, read: int) -> RowCounts:
    def plus(a: int | None, b: int | None) -> int | None:
        return None if a is None and b is None else (a or 0) + (b or 0)

    return replace(
        first,
        read=read,
        written=plus(first.written, second.written),
        inserted=plus(first.inserted, second.inserted),
        updated=plus(first.updated, second.updated),
        deleted=plus(first.deleted, second.deleted),
    )
