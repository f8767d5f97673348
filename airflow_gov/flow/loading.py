"""One load: taken under a lease, written as a candidate, recorded on both sides."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.flow.contract_use import use_contract
from airflow_gov.flow.taken_back import why_taken_back
from airflow_gov.model.errors import GovernanceError, LoadInProgressError, Reason
from airflow_gov.model.execution import DataRef, Execution, Role, Status
from airflow_gov.model.loads import Candidate, Load, LoadKey, LoadState, SourceRef, WriteMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from airflow_gov.flow.recording import Recording
    from airflow_gov.lake import Staging
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance
    from airflow_gov.transform import Written

log = logging.getLogger(__name__)

#: Prefix of what we write into Iceberg snapshot summaries.
SUMMARY_PREFIX = "airflow-gov."


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What an operator wants to load.

    :param contract: the target's contract.
    :param key: what makes it the same load when it is tried again.
    :param write_mode: how it is applied.
    :param sources: what it reads now; pinned by the first try.
    :param group: candidates that publish together or not at all share it.
    """

    contract: Contract
    key: LoadKey
    write_mode: WriteMode
    sources: tuple[SourceRef, ...] = ()
    group: str | None = None


@contextmanager
def open_load(governance: Governance, recording: Recording, request: LoadRequest) -> Iterator[Load]:
    """Hold a load while it is being written.

    The lease is renewed in the background; another process that wants the same load is refused, a
    later try of the same task, or one that finds this process dead, takes over.

    :raises LoadInProgressError: the same load is being written elsewhere.
    :raises GovernanceError: ``RULE_INVALID`` with everything that is wrong with the contract's quality rules.
    """
    task = recording.execution.task
    _refuse_wrong_rules(governance, request.contract)
    use_contract(governance, recording, request.contract)
    lease = timedelta(seconds=governance.settings.load_lease_seconds)
    wanted = Load(
        dataset=request.contract.dataset,
        load_id=request.key.load_id,
        load_key=request.key.parts,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=task.map_index,
        execution_id=recording.execution_id,
        write_mode=request.write_mode,
        state=LoadState.WRITING,
        contract_hash=request.contract.hash,
        sources=request.sources,
        group=request.group,
    )
    before = governance.store.loads.get(wanted.dataset, wanted.load_id)
    if before is not None:
        _refuse_shared_key(before, wanted)
    if wanted.write_mode is WriteMode.OVERWRITE and wanted.map_index >= 0:
        _refuse_overwriting_siblings(governance, wanted)
    load = governance.store.loads.begin(
        wanted, lease=lease, is_alive=process_is_alive, pinned=_is_retry(governance, before, wanted)
    )
    load = replace(load, sources=_readable(governance, load.sources, request.sources))
    with _renewing(governance, load, lease):
        try:
            yield load
        except BaseException:
            # A deferral never happens while a load is open, so whatever comes out here ends the try.
            with suppress(GovernanceError):
                governance.store.loads.fail(load.dataset, load.load_id, load.execution_id)
            raise


def _refuse_wrong_rules(governance: Governance, contract: Contract) -> None:
    """Refuse rules that no gate could evaluate, before anything is written for it to look at."""
    from airflow_gov.quality import suite_of

    suite_of(contract, None, governance.engine.refuse_sql)


def _refuse_shared_key(before: Load, wanted: Load) -> None:
    """Two tasks of one run under one load key would replace each other's rows."""
    same_run = (before.dag_id, before.run_id) == (wanted.dag_id, wanted.run_id)
    same_task = (before.task_id, before.map_index) == (wanted.task_id, wanted.map_index)
    if same_run and not same_task and before.state in (LoadState.CANDIDATE, LoadState.PUBLISHED):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The load key {' '.join(wanted.load_key)!r} of {wanted.dataset} was used in this run by "
            f"{before.task_id}[{before.map_index}] already, whose rows this task would replace: give each "
            f"task its own, e.g. with {{{{ ti.map_index }}}} in load_key.",
            dataset=str(wanted.dataset),
            load_id=wanted.load_id,
        )


def _refuse_overwriting_siblings(governance: Governance, wanted: Load) -> None:
    """Mapped tasks that each overwrite one dataset would leave the rows of the last one only."""
    for other in governance.store.loads.of_run(wanted.dataset, wanted.dag_id, wanted.run_id):
        if other.task_id == wanted.task_id and other.map_index != wanted.map_index:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"{wanted.task_id}[{wanted.map_index}] and [{other.map_index}] would both overwrite "
                f"{wanted.dataset}: mapped tasks that load one dataset use write_mode append, upsert or "
                f"overwrite_partition.",
                dataset=str(wanted.dataset),
            )


def _is_retry(governance: Governance, before: Load | None, wanted: Load) -> bool:
    """Whether this is another try of what failed, which reads what the first try read.

    A task that is run again after it succeeded (someone cleared it), or in another run, reads anew.
    """
    if before is None or (before.dag_id, before.run_id) != (wanted.dag_id, wanted.run_id):
        return False
    earlier = governance.store.executions.get(before.execution_id)
    return earlier is None or earlier.status is not Status.SUCCESS


