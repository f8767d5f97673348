"""The record of an execution: one try of one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_gov.model.loads import FileRef, RowCounts


class Status(StrEnum):
    """How an execution stands. ``lost``: its process died without a word and nothing retried it."""

    RUNNING = "running"
    DEFERRED = "deferred"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    LOST = "lost"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen in this try."""
        return self not in (Status.RUNNING, Status.DEFERRED, Status.UP_FOR_RESCHEDULE)


@dataclass(frozen=True, slots=True)
class TaskRun:
    """Which try of which task.

    Dates are None where the run has none (manual, API and asset-triggered runs have no data interval).
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    partition_key: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who.

    :param os_user: the user of the operating system the task ran as.
    :param triggered_by: Airflow's user who triggered the run, where one did.
    :param owner: the task's owner in the Dag.
    :param team: the Dag's team (Airflow multi-team or tag ``team:…``), where there is one.
    """

    os_user: str
    triggered_by: str | None = None
    owner: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """Where.

    :param name: host name.
    :param ip: its address.
    :param pid: process id, with the host name it tells whether the process still lives.
    :param instance: EC2 instance id or Kubernetes pod name, where there is one.
    :param executor: Airflow's executor.
    """

    name: str
    ip: str | None = None
    pid: int | None = None
    instance: str | None = None
    executor: str | None = None


@dataclass(frozen=True, slots=True)
class Git:
    """Which code.

    :param repository: the remote's URL, credentials removed.
    :param commit: full hash.
    :param branch: branch, where the checkout is on one.
    :param tag: the tag at the commit, where there is one.
    :param dirty: whether the checkout had uncommitted changes.
    :param path: the Dag file inside the repository.
    :param source: where this was learnt: ``bundle``, ``checkout``, ``environment``, or ``none``.
    :param missing: why it is empty, when it is.
    """

    repository: str | None = None
    commit: str | None = None
    branch: str | None = None
    tag: str | None = None
    dirty: bool | None = None
    path: str | None = None
    source: str = "none"
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column's name and type as it was seen."""

    name: str
    type: str


class Role(StrEnum):
    """What an execution did with a piece of data."""

    SOURCE = "source"
    TARGET = "target"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class DataRef:
    """Data that an execution read or wrote: a dataset, outside files, or a database table.

    :param role: source, target or quarantine.
    :param dataset: ``<zone>.<name>`` for data of the lake, else None.
    :param snapshot_id: its snapshot.
    :param version: its published version, where there is one.
    :param load_id: the load, where only one was read or written.
    :param files: the files (for a target every file written; for an outside source what was read).
    :param columns: columns in order, with their types.
    :param rows: rows read from or written to it.
    :param database: for a database source: conn_id, database, schema, table, user, and sql's hash.
    """

    role: Role
    dataset: str | None = None
    snapshot_id: int | None = None
    version: int | None = None
    load_id: str | None = None
    files: tuple[FileRef, ...] = ()
    columns: tuple[ColumnInfo, ...] = ()
    rows: int | None = None
    database: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """The metadata record of one try of one task.

    :param execution_id: Airflow's id of the try (a UUID), or one of ours outside Airflow.
    :param task: which try of which task.
    :param operator: the operator's class name.
    :param action: what was done in one atomic sentence, e.g. "CSV to Iceberg".
    :param meaning: its business meaning (the task's ``doc_md``).
    :param status: how it stands.
    :param start: when it started.
    :param end: when it ended.
    :param duration: seconds of work, deferral excluded.
    :param error_type: the exception's class.
    :param error_message: its message, secrets masked.
    :param error_reason: :class:`~airflow_gov.model.errors.Reason` of the error, if it is one of ours.
    :param parameters: as executed, secrets masked.
    :param code: the SQL text, or the callable's qualified name.
    :param code_hash: SHA-256 of the SQL or of the callable's source.
    :param actor: who.
    :param host: where.
    :param git: which code version.
    :param data: what it read and wrote.
    :param counts: rows.
    :param bytes_written: bytes of all files written.
    :param versions: Python, library and Airflow versions.
    :param openlineage_run_id: the OpenLineage run of this try.
    """

    execution_id: str
    task: TaskRun
    operator: str
    action: str
    status: Status
    start: datetime
    actor: Actor
    host: Host
    git: Git
    end: datetime | None = None
    duration: float | None = None
    meaning: str = ""
    error_type: str | None = None
    error_message: str | None = None
    error_reason: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    code_hash: str | None = None
    data: tuple[DataRef, ...] = ()
    counts: RowCounts = RowCounts()
    bytes_written: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    openlineage_run_id: str | None = None
