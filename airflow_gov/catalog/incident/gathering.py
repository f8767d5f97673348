"""Everything that is known of some data, put together for those who answer a breach."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.catalog.incident.answer import Asked, Contact, Home, Incident, Read
from airflow_gov.catalog.incident.found import Found, promised, readers_of, set_aside
from airflow_gov.catalog.incident.subjects import SubjectKey, SubjectRows, count
from airflow_gov.lineage.impact import dataset_impact
from airflow_gov.lineage.names import column_named, dataset_named
from airflow_gov.lineage.naming import OUR_NAMESPACE
from airflow_gov.lineage.origins import origin
from airflow_gov.lineage.where_is import Relation, location, where_is
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Role
from airflow_gov.model.graph import Dataset
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from airflow_gov.lineage.origins import Making
    from airflow_gov.lineage.where_is import Place
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance

#: How long a task may have read: what began earlier is not looked at.
_LONGEST = timedelta(days=7)
#: How much of each list is told; what is left out is said.
_MOST_VERSIONS, _MOST_FILES, _MOST_READS, _MOST_COLUMNS, _MOST_LOADS = 20, 50, 500, 20, 100


def gather(governance: Governance, asked: Asked) -> Incident:
    """Put together what is known. Nothing is changed; the lake is read only to count a person's rows.

    :raises GovernanceError: ``PARAMETER_INVALID``, ``DATASET_UNKNOWN``, ``COLUMN_UNKNOWN``.
    """
    asked.check()
    left_out: list[str] = []
    found = _found(governance, asked, left_out)
    loads, outside = _origins(governance, found, left_out)
    found += _delivered(governance, found, loads)
    found += set_aside(governance, found)
    homes = [_home(governance, each, asked, left_out) for each in found]
    if asked.subject is not None:
        left_out.append("The person's rows in older versions and in candidates that wait are not counted.")
    return Incident(
        subject=str(asked),
        at=governance.clock(),
        since=asked.since,
        homes=tuple(homes),
        origins=outside,
        loads=loads,
        reads=tuple(_reads(governance, homes, asked.since, left_out)),
        readers=tuple(sorted({reader for each in found for reader in each.readers})),
        derived=tuple(_derived(governance, found)),
        contacts=tuple(_contacts(homes)),
        left_out=tuple(left_out),
    )


def _found(governance: Governance, asked: Asked, left_out: list[str]) -> list[Found]:
    if asked.dataset is not None:
        node = _dataset(governance, asked.dataset, left_out)
        return [Found(node, Relation.NAMED, masked=False, readers=readers_of(governance, node))]
    column = asked.subject.column if asked.subject is not None else asked.column
    answer = where_is(governance.store, column=column, tag=asked.tag, dags=None)
    if answer.truncated:
        left_out.append("There are more columns than could be followed.")
    if not answer.places:
        raise GovernanceError(
            Reason.COLUMN_UNKNOWN,
            f"Nothing is known of {asked}: no event and no contract names it. "
            "See: airflow-gov lineage search WORD",
        )
    return list(_by_dataset(governance, answer.places))


def _dataset(governance: Governance, text: str, left_out: list[str]) -> Dataset:
    """The dataset, also one of the lake that no event has told of."""
    try:
        return dataset_named(governance.store, text)
    except GovernanceError as error:
        if error.reason is not Reason.DATASET_UNKNOWN:
            raise
        name = _of_the_lake(governance, text)
        if name is None:
            raise
        left_out.append(f"Lineage knows nothing of {name}: where it came from and went is not told.")
        return Dataset(0, OUR_NAMESPACE, str(name), str(name), name.zone, governance.clock())


def _of_the_lake(governance: Governance, text: str) -> DatasetName | None:
    try:
        name = DatasetName.parse(text, governance.settings.zone_aliases)
    except GovernanceError:
        return None
    return name if governance.store.catalogue.get(name) is not None else None


def _by_dataset(governance: Governance, places: Iterable[Place]) -> Iterator[Found]:
    grouped: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        grouped[place.dataset_id].append(place)
    numbers = [int(each.removeprefix("d")) for each in grouped]
    nodes = {
        f"d{node.dataset_id}": node
        for node in governance.store.lineage.read.nodes.datasets(numbers, dags=None)
    }
    order = list(Relation)
    for key, together in grouped.items():
        if key in nodes:
            yield Found(
                nodes[key],
                min((place.relation for place in together), key=order.index),
                [place.column for place in together],
                all(place.masked for place in together),
                {reader.label for place in together for reader in place.readers},
            )


def _home(governance: Governance, found: Found, asked: Asked, left_out: list[str]) -> Home:
    node, store = found.node, governance.store
    plain = Home(
        dataset=node.label,
        zone=node.zone,
        location=location(node),
        relation=found.relation,
        columns=tuple(sorted(found.columns)),
        masked=found.masked,
    )
    if node.governed is None:
        return plain
    name = DatasetName.parse(node.governed)
    entry, kept = (
        store.catalogue.get(promised(node.governed)),
        store.contracts.latest(promised(node.governed)),
    )
    versions = list(_versions(store.versions.list(name, _MOST_VERSIONS + 1), asked.since))
    if len(versions) > _MOST_VERSIONS:
        left_out.append(f"{name} has older versions: airflow-gov datasets versions {name}")
    files = store.uses.files(name, versions[0].version, limit=_MOST_FILES) if versions else None
    if files is not None and files.next is not None:
        left_out.append(f"{name} has more files: airflow-gov datasets show {name}")
    return Home(
        **{
            name: getattr(plain, name)
            for name in ("dataset", "zone", "location", "relation", "columns", "masked")
        },
        versions=tuple(versions[:_MOST_VERSIONS]),
        files=files.files if files is not None else (),
        more_files=files is not None and files.next is not None,
        owner=entry.owner if entry is not None else None,
        stewards=entry.stewards if entry is not None else (),
        contract=kept[2] if kept is not None else None,
        subject=_subject(governance, name, found, asked.subject),
    )


def _subject(
    governance: Governance, name: DatasetName, found: Found, key: SubjectKey | None
) -> SubjectRows | None:
    if key is None:
        return None
    if found.masked:
        return SubjectRows(None, why="the key is masked there")
    if name.zone is Zone.RAW:
        return SubjectRows(None, why="it lies in files as they were delivered")
    return count(governance, name, found.columns, key.value)


def _versions(versions: Sequence[Version], since: datetime | None) -> Iterator[Version]:
    """Those that readers may have seen since then: also the one that was current at that moment."""
    for version in versions:
        yield version
        if since is not None and version.published_at < since:
            return


def _origins(
    governance: Governance, found: Sequence[Found], left_out: list[str]
) -> tuple[tuple[Making, ...], tuple[str, ...]]:
    loads: dict[tuple[str, str], Making] = {}
    outside: set[str] = set()
    named = [each for each in found if each.relation is Relation.NAMED and each.node.governed is not None]
    wanted = [(each, column) for each in named for column in _columns(governance, each)]
    if len(wanted) > _MOST_COLUMNS:
        left_out.append(
            f"The origin of {len(wanted) - _MOST_COLUMNS:,} more columns: airflow-gov lineage origin"
        )
    for each, name in wanted[:_MOST_COLUMNS]:
        dataset, column = column_named(governance.store, f"{each.node.governed}.{name}")
        told = origin(governance.store, dataset, column, dags=None)
        outside.update(told.outside)
        loads |= {(load.dataset, load.load_id): load for load in told.loads}
    newest = sorted(loads.values(), key=lambda load: str(load.started_at or ""), reverse=True)
    if len(newest) > _MOST_LOADS:
        left_out.append(f"{len(newest) - _MOST_LOADS:,} older loads: airflow-gov lineage origin")
    return tuple(newest[:_MOST_LOADS]), tuple(sorted(outside))


def _delivered(governance: Governance, found: Sequence[Found], loads: Iterable[Making]) -> list[Found]:
    """Raw datasets that it was delivered in: as files, whose columns lineage does not follow."""
    known = {each.node.governed for each in found}
    names = sorted({load.dataset for load in loads if load.dataset.startswith(f"{Zone.RAW}.")} - known)
    nodes = [_dataset(governance, name, []) for name in names]
    return [Found(node, Relation.SOURCE, masked=False) for node in nodes]


def _columns(governance: Governance, found: Found) -> list[str]:
    if found.columns:
        return sorted(found.columns)
    columns = governance.store.lineage.read.columns.of([found.node.dataset_id], dags=None)
    return sorted(column.name for column in columns if not column.all_rows)


def _reads(
    governance: Governance, homes: Sequence[Home], since: datetime | None, left_out: list[str]
) -> list[Read]:
    reads: list[Read] = []
    for home in homes:
        if home.zone is not None and home.dataset.startswith(f"{home.zone}."):
            reads += _reads_of(governance, DatasetName.parse(home.dataset), since, left_out)
    return sorted(reads, key=lambda read: (read.at, read.execution_id), reverse=True)


def _reads_of(
    governance: Governance, dataset: DatasetName, since: datetime | None, left_out: list[str]
) -> Iterator[Read]:
    after, told = None, 0
    while True:
        page = governance.store.uses.of_dataset(dataset, dags=None, after=after, limit=100)
        for use in page.uses:
            ended = use.by.started_at + timedelta(seconds=use.by.duration or 0)
            if since is not None and ended < since:
                if use.by.started_at < since - _LONGEST:
                    return
                continue
            if Role.SOURCE not in use.roles:
                continue
            if told == _MOST_READS:
                left_out.append(
                    f"{dataset} was read more often: airflow-gov executions list --dataset {dataset}"
                )
                return
            told += 1
            execution = governance.store.executions.get(use.by.execution_id)
            actor = execution.actor if execution is not None else None
            yield Read(
                at=use.by.started_at,
                dataset=str(dataset),
                version=use.version,
                dag_id=use.by.dag_id,
                task_id=use.by.task_id,
                run_id=use.by.run_id,
                execution_id=use.by.execution_id,
                status=use.by.status.value,
                who=(actor.triggered_by or actor.os_user) if actor is not None else "",
            )
        if page.next is None:
            return
        after = page.next


def _derived(governance: Governance, found: Sequence[Found]) -> list[str]:
    """What lies downstream of every place, those places themselves left out."""
    own = {each.node.label for each in found}
    names: set[str] = set()
    for each in found:
        names.update(other.label for other in dataset_impact(governance.store, each.node, dags=None).datasets)
    return sorted(names - own)


def _contacts(homes: Sequence[Home]) -> list[Contact]:
    roles: dict[str, set[str]] = defaultdict(set)
    datasets: dict[str, set[str]] = defaultdict(set)
    for home in homes:
        people = [
            *([("owner", home.owner)] if home.owner else []),
            *(("steward", name) for name in home.stewards),
        ]
        for role, name in people:
            roles[name].add(role)
            datasets[name].add(home.dataset)
    return [
        Contact(name, tuple(sorted(roles[name])), tuple(sorted(datasets[name])))
        for name in sorted(roles, key=lambda name: (-len(datasets[name]), name))
    ]
