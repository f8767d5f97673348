"""Nodes with everything a drawing shows of them, in a fixed number of questions to the store."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from airflow_gov.lineage import drawn
from airflow_gov.lineage.drawn import Neighbours
from airflow_gov.lineage.promises import contracts_of
from airflow_gov.model.contract import RESTRICTED
from airflow_gov.model.graph import Degree, Link, Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from airflow_gov.lineage.drawn import DatasetNode, JobNode
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.graph import Dataset, Job, Run, Touched
    from airflow_gov.model.lineage import TagFacts
    from airflow_gov.store import Store

_NONE = Standing()
#: Tags by which a column is told to be personal or restricted.
_CLASSIFICATION = "classification"


def dataset_nodes(
    store: Store,
    datasets: Sequence[Dataset],
    *,
    dags: frozenset[str] | None,
    as_of: datetime | None = None,
    touched: Mapping[int, Touched] | None = None,
    links: Iterable[Link] = (),
) -> list[DatasetNode]:
    """Datasets with version, rows, verdict and whether they hold personal data.

    :param datasets: of the store, which the caller may see.
    :param dags: the Dags whose jobs exist for the caller.
    :param as_of: as it was then.
    :param touched: by dataset what the runs in focus read or wrote of it: that version is shown.
    :param links: the arrows that are drawn.
    """
    read, touched = store.lineage.read, touched or {}
    ids = [each.dataset_id for each in datasets]
    standings = read.standings.of((each.governed for each in datasets if each.governed), as_of=as_of)
    elsewhere = [
        each.dataset_id
        for each in datasets
        if each.dataset_id not in touched and standings.get(each.governed or "", _NONE).version is None
    ]
    last = read.runs.last_writes(elsewhere, dags=dags, as_of=as_of) if elsewhere else {}
    numbers = read.standings.numbers(_snapshots(datasets, touched))
    personal = personal_datasets(store, datasets, standings)
    counts = dict(read.columns.counts(ids))
    if as_of is not None:
        then = read.versions.schemas_at(ids, as_of, dags=dags)
        counts |= {number: len(schema) for number, schema in then.items()}
    degrees = read.nodes.dataset_degrees(ids, dags=dags, as_of=as_of)
    ups, downs = _drawn(links)
    nodes = []
    for each in datasets:
        number = each.dataset_id
        standing = standings.get(each.governed or "", _NONE)
        told = touched.get(number)
        degree = degrees.get(number, Degree())
        version, rows, at = _version(each, standing, told, last.get(number), numbers)
        nodes.append(
            drawn.dataset_of(
                each,
                Neighbours(ups[number], max(degree.up, ups[number])),
                Neighbours(downs[number], max(degree.down, downs[number])),
                version=version,
                rows=rows,
                updated_at=at,
                verdict=standing.verdict,
                personal=number in personal,
                columns=counts.get(number, 0),
            )
        )
    return nodes


def job_nodes(
    store: Store,
    jobs: Sequence[Job],
    *,
    dags: frozenset[str] | None,
    as_of: datetime | None = None,
    runs: Mapping[int, list[Run]] | None = None,
    links: Iterable[Link] = (),
) -> list[JobNode]:
    """Jobs with the state of the runs in focus, else of their newest run.

    :param runs: by job the runs in focus.
    """
    read, runs = store.lineage.read, dict(runs or {})
    others = [each for each in jobs if each.job_id not in runs]
    for run in read.runs.latest(others, dags=dags, as_of=as_of):
        runs[run.job_id] = [run]
    degrees = read.nodes.job_degrees([each.job_id for each in jobs], dags=dags, as_of=as_of)
    inputs, outputs = Counter[int](), Counter[int]()
    for link in set(links):
        (outputs if link.output else inputs)[link.job_id] += 1
    nodes = []
    for each in jobs:
        number = each.job_id
        degree = degrees.get(number, Degree())
        nodes.append(
            drawn.job_of(
                each,
                newest_tries(runs.get(number, [])),
                Neighbours(inputs[number], max(degree.up, inputs[number])),
                Neighbours(outputs[number], max(degree.down, outputs[number])),
            )
        )
    return nodes


def newest_tries(runs: Sequence[Run]) -> list[Run]:
    """Of each mapped instance the newest try, the newest first.

    :param runs: newest first.
    """
    found: dict[int | None, Run] = {}
    for run in runs:
        before = found.get(run.map_index)
        if before is None or (run.try_number or 0) > (before.try_number or 0):
            found[run.map_index] = run
    return list(found.values())


def personal_datasets(
    store: Store, datasets: Sequence[Dataset], standings: Mapping[str, Standing]
) -> set[int]:
    """The datasets with a column that a tag or the contract in use calls personal or restricted."""
    tags = store.lineage.read.nodes.tags(each.dataset_id for each in datasets)
    contracts = contracts_of(store, standings)
    return {
        each.dataset_id
        for each in datasets
        if any(is_personal(tag) for tag in tags.get(each.dataset_id, ()))
        or _has_classified(contracts.get(each.governed or ""))
    }


def is_personal(tag: TagFacts) -> bool:
    """Whether a tag says that what it is on is personal or restricted."""
    key, value = tag.key.lower(), tag.value.lower()
    if key == _CLASSIFICATION:
        return value in RESTRICTED
    return key.startswith("pii") or value.startswith("pii")


def tag_text(tag: TagFacts) -> str:
    """A tag as contracts write it: ``pii:email``."""
    return tag.key if tag.value.lower() in ("", "true") else f"{tag.key}:{tag.value}"


def _has_classified(contract: Contract | None) -> bool:
    return contract is not None and any(column.classified for column in contract.columns)


def _drawn(links: Iterable[Link]) -> tuple[Counter[int], Counter[int]]:
    ups, downs = Counter[int](), Counter[int]()
    for link in set(links):
        (ups if link.output else downs)[link.dataset_id] += 1
    return ups, downs


def _snapshots(datasets: Collection[Dataset], touched: Mapping[int, Touched]) -> set[tuple[str, int]]:
    found = set()
    for each in datasets:
        version = touched[each.dataset_id].version if each.dataset_id in touched else None
        if each.governed and version and is_snapshot(version):
            found.add((each.governed, int(version)))
    return found


def is_snapshot(version: str) -> bool:
    """Whether a version may be the number of a snapshot."""
    return version.isascii() and version.isdecimal() and len(version) < 19


def _version(
    dataset: Dataset,
    standing: Standing,
    told: Touched | None,
    last: Touched | None,
    numbers: Mapping[tuple[str, int], int],
) -> tuple[str | None, int | None, datetime | None]:
    """Version, rows and time: of what the runs in focus touched, else of what is published, else written."""
    if told is not None and told.version is not None:
        if dataset.governed is None:
            return told.version, told.rows, told.at
        snapshot = int(told.version) if is_snapshot(told.version) else -1
        number = numbers.get((dataset.governed, snapshot))
        return None if number is None else str(number), told.rows, told.at
    if standing.version is not None:
        return str(standing.version), standing.rows, standing.published_at
    if last is None:
        return None, None, told.at if told else None
    return None if dataset.governed else last.version, last.rows, last.at
