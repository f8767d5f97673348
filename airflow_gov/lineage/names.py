"""The dataset or column that a person means."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from airflow_gov.lineage.focus import node_number, splits_at_dots
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_gov.model.graph import Column, Dataset, Job, Run
    from airflow_gov.store import Store


def dataset_or_column(
    store: Store, text: str, *, dags: frozenset[str] | None = None
) -> tuple[Dataset, Column | None]:
    """The dataset, and the column where the text names one.

    Taken are ``clean.flights``, ``clean.flights.carrier``, a name as its producer says it,
    ``namespace/name``, an id such as ``d12``, and an end of a name where only one ends so.

    :raises GovernanceError: ``DATASET_UNKNOWN``, ``COLUMN_UNKNOWN`` naming what there is; or naming all
        that the text could mean, when it could mean several.
    """
    dataset = _dataset(store, text, dags)
    if dataset is not None:
        return dataset, None
    without_column: list[Dataset] = []
    for dataset_text, column_text in _readings(text):
        datasets = _datasets(store, dataset_text, dags)
        columns = {
            each.dataset_id: store.lineage.read.columns.get(each.dataset_id, column_text, dags=dags)
            for each in datasets
        }
        having = [each for each in datasets if columns[each.dataset_id] is not None]
        if having:
            only = _only(having, text)
            return only, columns[only.dataset_id]
        without_column += datasets
    if without_column:
        raise _no_column(store, without_column[0], text, dags)
    raise _no_dataset(store, text, dags)


def dataset_named(store: Store, text: str, *, dags: frozenset[str] | None = None) -> Dataset:
    """The dataset that a text means, as :func:`dataset_or_column` reads it.

    :raises GovernanceError: ``DATASET_UNKNOWN`` naming datasets with like names.
    """
    dataset = _dataset(store, text, dags)
    if dataset is None:
        raise _no_dataset(store, text, dags)
    return dataset


def column_named(store: Store, text: str, *, dags: frozenset[str] | None = None) -> tuple[Dataset, Column]:
    """The column that a text means.

    :raises GovernanceError: ``PARAMETER_INVALID`` when it names a dataset only; see
        :func:`dataset_or_column`.
    """
    dataset, column = dataset_or_column(store, text, dags=dags)
    if column is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{text!r} is a dataset: name a column of it, {dataset.label}.<column>."
        )
    return dataset, column


def job_or_run(store: Store, text: str, *, dags: frozenset[str] | None = None) -> Job | Run:
    """The job or the run that a text means.

    :param text: ``dag.task``, a job's name, ``namespace/name``, an id such as ``j5``, or a run's id.
    :raises GovernanceError: ``JOB_UNKNOWN``; or naming all that it could mean.
    """
    read = store.lineage.read
    runs = read.runs.get([text.lower()], dags=dags)
    if runs:
        return runs[0]
    number = node_number(text, "j")
    found = read.names.jobs(text, dags=dags) if number is None else []
    jobs = read.nodes.jobs([number] if number is not None else [each.number for each in found[:1]], dags=dags)
    if jobs:
        return jobs[0]
    near = read.names.search(text, dags=dags, limit=50)
    labels = [each.label for each in near if each.kind == "job"][:5]
    hint = f"Did you mean {' or '.join(labels)}?" if labels else "See: airflow-gov lineage search WORD"
    raise GovernanceError(Reason.JOB_UNKNOWN, f"There is no job or run {_shown(text)} in the lineage. {hint}")


def _dataset(store: Store, text: str, dags: frozenset[str] | None) -> Dataset | None:
    datasets = _datasets(store, text, dags)
    return _only(datasets, text) if datasets else None


def _datasets(store: Store, text: str, dags: frozenset[str] | None) -> list[Dataset]:
    """The datasets that are called so, else those whose name ends so."""
    read = store.lineage.read
    number = node_number(text, "d")
    if number is not None:
        return read.nodes.datasets([number], dags=dags)
    found = read.names.exact(text, dags=dags) or read.names.ending(text, dags=dags)
    return read.nodes.datasets({each.number for each in found}, dags=dags)


def _only(found: Sequence[Dataset], text: str) -> Dataset:
    if len(found) == 1:
        return found[0]
    told = [each.governed or f"{each.namespace}/{each.name}" for each in found]
    more = f" and {len(told) - 5} more" if len(told) > 5 else ""
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"{_shown(text)} may mean {', '.join(told[:5])}{more}: write more of the name.",
        candidates=told,
    )


def _readings(text: str) -> Iterator[tuple[str, str]]:
    """Each dot as the end of the dataset and the beginning of the column, the longest dataset first."""
    for head, tail in splits_at_dots(text):
        if head and tail:
            yield head, tail


def _no_dataset(store: Store, text: str, dags: frozenset[str] | None) -> GovernanceError:
    labels = store.lineage.read.names.labels(dags=dags)
    near = difflib.get_close_matches(text, labels, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "See: airflow-gov lineage search WORD"
    return GovernanceError(
        Reason.DATASET_UNKNOWN, f"There is no dataset {_shown(text)} in the lineage. {hint}", name=text[:300]
    )


def _no_column(store: Store, dataset: Dataset, text: str, dags: frozenset[str] | None) -> GovernanceError:
    columns = [each.name for each in store.lineage.read.columns.of([dataset.dataset_id], dags=dags)]
    wanted = text.rpartition(".")[2]
    near = difflib.get_close_matches(wanted, columns, n=3) or columns[:8]
    hint = f"Did you mean {' or '.join(near)}?" if near else "No columns of it are known."
    return GovernanceError(
        Reason.COLUMN_UNKNOWN, f"{dataset.label} has no column {_shown(wanted)}. {hint}", name=text[:300]
    )


def _shown(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:117]}...")
