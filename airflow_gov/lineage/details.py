"""Everything that is known of one dataset or of one job, for its panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.drawn import RunTold
from airflow_gov.lineage.job_history import facets_then
from airflow_gov.lineage.nodes import dataset_nodes, is_snapshot, job_nodes, tag_text
from airflow_gov.lineage.promises import contract_in_use
from airflow_gov.lineage.where_is import location
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_gov.lineage.drawn import DatasetNode, JobNode
    from airflow_gov.model.graph import Dataset, DatasetVersion, Run
    from airflow_gov.store import Store

_RUNS, _VERSIONS, _VERDICTS, _EXECUTIONS = 20, 20, 20, 20


@dataclass(frozen=True, slots=True)
class NameTold:
    """One of the names of a dataset: ``own``, ``symlink`` or ``former``."""

    namespace: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """A verdict in the history of a dataset."""

    verdict_id: str
    passed: bool
    checked_at: datetime
    rules: int
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version; `number` where it was published."""

    version: str
    number: int | None
    rows: int | None
    size: int | None
    at: datetime
    run: RunTold | None


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution that read or wrote the dataset."""

    execution_id: str
    dag_id: str
    run_id: str
    task_id: str
    action: str
    status: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class DatasetDetail:
    """What the panel of a dataset shows beside its node.

    :param files: where its files lie, as an address.
    """

    node: DatasetNode
    description: str | None
    owner: str | None
    steward: tuple[str, ...]
    classification: str | None
    tags: tuple[str, ...]
    names: tuple[NameTold, ...]
    files: str
    quality: tuple[VerdictTold, ...]
    runs: tuple[RunTold, ...]
    versions: tuple[VersionRow, ...]
    executions: tuple[ExecutionRow, ...]
    facets: Mapping[str, Any]
    links: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class JobDetail:
    """What the panel of a job shows beside its node.

    :param facets_at: the past moment that the facets are of; None: they are of now.
    """

    node: JobNode
    description: str | None
    runs: tuple[RunTold, ...]
    inputs: tuple[DatasetNode, ...]
    outputs: tuple[DatasetNode, ...]
    facets: Mapping[str, Any]
    facets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TouchTold:
    """A dataset that a run read or wrote."""

    dataset: str
    output: bool
    version: str | None
    number: int | None
    rows: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with what it read and wrote."""

    run: RunTold
    touched: tuple[TouchTold, ...]


def run_detail(store: Store, run: Run, *, dags: frozenset[str] | None) -> RunDetail:
    """All about a run that the caller may see."""
    read = store.lineage.read
    touched = read.runs.touches([run.run_id], dags=dags)
    found = read.nodes.datasets({each.dataset_id for each in touched}, dags=dags)
    datasets = {each.dataset_id: each for each in found}
    pairs = {
        (datasets[each.dataset_id].governed or "", int(each.version))
        for each in touched
        if each.version and is_snapshot(each.version) and each.dataset_id in datasets
    }
    numbers = read.standings.numbers(pairs)
    told = []
    for each in sorted(touched, key=lambda each: each.output):
        if each.dataset_id in datasets:
            dataset = datasets[each.dataset_id]
            snapshot = int(each.version) if each.version and is_snapshot(each.version) else -1
            number = numbers.get((dataset.governed or "", snapshot))
            told.append(TouchTold(dataset.label, each.output, each.version, number, each.rows, each.size))
    return RunDetail(RunTold.of(run), tuple(told))


def dataset_detail(
    store: Store, dataset: Dataset, *, dags: frozenset[str] | None, as_of: datetime | None = None
) -> DatasetDetail:
    """All about a dataset that the caller may see.

    :param as_of: its node is of then; all else is of now.
    """
    read, number = store.lineage.read, dataset.dataset_id
    node = dataset_nodes(store, [dataset], dags=dags, as_of=as_of)[0]
    contract, detail = contract_in_use(store, dataset), read.nodes.dataset_detail(number, dags=dags)
    tags = [tag_text(tag) for tag in read.nodes.tags([number]).get(number, ()) if not tag.column]
    classifications = (
        [each.classification for each in contract.columns if each.classification] if contract else []
    )
    runs = read.runs.of_dataset(number, dags=dags, limit=_RUNS)
    return DatasetDetail(
        node=node,
        description=(contract.description if contract else "") or detail.description,
        owner=contract.owner if contract else _owner(detail.facets),
        steward=contract.stewards if contract else (),
        classification=", ".join(dict.fromkeys(classifications)) or None,
        tags=tuple(dict.fromkeys((*(contract.tags if contract else ()), *tags))),
        names=tuple(NameTold(name.namespace, name.name, kind) for name, kind in read.nodes.names(number)),
        files=location(dataset),
        quality=_quality(store, dataset),
        runs=tuple(map(RunTold.of, runs)),
        versions=_versions(store, dataset, dags),
        executions=_executions(store, dataset, dags),
        facets=detail.facets,
        links={"page": f"datasets/{dataset.governed}" if dataset.governed else None},
    )