def process_is_alive(holder: Execution) -> bool:
    """Whether the process of an execution may still live. True when it cannot be known (another host)."""
    if holder.host.name != socket.gethostname() or holder.host.pid is None:
        return True
    try:
        os.kill(holder.host.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_candidate(
    governance: Governance,
    recording: Recording,
    contract: Contract,
    load: Load,
    produce: Callable[[Path], Written],
) -> Candidate:
    """Write a load's rows as a candidate and record it in the store and in the execution.

    :param produce: writes Parquet files into the folder it is given and says what it wrote; nothing
        reaches the lake when it raises.
    """
    with governance.lake.stage(contract.dataset, load.load_id) as staging:
        return commit_candidate(governance, recording, contract, load, staging, produce(staging.folder))


def commit_candidate(
    governance: Governance,
    recording: Recording,
    contract: Contract,
    load: Load,
    staging: Staging,
    written: Written,
    *,
    quarantined: int | None = None,
) -> Candidate:
    """Make staged files a candidate and record it; the second half of :func:`write_candidate`.

    :param quarantined: rows that were set aside before.
    :raises LoadInProgressError: another try took the load over; nothing is written then.
    """
    _require_held(governance, load)
    governance.lake.prepare(contract)
    candidate = governance.lake.write_candidate(
        contract,
        staging,
        load_id=load.load_id,
        write_mode=load.write_mode,
        properties=summary_properties(recording, contract, load),
    )
    if candidate.counts.written != written.rows:
        raise GovernanceError(
            Reason.LAKE_UNAVAILABLE,
            f"{contract.dataset}: {written.rows:,} rows were staged and {candidate.counts.written:,} "
            f"arrived: files were removed while they were written. Run the task again.",
            dataset=str(contract.dataset),
        )
    candidate = replace(candidate, counts=replace(candidate.counts, quarantined=quarantined))
    try:
        record_candidate(governance, load, candidate)
    except LoadInProgressError:
        governance.lake.discard(candidate)
        raise
    recording.add(
        DataRef(
            role=Role.TARGET,
            dataset=str(contract.dataset),
            snapshot_id=candidate.snapshot_id,
            load_id=load.load_id,
            files=candidate.files,
            columns=written.columns,
            rows=written.rows,
        )
    )
    log.info(
        "%s: candidate %s of load %s, %d rows",
        contract.dataset,
        candidate.snapshot_id,
        load.load_id,
        written.rows,
    )
    return candidate


def _require_held(governance: Governance, load: Load) -> None:
    """Refuse to write for a load that another try took over while this one was slow."""
    lease = timedelta(seconds=governance.settings.load_lease_seconds)
    if not governance.store.loads.renew(load.dataset, load.load_id, load.execution_id, lease):
        raise LoadInProgressError(
            Reason.LOAD_IN_PROGRESS,
            f"Load {load.load_id} of {load.dataset} was taken over by another try; this one writes nothing.",
            dataset=str(load.dataset),
            load_id=load.load_id,
        )


def record_candidate(governance: Governance, load: Load, candidate: Candidate) -> None:
    """Tell the store what a load wrote; from here on a gate finds it.

    :raises LoadInProgressError: another try took the load over in the meantime.
    """
    governance.store.loads.candidate(
        replace(
            load,
            state=LoadState.CANDIDATE,
            base_snapshot_id=candidate.base_snapshot_id,
            candidate_snapshot_id=candidate.snapshot_id,
            counts=candidate.counts,
        )
    )


def summary_properties(recording: Recording, contract: Contract, load: Load) -> dict[str, str]:
    """What the snapshot's summary says about how it came to be, so that the lake explains itself."""
    execution = recording.execution
    facts = {
        "load-id": load.load_id,
        "execution-id": execution.execution_id,
        "contract-hash": contract.hash,
        "user": execution.actor.triggered_by or execution.actor.os_user,
        "task": f"{execution.task.dag_id}.{execution.task.task_id}",
        "git-commit": execution.git.commit,
        "source-snapshots": json.dumps({str(ref.dataset): ref.snapshot_id for ref in load.sources}),
    }
    return {SUMMARY_PREFIX + key: value for key, value in facts.items() if value}


def output_of(candidate: Candidate) -> dict[str, str | int]:
    """What an operator returns: enough for a gate or a next task to find the load."""
    return {
        "dataset": str(candidate.dataset),
        "load_id": candidate.load_ids[0],
        "snapshot": candidate.snapshot_id,
    }


def _readable(
    governance: Governance, pinned: Sequence[SourceRef], wanted: Sequence[SourceRef]
) -> tuple[SourceRef, ...]:
    """The pinned snapshots, unless maintenance expired them or their rows were taken back."""
    if tuple(pinned) == tuple(wanted):
        return tuple(wanted)
    if all(_is_readable(governance, ref) for ref in pinned):
        return tuple(pinned)
    log.warning("What the first try read is gone or was taken back; this try reads the current versions.")
    return tuple(wanted)


def _is_readable(governance: Governance, ref: SourceRef) -> bool:
    there = governance.lake.snapshot(ref.dataset, ref.snapshot_id) is not None
    return there and why_taken_back(governance, ref) is None


@contextmanager
def _renewing(governance: Governance, load: Load, lease: timedelta) -> Iterator[None]:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease.total_seconds() / 4):
            with suppress(GovernanceError):  # the lease outlasts three missed renewals
                governance.store.loads.renew(load.dataset, load.load_id, load.execution_id, lease)

    thread = threading.Thread(target=renew, name=f"lease-{load.load_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)
