"""Who read the data, and who may have: of whom only the dataset is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from airflow_gov.catalog.incident.answer import Read
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_gov.catalog.incident.found import Found
    from airflow_gov.model.uses import DatasetRead
    from airflow_gov.runtime import Governance

#: How long a task may have read that never said that it ended: what began earlier is not looked at.
_LONGEST = timedelta(days=7)
#: How many reads of a dataset are told.
_MOST_READS = 500


@dataclass(frozen=True, slots=True)
class Readings:
    """Who read it, the newest first.

    :param certain: those that read it.
    :param possible: those that may have.
    :param left_out: what is not told.
    """

    certain: tuple[Read, ...]
    possible: tuple[Read, ...]
    left_out: tuple[str, ...]


def readings(governance: Governance, found: Sequence[Found], since: datetime | None) -> Readings:
    """The executions that read datasets of the lake, by whether they read what was found in them.

    An execution is recorded with the dataset that it read; which columns its task uses, lineage tells.
    """
    places = {each.node.governed: each for each in found if each.node.governed is not None}
    every = governance.store.uses.reads(
        [DatasetName.parse(name) for name in places], since=since, longest=_LONGEST, limit=_MOST_READS + 1
    )
    told, cut = _cut(every)
    certain, possible, others = [], [], 0
    for read in told:
        place, task = places[read.dataset], f"{read.by.dag_id}.{read.by.task_id}"
        if not place.columns or task in place.readers:
            certain.append(_told(read))
        elif task in place.other_readers:
            others += 1
        else:
            possible.append(_told(read))
    return Readings(tuple(certain), tuple(possible), (*cut, *_passed_over(others)))


def _cut(reads: Sequence[DatasetRead]) -> tuple[list[DatasetRead], list[str]]:
    """As many of each dataset as are told, and of which there were more."""
    kept: list[DatasetRead] = []
    left_out: list[str] = []
    for dataset, group in groupby(sorted(reads, key=lambda read: read.dataset), lambda read: read.dataset):
        own = list(group)
        kept += own[:_MOST_READS]
        if len(own) > _MOST_READS:
            left_out.append(f"{dataset} was read more often: airflow-gov executions list --dataset {dataset}")
    return sorted(kept, key=lambda read: (read.by.started_at, read.by.execution_id), reverse=True), left_out


def _passed_over(others: int) -> list[str]:
    if not others:
        return []
    return [f"Reads of these datasets by tasks that use other columns, as lineage tells: {others:,}."]


def _told(read: DatasetRead) -> Read:
    return Read(
        at=read.by.started_at,
        dataset=read.dataset,
        version=read.version,
        dag_id=read.by.dag_id,
        task_id=read.by.task_id,
        run_id=read.by.run_id,
        execution_id=read.by.execution_id,
        status=read.by.status.value,
        who=read.who,
    )