def job_detail(
    store: Store, job_id: int, *, dags: frozenset[str] | None, as_of: datetime | None = None
) -> JobDetail:
    """All about a job that the caller may see.

    :param as_of: as it was then; its facets are of now where the events of then are not kept any more.
    """
    read = store.lineage.read
    links = read.nodes.links_of(jobs=[job_id], dags=dags, as_of=as_of)
    node = job_nodes(store, read.nodes.jobs([job_id], dags=dags), dags=dags, as_of=as_of)[0]
    detail = read.nodes.job_detail(job_id, dags=dags)
    then = facets_then(store, node.run_id, as_of, dags=dags) if as_of else None
    found = read.nodes.datasets({link.dataset_id for link in links}, dags=dags)
    datasets = {
        each.dataset_id: made
        for each, made in zip(found, dataset_nodes(store, found, dags=dags, as_of=as_of), strict=True)
    }
    sides = {
        output: tuple(
            datasets[link.dataset_id]
            for link in links
            if link.output is output and link.dataset_id in datasets
        )
        for output in (False, True)
    }
    return JobDetail(
        node=node,
        description=detail.description,
        runs=tuple(map(RunTold.of, read.runs.of_job(job_id, dags=dags, as_of=as_of, limit=_RUNS))),
        inputs=sides[False],
        outputs=sides[True],
        facets=detail.facets if then is None else then,
        facets_at=None if then is None else as_of,
    )


def _owner(facets: Mapping[str, Any]) -> str | None:
    """The first owner that the ownership facet of an outside dataset names."""
    ownership = facets.get("ownership")
    owners = ownership.get("owners") if isinstance(ownership, dict) else None
    first = owners[0] if isinstance(owners, list) and owners else None
    name = first.get("name") if isinstance(first, dict) else None
    return name if isinstance(name, str) else None


def _quality(store: Store, dataset: Dataset) -> tuple[VerdictTold, ...]:
    if dataset.governed is None:
        return ()
    return tuple(
        VerdictTold(
            each.verdict_id,
            each.passed,
            each.checked_at,
            len(each.results),
            tuple(result.rule for result in each.failures),
        )
        for each in store.verdicts.list(DatasetName.parse(dataset.governed), _VERDICTS)
    )


def _versions(store: Store, dataset: Dataset, dags: frozenset[str] | None) -> tuple[VersionRow, ...]:
    read = store.lineage.read
    found: list[DatasetVersion] = read.versions.list(dataset.dataset_id, dags=dags, limit=_VERSIONS)
    runs = {
        run.run_id: run for run in read.runs.get({each.run_id for each in found if each.run_id}, dags=dags)
    }
    snapshots = [int(each.version) for each in found if is_snapshot(each.version)]
    published = read.standings.versions(dataset.governed, snapshots) if dataset.governed else {}
    rows = []
    for each in found:
        number, rows_, size = published.get(
            int(each.version) if is_snapshot(each.version) else -1, (None, each.rows, each.size)
        )
        run = runs.get(each.run_id or "")
        rows.append(
            VersionRow(each.version, number, rows_, size, each.first_seen, RunTold.of(run) if run else None)
        )
    return tuple(rows)


def _executions(store: Store, dataset: Dataset, dags: frozenset[str] | None) -> tuple[ExecutionRow, ...]:
    if dataset.governed is None:
        return ()
    found = store.executions.list(dataset=dataset.governed, limit=5 * _EXECUTIONS, data=False)
    seen = [each for each in found if dags is None or each.task.dag_id in dags]
    return tuple(
        ExecutionRow(
            each.execution_id,
            each.task.dag_id,
            each.task.run_id,
            each.task.task_id,
            each.action,
            each.status.value,
            each.start,
        )
        for each in seen[:_EXECUTIONS]
    )
