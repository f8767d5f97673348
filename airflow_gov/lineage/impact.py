"""What breaks when a column or a dataset goes: columns, datasets, Dags, contracts, and jobs outside."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import column_key, dataset_key, job_key
from airflow_gov.lineage.promises import contracts_of
from airflow_gov.lineage.tracing import MAX_COLUMNS, How, influences
from airflow_gov.model.graph import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_gov.model.contract import Contract, QualityEntry
    from airflow_gov.model.graph import Column, ColumnWalk, Dataset, Job
    from airflow_gov.store import Store

#: How far impact is followed.
_DEPTH = 50
_STRENGTH = (How.DIRECT, How.MASKED, How.INDIRECT)


@dataclass(frozen=True, slots=True)
class AffectedColumn:
    """A column that depends on what goes.

    :param name: empty for all rows of the dataset.
    """

    id: str
    dataset: str
    name: str
    how: How
    steps: int


@dataclass(frozen=True, slots=True)
class AffectedDataset:
    """A dataset that depends on what goes; by the strongest of its columns where those are known."""

    id: str
    label: str
    zone: str | None
    how: How
    steps: int


@dataclass(frozen=True, slots=True)
class AffectedJob:
    """A job that reads what goes, or what depends on it.

    :param certain: False for one that reads the dataset and does not tell which of its columns it uses.
    """

    id: str
    label: str
    dag_id: str | None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """A contract, or a rule of it, that names a column that goes or depends on what goes.

    :param rule: the rule's name; None where the contract declares the column.
    """

    dataset: str
    column: str
    path: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything that depends on a column or a dataset.

    :param dags: the Dags of the jobs of this Airflow.
    :param jobs: all jobs, those outside Airflow without `dag_id`.
    :param truncated: whether there was more than could be followed.
    """

    subject: str
    columns: tuple[AffectedColumn, ...]
    datasets: tuple[AffectedDataset, ...]
    dags: tuple[str, ...]
    jobs: tuple[AffectedJob, ...]
    contracts: tuple[Mention, ...]
    truncated: bool


def column_impact(store: Store, dataset: Dataset, column: Column, *, dags: frozenset[str] | None) -> Impact:
    """What depends on a column.

    :param dataset: the column's.
    :param dags: the Dags whose jobs exist for the caller.
    """
    read = store.lineage.read
    walk = read.column_walks.columns([column], Direction.DOWN, depth=_DEPTH, dags=dags, limit=MAX_COLUMNS)
    hows = influences(walk, Direction.DOWN)
    datasets = _by_id(read.nodes.datasets({each.dataset_id for each in walk.columns.values()}, dags=dags))
    affected = [
        AffectedColumn(
            column_key(each.dataset_id, each.name),
            datasets[each.dataset_id].label,
            each.name,
            hows[number],
            walk.depths[number],
        )
        for number, each in walk.columns.items()
        if number in hows and each.dataset_id in datasets
    ]
    known = read.columns.telling([dataset.dataset_id], dags=dags).get(dataset.dataset_id, set())
    readers = {
        link.job_id
        for link in read.nodes.links_of(datasets=[dataset.dataset_id], dags=dags)
        if not link.output
    }
    jobs = read.nodes.jobs({link.job_id for link in walk.links} | (readers - known), dags=dags)
    certain = {link.job_id for link in walk.links}
    return Impact(
        subject=f"{dataset.label}.{column.name}",
        columns=tuple(sorted(affected, key=lambda each: (each.steps, _STRENGTH.index(each.how), each.id))),
        datasets=tuple(_datasets(walk, hows, datasets, dataset.dataset_id)),
        dags=_dags(jobs),
        jobs=tuple(_job(each, certain=each.job_id in certain) for each in jobs),
        contracts=tuple(_mentions(store, walk, datasets)),
        truncated=walk.truncated,
    )


