"""What changed between two versions of a dataset: columns, rows, how it was made, and from what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import RunTold
from airflow_gov.lineage.nodes import is_snapshot
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_gov.model.execution import Execution
    from airflow_gov.model.graph import Column, ColumnLink, Dataset, Run
    from airflow_gov.store import Store


@dataclass(frozen=True, slots=True)
class VersionTold:
    """One of the two versions.

    :param version: as its producer calls it: for our tables the snapshot.
    :param number: of the published version.
    :param git: tag and commit of the code that made it.
    """

    version: str
    number: int | None
    at: datetime
    rows: int | None
    size: int | None
    run: RunTold | None
    code_hash: str | None
    git_tag: str | None
    git_commit: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that changed.

    :param what: ``column``, ``type``, ``input``, ``lineage``, ``job``, ``code``.
    :param name: which.
    :param change: ``added``, ``removed`` or ``changed``.
    """

    what: str
    name: str
    change: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two versions of a dataset."""

    dataset: str
    a: VersionTold
    b: VersionTold
    rows: int | None
    changes: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """All that is known of one version."""

    told: VersionTold
    columns: Mapping[str, str]
    inputs: Mapping[str, str | None]
    links: Mapping[str, str]
    jobs: frozenset[str]


def difference(store: Store, dataset: Dataset, a: str, b: str, *, dags: frozenset[str] | None) -> Difference:
    """Compare two versions.

    :param a: number of a published version, or the version as its producer calls it.
    :param b: the other.
    :raises GovernanceError: ``VERSION_UNKNOWN``.
    """
    before, after = (_side(store, dataset, text, dags) for text in (a, b))
    rows = None
    if before.told.rows is not None and after.told.rows is not None:
        rows = after.told.rows - before.told.rows
    changes = [
        *_changes("column", before.columns, after.columns, "type"),
        *_changes("input", before.inputs, after.inputs, "input"),
        *_changes("lineage", before.links, after.links, "lineage"),
        *_changes("job", dict.fromkeys(before.jobs), dict.fromkeys(after.jobs), "job"),
    ]
    if before.told.code_hash != after.told.code_hash and before.told.run and after.told.run:
        changes.append(
            Changed("code", after.told.run.job_label, "changed", before.told.code_hash, after.told.code_hash)
        )
    return Difference(dataset.label, before.told, after.told, rows, tuple(changes))


def _changes(
    what: str, before: Mapping[str, str | None], after: Mapping[str, str | None], altered: str
) -> list[Changed]:
    found = [Changed(what, name, "removed", before[name]) for name in sorted(before.keys() - after.keys())]
    found += [
        Changed(what, name, "added", after=after[name]) for name in sorted(after.keys() - before.keys())
    ]
    # That an input has another version is no change: each run reads the newest.
    if what != "input":
        found += [
            Changed(altered, name, "changed", before[name], after[name])
            for name in sorted(before.keys() & after.keys())
            if before[name] != after[name]
        ]
    return found


def _side(store: Store, dataset: Dataset, text: str, dags: frozenset[str] | None) -> _Side:
    read = store.lineage.read
    version, number = _named(store, dataset, text)
    found = read.versions.list(dataset.dataset_id, dags=dags, version=version, limit=1)
    if not found:
        raise _unknown(dataset, text)
    known = found[0]
    runs = read.runs.get([known.run_id] if known.run_id else [], dags=dags)
    run = runs[0] if runs else None
    execution = _execution(store, run)
    published = None
    if dataset.governed and is_snapshot(version):
        published = read.standings.versions(dataset.governed, [int(version)]).get(int(version))
    # The edges of a run hold from its first event on, and are all told when it ends.
    moment = run.state_at if run else known.first_seen
    touched = read.runs.touches([run.run_id] if run else [], dags=dags)
    datasets = {
        each.dataset_id: each.label
        for each in read.nodes.datasets({each.dataset_id for each in touched}, dags=dags)
    }
    links = read.columns.links_into(dataset.dataset_id, dags=dags, as_of=moment)
    told = VersionTold(
        version=version,
        number=published[0] if published else number,
        at=known.first_seen,
        rows=published[1] if published else known.rows,
        size=published[2] if published else known.size,
        run=RunTold.of(run) if run else None,
        code_hash=execution.code_hash if execution else None,
        git_tag=execution.git.tag if execution else None,
        git_commit=execution.git.commit if execution else None,
    )
    return _Side(
        told,
        columns=dict(known.columns or ()),
        inputs={
            datasets[each.dataset_id]: each.version
            for each in touched
            if not each.output and each.dataset_id in datasets
        },
        links=_links(store, links, dags),
        jobs=frozenset({run.job_label} if run else ()),
    )


def _links(
    store: Store, links: list[tuple[Column, Column, ColumnLink]], dags: frozenset[str] | None
) -> dict[str, str]:
    ids = {source.dataset_id for source, _, _ in links}
    labels = {each.dataset_id: each.label for each in store.lineage.read.nodes.datasets(ids, dags=dags)}
    found: dict[str, str] = {}
    for source, target, link in links:
        name = f"{labels.get(source.dataset_id, '?')}.{source.name} → {target.name or 'all rows'}"
        how = sorted({each.subtype.value for each in link.transformations}) or [
            "DIRECT" if link.direct else "INDIRECT"
        ]
        found[name] = ", ".join(how) + (", masked" if link.masking else "")
    return found


def _named(store: Store, dataset: Dataset, text: str) -> tuple[str, int | None]:
    """The version as its producer calls it, and its number: a small number is one of ours."""
    if dataset.governed and is_snapshot(text):
        found = store.versions.get(DatasetName.parse(dataset.governed), int(text)) if len(text) < 9 else None
        if found is not None:
            return str(found.snapshot_id), found.version
    return text, None


def _execution(store: Store, run: Run | None) -> Execution | None:
    return store.executions.get(run.execution_id) if run and run.execution_id else None


def _unknown(dataset: Dataset, text: str) -> GovernanceError:
    return GovernanceError(
        Reason.VERSION_UNKNOWN,
        f"The lineage knows no version {text[:80]!r} of {dataset.label}.",
        dataset=dataset.label,
    )
