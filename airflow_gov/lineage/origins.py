"""Where data came from, load by load: which executions made it, from which files, with which code."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from airflow_gov.lineage.tracing import MAX_COLUMNS, How, influences
from airflow_gov.lineage.where_is import location
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Role
from airflow_gov.model.graph import Direction
from airflow_gov.model.loads import WriteMode
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from airflow_gov.model.execution import Execution, Git
    from airflow_gov.model.graph import Column, Dataset
    from airflow_gov.model.loads import FileRef, Load, Version
    from airflow_gov.store import Store

_DEPTH = 50
#: Loads that are looked at, and versions of one dataset.
_MOST_LOADS, _MOST_VERSIONS = 500, 200

#: Datasets and snapshots that were looked at.
_Walked = set[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read or delivered.

    :param bucket: None for a file that is in no bucket.
    :param key: the key, or the path.
    """

    uri: str
    bucket: str | None
    key: str
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Making:
    """A load that is in the data: who made it, when, from what.

    :param sources: datasets with the version that was read, and addresses of what is outside the lake.
    :param files: files from outside that it read, and for raw data the objects that were delivered.
    """

    dataset: str
    load_id: str
    execution_id: str
    dag_id: str
    run_id: str
    task_id: str
    started_at: datetime | None
    status: str | None
    action: str | None
    who: str | None
    git: Git | None
    sources: tuple[str, ...]
    files: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column that the asked one comes from."""

    dataset: str
    column: str
    how: How
    steps: int
    first: bool


@dataclass(frozen=True, slots=True)
class OriginTold:
    """The origin of a column.

    :param columns: what it comes from; `first` are those that come from nothing we know.
    :param loads: the loads that the version holds and those that these were made from, the newest first.
    :param outside: addresses of datasets that are not in the lake.
    """

    dataset: str
    column: str
    version: int | None
    columns: tuple[SourceColumn, ...]
    loads: tuple[Making, ...]
    outside: tuple[str, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """Where the rows of a load came from.

    :param versions: numbers of the published versions that brought it.
    :param made: the load itself first, then the loads that it was made from.
    """

    dataset: str
    load_id: str
    state: str
    write_mode: str
    rows: int | None
    versions: tuple[int, ...]
    made: tuple[Making, ...]
    truncated: bool


def origin(
    store: Store, dataset: Dataset, column: Column, *, version: int | None = None, dags: frozenset[str] | None
) -> OriginTold:
    """The files and runs that a column came from.

    :param version: of the dataset; default: the current one.
    :raises GovernanceError: ``VERSION_UNKNOWN``.
    """
    read = store.lineage.read
    walk = read.column_walks.columns([column], Direction.UP, depth=_DEPTH, dags=dags, limit=MAX_COLUMNS)
    hows = influences(walk, Direction.UP)
    known = {each.dataset_id for each in walk.columns.values()}
    # Where columns can be followed no further, datasets may: files have no columns.
    beyond = read.walks.datasets(sorted(known), Direction.UP, depth=_DEPTH, dags=dags)
    datasets = {each.dataset_id: each for each in read.nodes.datasets([*known, *beyond.datasets], dags=dags)}
    derived = {link.target for link in walk.links}
    columns = [
        SourceColumn(
            datasets[each.dataset_id].label,
            each.name,
            hows[number],
            walk.depths[number],
            number not in derived,
        )
        for number, each in walk.columns.items()
        if number in hows and each.dataset_id in datasets and not each.all_rows
    ]
    wanted = {each.governed for each in datasets.values() if each.governed}
    current = _version(store, dataset, version)
    loads, truncated = _made_from(store, dataset, current, wanted, dags)
    outside = sorted(location(each) for each in datasets.values() if not each.governed)
    return OriginTold(
        dataset=dataset.label,
        column=column.name,
        version=current.version if current else None,
        columns=tuple(sorted(columns, key=lambda each: (each.steps, each.dataset, each.column))),
        loads=tuple(loads),
        outside=tuple(outside),
        truncated=walk.truncated or truncated or not beyond.complete,
    )


def row_origin(store: Store, dataset: str, load_id: str, *, dags: frozenset[str] | None) -> RowOrigin:
    """Who put a row there, by its ``_load_id``.

    :param dataset: ``<zone>.<name>``.
    :raises GovernanceError: ``LOAD_UNKNOWN`` when there is no such load for the caller.
    """
    name = DatasetName.parse(dataset)
    load = store.loads.get(name, load_id)
    if load is None or not _seen(load, dags):
        raise GovernanceError(
            Reason.LOAD_UNKNOWN,
            f"No load {load_id[:80]!r} of {name} is known: the id is in the row's column _load_id.",
            dataset=str(name),
        )
    versions = [
        each.version for each in store.versions.list(name, _MOST_VERSIONS) if load_id in each.load_ids
    ]
    made, truncated = _followed(store, [load], None, dags, set())
    return RowOrigin(
        dataset=str(name),
        load_id=load_id,
        state=load.state.value,
        write_mode=load.write_mode.value,
        rows=load.counts.written,
        versions=tuple(sorted(versions)),
        made=tuple(made),
        truncated=truncated,
    )


def _version(store: Store, dataset: Dataset, number: int | None) -> Version | None:
    if dataset.governed is None:
        return None
    name = DatasetName.parse(dataset.governed)
    found = store.versions.current(name) if number is None else store.versions.get(name, number)
    if found is None and number is not None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{name} has no version {number}. See: airflow-gov datasets versions {name}",
            dataset=str(name),
        )
    return found


def _made_from(
    store: Store, dataset: Dataset, version: Version | None, wanted: set[str], dags: frozenset[str] | None
) -> tuple[list[Making], bool]:
    if version is None or dataset.governed is None:
        return [], False
    walked: _Walked = set()
    return _followed(store, list(_in_effect(store, version, walked)), wanted, dags, walked)


def _in_effect(store: Store, version: Version, walked: _Walked) -> Iterator[Load]:
    """The loads whose rows a version may hold, newest first: back to the one that replaced all others.

    :param walked: versions whose loads were given before, and with them those that they build on.
    """
    current = store.versions.brought(version.dataset, version.snapshot_id) or version
    for _ in range(_MOST_VERSIONS):
        place = (str(current.dataset), current.snapshot_id)
        if place in walked:
            return
        walked.add(place)
        loads = [store.loads.get(current.dataset, load_id) for load_id in current.load_ids]
        yield from (load for load in loads if load is not None)
        replaced = any(load is not None and load.write_mode is WriteMode.OVERWRITE for load in loads)
        if replaced or current.parent_snapshot_id is None:
            return
        before = store.versions.brought(current.dataset, current.parent_snapshot_id)
        if before is None:
            return
        current = before


def _followed(
    store: Store,
    loads: list[Load],
    wanted: set[str] | None,
    dags: frozenset[str] | None,
    walked: _Walked,
) -> tuple[list[Making], bool]:
    """These loads and, through the versions that each read, those they were made from."""
    waiting, seen, made = deque(loads), set[tuple[str, str]](), list[Making]()
    while waiting and len(made) < _MOST_LOADS:
        load = waiting.popleft()
        key = (str(load.dataset), load.load_id)
        if key in seen or not _seen(load, dags):
            continue
        seen.add(key)
        made.append(_making(load, store.executions.get(load.execution_id)))
        for source in load.sources:
            if wanted is not None and str(source.dataset) not in wanted:
                continue
            if source.load_id is not None:
                found = store.loads.get(source.dataset, source.load_id)
                waiting.extend([found] if found is not None else [])
                continue
            version = store.versions.brought(source.dataset, source.snapshot_id)
            if version is not None:
                room = max(0, _MOST_LOADS - len(made) - len(waiting))
                waiting.extend(islice(_in_effect(store, version, walked), room + 1))
    return made, bool(waiting)


def _seen(load: Load, dags: frozenset[str] | None) -> bool:
    return dags is None or load.dag_id in dags


def _making(load: Load, execution: Execution | None) -> Making:
    sources = [
        f"{each.dataset} version {each.version}" if each.version else str(each.dataset)
        for each in load.sources
    ]
    files: list[SourceFile] = []
    for data in execution.data if execution else ():
        if data.role is Role.SOURCE and data.database:
            sources.append("/".join(filter(None, (data.database.get(key) for key in _ADDRESS))))
        delivered = data.role is Role.TARGET and (data.dataset or "").startswith("raw.")
        if delivered or (data.role is Role.SOURCE and data.dataset is None):
            files += map(_file, data.files)
    return Making(
        dataset=str(load.dataset),
        load_id=load.load_id,
        execution_id=load.execution_id,
        dag_id=load.dag_id,
        run_id=load.run_id,
        task_id=load.task_id,
        started_at=execution.start if execution else None,
        status=execution.status.value if execution else None,
        action=execution.action if execution else None,
        who=_who(execution) if execution else None,
        git=execution.git if execution else None,
        sources=tuple(sources),
        files=tuple(files),
    )


#: What says which table of which database it was; never the user.
_ADDRESS = ("conn_id", "database", "schema", "table")


def _who(execution: Execution) -> str:
    actor = execution.actor
    return actor.triggered_by or actor.owner or actor.os_user


def _file(file: FileRef) -> SourceFile:
    return SourceFile(file.uri, file.bucket, file.key, file.size, file.sha256)
