"""What a suite is evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName

#: Names of a snapshot's columns in order, with their types.
Schema = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Subject:
    """One snapshot of a dataset, and what its rules compare it with.

    :param contract: what was promised.
    :param candidate: the snapshot: rules about the whole table read it.
    :param added: the load's rows in it; the snapshot itself when a published version is checked.
    :param now: what freshness is measured against.
    :param previous_schema: the published version's columns: none of them may have got lost.
    :param row_counts: rows of the published versions, newest first.
    :param others: published versions of other datasets that rules compare with.
    :param exists: tells whether a raw object's URI exists; raw datasets only.
    :param allow_empty: whether a load without rows is a load.
    :param parameters: values of ``{"$PARAMETER": name}`` in expectations.
    """

    contract: Contract
    candidate: SourceTable
    added: SourceTable
    now: datetime
    previous_schema: Schema | None = None
    row_counts: Sequence[int] = ()
    others: Mapping[DatasetName, SourceTable] = field(default_factory=dict)
    exists: Callable[[str], bool] | None = None
    allow_empty: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