def dataset_impact(store: Store, dataset: Dataset, *, dags: frozenset[str] | None) -> Impact:
    """What depends on a dataset."""
    read = store.lineage.read
    walk = read.walks.datasets([dataset.dataset_id], Direction.DOWN, depth=_DEPTH, dags=dags)
    found = [
        each
        for each in read.nodes.datasets(walk.datasets, dags=dags)
        if each.dataset_id != dataset.dataset_id
    ]
    jobs = read.nodes.jobs(walk.jobs, dags=dags)
    names = [each.governed for each in (dataset, *found) if each.governed]
    contracts = contracts_of(store, read.standings.of(names))
    affected = (
        AffectedDataset(
            dataset_key(each.dataset_id), each.label, each.zone, How.DIRECT, walk.datasets[each.dataset_id]
        )
        for each in found
    )
    return Impact(
        subject=dataset.label,
        columns=(),
        datasets=tuple(sorted(affected, key=lambda each: (each.steps, each.label))),
        dags=_dags(jobs),
        jobs=tuple(_job(each, certain=True) for each in jobs),
        contracts=tuple(Mention(name, "", contracts[name].path, None) for name in names if name in contracts),
        truncated=not walk.complete,
    )


def rules_naming(contract: Contract, column: str) -> list[str]:
    """The names of the contract's rules that are about a column: its own, and those that mention it."""
    declared = contract.column(column)
    own = [_rule_name(each) for each in declared.quality] if declared else []
    if declared:
        promises = (
            ("required", declared.required),
            ("unique", declared.unique),
            ("primary_key", declared.primary_key is not None),
        )
        own = [name for name, promised in promises if promised] + own
    word = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)", re.IGNORECASE)
    mentioned = (each for each in contract.quality if word.search(json.dumps(dict(each.entry), default=str)))
    return own + [_rule_name(each) for each in mentioned]


def _rule_name(entry: QualityEntry) -> str:
    told = (entry.entry.get(key) for key in ("name", "metric", "rule", "type"))
    return next((str(each) for each in told if each), entry.path)


def _datasets(
    walk: ColumnWalk, hows: Mapping[int, How], datasets: Mapping[int, Dataset], own: int
) -> list[AffectedDataset]:
    best: dict[int, tuple[int, int]] = {}
    for number, how in hows.items():
        where = walk.columns[number].dataset_id
        if where == own or where not in datasets:
            continue
        strength, steps = best.get(where, (len(_STRENGTH), _DEPTH))
        best[where] = min(strength, _STRENGTH.index(how)), min(steps, walk.depths[number])
    found = [
        AffectedDataset(
            dataset_key(where), datasets[where].label, datasets[where].zone, _STRENGTH[strength], steps
        )
        for where, (strength, steps) in best.items()
    ]
    return sorted(found, key=lambda each: (each.steps, each.label))


def _mentions(store: Store, walk: ColumnWalk, datasets: Mapping[int, Dataset]) -> list[Mention]:
    names = {each.governed for each in datasets.values() if each.governed}
    contracts = contracts_of(store, store.lineage.read.standings.of(names))
    found = []
    for column in walk.columns.values():
        dataset = datasets.get(column.dataset_id)
        contract = contracts.get(dataset.governed or "") if dataset else None
        if contract is None or dataset is None or column.all_rows:
            continue
        if contract.column(column.name) is not None:
            found.append(Mention(dataset.label, column.name, contract.path, None))
        found += [
            Mention(dataset.label, column.name, contract.path, rule)
            for rule in rules_naming(contract, column.name)
        ]
    return found


def _by_id(datasets: Iterable[Dataset]) -> dict[int, Dataset]:
    return {each.dataset_id: each for each in datasets}


def _dags(jobs: Iterable[Job]) -> tuple[str, ...]:
    return tuple(sorted({each.dag_id for each in jobs if each.dag_id}))


def _job(job: Job, *, certain: bool) -> AffectedJob:
    return AffectedJob(job_key(job.job_id), job.label, job.dag_id, certain)
