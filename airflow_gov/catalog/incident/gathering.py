"""Everything that is known of some data, put together for those who answer a breach."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from airflow_gov.catalog.incident.answer import Asked, Contact, Home, Incident
from airflow_gov.catalog.incident.found import Found, promised, readers_of, set_aside
from airflow_gov.catalog.incident.reading import readings
from airflow_gov.catalog.incident.subjects import SubjectKey, SubjectRows, count
from airflow_gov.lineage.names import column_named, dataset_named
from airflow_gov.lineage.naming import OUR_NAMESPACE
from airflow_gov.lineage.origins import origin
from airflow_gov.lineage.where_is import Relation, location, where_is
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.graph import Dataset, Direction
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from airflow_gov.lineage.origins import Making
    from airflow_gov.lineage.where_is import Place
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance

#: How much of each list is told; what is left out is said.
_MOST_VERSIONS, _MOST_FILES, _MOST_COLUMNS, _MOST_LOADS = 20, 50, 20, 100
#: How far what was derived from it is followed.
_DEPTH = 50


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
    certain = {reader for each in found for reader in each.readers}
    possible = {reader for each in found for reader in each.possible_readers}
    read = readings(governance, found, asked.since)
    derived = _derived(governance, found, left_out)
    return Incident(
        subject=str(asked),
        at=governance.clock(),
        since=asked.since,
        homes=tuple(homes),
        origins=outside,
        loads=loads,
        reads=read.certain,
        possible_reads=read.possible,
        readers=tuple(sorted(certain)),
        possible_readers=tuple(sorted(possible - certain)),
        derived=tuple(derived),
        contacts=tuple(_contacts(homes)),
        left_out=(*left_out, *read.left_out),
    )


def _found(governance: Governance, asked: Asked, left_out: list[str]) -> list[Found]:
    if asked.dataset is not None:
        node = _dataset(governance, asked.dataset, left_out)
        readers = readers_of(governance, [node]).get(node.dataset_id, set())
        return [Found(node, Relation.NAMED, masked=False, readers=readers)]
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
    reading = readers_of(governance, list(nodes.values()))
    order = list(Relation)
    for key, together in grouped.items():
        if key not in nodes:
            continue
        readers = [reader for place in together for reader in place.readers]
        certain = {reader.label for reader in readers if reader.certain}
        possible = {reader.label for reader in readers} - certain
        yield Found(
            nodes[key],
            min((place.relation for place in together), key=order.index),
            [place.column for place in together],
            all(place.masked for place in together),
            readers=certain,
            possible_readers=possible,
            other_readers=reading.get(nodes[key].dataset_id, set()) - certain - possible,
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


def _derived(governance: Governance, found: Sequence[Found], left_out: list[str]) -> list[str]:
    """What lies downstream of any place, those places themselves left out."""
    read = governance.store.lineage.read
    known = sorted({each.node.dataset_id for each in found} - {0})
    walk = read.walks.datasets(known, Direction.DOWN, depth=_DEPTH, dags=None)
    if not walk.complete:
        left_out.append("More was derived from it than could be followed.")
    names = {each.label for each in read.nodes.datasets(walk.datasets, dags=None)}
    return sorted(names - {each.node.label for each in found})


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
