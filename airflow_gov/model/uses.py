"""What executions did with a dataset, in lists: without the rest of their records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_gov.model.execution import Role, Status


@dataclass(frozen=True, slots=True)
class TaskTry:
    """One execution, to be named and linked to.

    :param execution_id: its record.
    :param duration: seconds of work.
    """

    execution_id: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    operator: str
    action: str
    status: Status
    started_at: datetime
    duration: float | None


@dataclass(frozen=True, slots=True)
class Use:
    """What one execution did with a dataset.

    :param by: the execution.
    :param roles: whether it read the dataset, wrote it, or both.
    :param rows: rows it wrote; where it wrote none, rows it read.
    :param version: the published version it read, or made.
    """

    by: TaskTry
    roles: tuple[Role, ...]
    rows: int | None
    version: int | None


@dataclass(frozen=True, slots=True)
class UsePage:
    """One page of executions, newest first.

    :param uses: the executions.
    :param next: what the next page begins after; None on the last one.
    """

    uses: tuple[Use, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetRead:
    """That one execution read rows of a dataset.

    :param by: the execution.
    :param dataset: which.
    :param version: the newest published version that it read.
    :param who: the user who triggered it, else the system's user.
    """

    by: TaskTry
    dataset: str
    version: int | None
    who: str


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of a dataset, as the execution that wrote it recorded it.

    :param uri: where it lies.
    :param size: bytes.
    :param rows: rows, where they are known.
    :param sha256: its checksum, where one was taken.
    :param load_id: the load it belongs to.
    :param version: the newest version that published the load.
    """

    uri: str
    size: int
    rows: int | None
    sha256: str | None
    load_id: str | None
    version: int


@dataclass(frozen=True, slots=True)
class FilePage:
    """One page of files, those of the newest version first.

    :param files: the files.
    :param next: what the next page begins after; None on the last one.
    """

    files: tuple[WrittenFile, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A task that reads a dataset.

    :param dag_id: its Dag.
    :param task_id: its name there.
    :param reads: how many executions of it have read the dataset.
    :param last_read_at: when the newest of them started.
    :param execution_id: that execution.
    """

    dag_id: str
    task_id: str
    reads: int
    last_read_at: datetime
    execution_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Who reads a dataset, as one caller sees it.

    :param readers: the tasks that have read it, the one that did so last first.
    :param reads: executions of all of them.
    :param tasks: how many tasks there are, also those not listed.
    :param last_read_at: when it was last read; None: never.
    """

    readers: tuple[Reader, ...] = ()
    reads: int = 0
    tasks: int = 0
    last_read_at: datetime | None = None
