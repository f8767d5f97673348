"""From version to version: which run made what from what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.lineage.nodes import is_snapshot
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.graph import Direction
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_gov.model.graph import Dataset, Run, VersionStep
    from airflow_gov.store import Store


@dataclass(frozen=True, slots=True)
class Step:
    """A run read one version and wrote another.

    :param source_version: number of the published version where there is one, else as its producer calls it.
    """

    source: str
    source_version: str | None
    target: str
    target_version: str | None
    job: str
    run_id: str


def version_named(store: Store, dataset: Dataset, text: str) -> str:
    """A version as its producer calls it: for our tables the snapshot, which a small number stands for.

    :raises GovernanceError: ``VERSION_UNKNOWN``.
    """
    if dataset.governed and is_snapshot(text) and len(text) < 9:
        found = store.versions.get(DatasetName.parse(dataset.governed), int(text))
        if found is not None:
            return str(found.snapshot_id)
    if not store.lineage.read.versions.list(dataset.dataset_id, dags=None, version=text, limit=1):
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"The lineage knows no version {text[:80]!r} of {dataset.label}.",
            dataset=dataset.label,
        )
    return text


def steps_from(
    store: Store,
    starts: Iterable[tuple[int, str]],
    direction: Direction,
    *,
    depth: int,
    limit: int,
    dags: frozenset[str] | None,
) -> list[Step]:
    """What versions were made from, or what was made from them."""
    walks = store.lineage.read.walks
    found: dict[VersionStep, None] = {}
    for start in starts:
        steps = walks.versions(start, direction, depth=depth, dags=dags, limit=limit)
        found |= dict.fromkeys(steps)
    return _told(store, list(found)[:limit], dags)


def steps_from_run(
    store: Store, run: Run, direction: Direction, *, depth: int, limit: int, dags: frozenset[str] | None
) -> list[Step]:
    """What a run read and what that was made from; or what it wrote and what was made from that."""
    touched = store.lineage.read.runs.touches([run.run_id], dags=dags)
    wanted = direction is Direction.UP
    # The walk goes through the run itself first: from what it wrote up, or from what it read down.
    starts = [(each.dataset_id, each.version) for each in touched if each.output is wanted and each.version]
    return steps_from(store, starts, direction, depth=depth, limit=limit, dags=dags)


def _told(store: Store, steps: list[VersionStep], dags: frozenset[str] | None) -> list[Step]:
    read = store.lineage.read
    ends = {end for step in steps for end in (step.source, step.target)}
    datasets = {each.dataset_id: each for each in read.nodes.datasets({n for n, _ in ends}, dags=dags)}
    jobs = {each.job_id: each for each in read.nodes.jobs({step.job_id for step in steps}, dags=dags)}
    pairs = {
        (datasets[number].governed or "", int(version))
        for number, version in ends
        if number in datasets and version and is_snapshot(version)
    }
    numbers = read.standings.numbers(pairs)
    return [
        Step(
            datasets[step.source[0]].label,
            _version(step.source, datasets, numbers),
            datasets[step.target[0]].label,
            _version(step.target, datasets, numbers),
            jobs[step.job_id].label,
            step.run_id,
        )
        for step in steps
        if step.source[0] in datasets and step.target[0] in datasets and step.job_id in jobs
    ]


def _version(
    end: tuple[int, str | None],
    datasets: Mapping[int, Dataset],
    numbers: Mapping[tuple[str, int], int],
) -> str | None:
    number, version = end
    if version is None or not is_snapshot(version):
        return version
    published = numbers.get((datasets[number].governed or "", int(version)))
    return version if published is None else str(published)
