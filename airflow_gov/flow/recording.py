"""One mechanism that writes the record of every execution, whatever happens to it."""

from __future__ import annotations

import hashlib
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from airflow_gov.flow.ending import close_lost, record_end
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.execution import DataRef, Execution, Role, Status
from airflow_gov.model.loads import RowCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: Longest error message kept in a record, in characters.
MAX_ERROR_LENGTH = 8_000


@dataclass
class Recording:
    """What a running execution adds to its record as it learns it."""

    execution: Execution
    action: str
    data: list[DataRef] = field(default_factory=list)
    counts: RowCounts = RowCounts()
    code: str | None = None
    code_hash: str | None = None
    bytes_written: int | None = None
    column_lineage: dict[DatasetName, ColumnLineage] = field(default_factory=dict)
    #: The record as it was written when the execution ended or paused.
    final: Execution | None = None

    @property
    def execution_id(self) -> str:
        return self.execution.execution_id

    def add(self, ref: DataRef) -> None:
        """Add data that was read or written."""
        self.data.append(ref)
        if ref.role is not Role.SOURCE and ref.files:
            self.bytes_written = (self.bytes_written or 0) + sum(file.size for file in ref.files)

    def set_code(self, text: str) -> None:
        """Record the code that ran and its hash."""
        self.code = text
        self.code_hash = hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What an exception means for the record.

    :param status: how the execution ended (or paused).
    :param error: the exception to record, or None when it is no error (skip, deferral).
    """

    status: Status
    error: BaseException | None = None


def failed(error: BaseException) -> Outcome:
    """The plain reading of an exception: the execution failed."""
    return Outcome(Status.FAILED, error)


@contextmanager
def recorded(
    governance: Governance,
    opening: Execution,
    *,
    classify: Callable[[BaseException], Outcome] = failed,
    redact: Callable[[str], str] = str,
) -> Iterator[Recording]:
    """Record an execution: at its start, and at its end whatever happens.

    Observation fails open: when the store cannot be reached the record is spooled and delivered
    by a later execution, and the task goes on (what needs the store to decide refuses by itself).

    :param governance: the wired parts.
    :param opening: the record as known at the start.
    :param classify: what an exception means; Airflow's layer knows skips and deferrals.
    :param redact: masks secrets in error messages.
    """
    earlier = _start(governance, opening)
    recording = Recording(opening, opening.action)
    try:
        yield recording
    except BaseException as error:
        _finish(governance, recording, classify(error), earlier, redact)
        raise
    else:
        _finish(governance, recording, Outcome(Status.SUCCESS), earlier, redact)


def _start(governance: Governance, opening: Execution) -> float:
    """Write the opening record; gives the seconds of work earlier parts of this try did (deferral)."""
    try:
        governance.spool.deliver(governance.store, record=partial(record_end, governance))
        started = governance.store.executions.start(opening)
        _close_earlier_tries(governance, opening)
    except GovernanceError as error:
        log.warning("The execution record will be spooled: %s", error)
        return 0.0
    return started.duration or 0.0


def _close_earlier_tries(governance: Governance, opening: Execution) -> None:
    """A try that left its record open was killed: Airflow starts the next one when it is gone."""
    task = opening.task
    if task.try_number > 1:
        close_lost(
            governance.store,
            dag_id=task.dag_id,
            run_id=task.run_id,
            task_id=task.task_id,
            map_index=task.map_index,
            before_try=task.try_number,
            status=Status.LOST,
            message=f"The process ended without a word; try {task.try_number} took over.",
            end=opening.start,
            actor=opening.actor.os_user,
        )


def _finish(
    governance: Governance,
    recording: Recording,
    outcome: Outcome,
    earlier: float,
    redact: Callable[[str], str],
) -> None:
    opening, now = recording.execution, governance.clock()
    final = replace(
        opening,
        action=recording.action,
        status=outcome.status,
        end=now if outcome.status.finished else None,
        duration=round(earlier + (now - opening.start).total_seconds(), 6),
        data=tuple(recording.data),
        counts=recording.counts,
        code=redact(recording.code) if recording.code is not None else None,
        code_hash=recording.code_hash,
        bytes_written=recording.bytes_written,
    )
    if outcome.error is not None:
        final = _with_error(final, outcome.error, redact)
    recording.final = final
    try:
        record_end(governance, final)
    except GovernanceError as error:
        _spool(governance, final, error)


def _spool(governance: Governance, final: Execution, why: GovernanceError) -> None:
    try:
        governance.spool.put_execution(final)
    except (GovernanceError, OSError):
        log.exception("The record of %s is lost, the store and the spool refused it.", final.execution_id)
    else:
        log.warning("The record of %s waits in the spool: %s", final.execution_id, why)


def _with_error(execution: Execution, error: BaseException, redact: Callable[[str], str]) -> Execution:
    return replace(
        execution,
        error_type=type(error).__qualname__,
        error_message=redact(str(error))[:MAX_ERROR_LENGTH],
        error_reason=error.reason.value if isinstance(error, GovernanceError) else None,
    )
