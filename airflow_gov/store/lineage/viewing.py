"""Who looks, and as of when: the conditions that every question to the graph carries.

A job whose Dag the viewer may not read does not exist, nor does what is known through such jobs alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from airflow_gov.store.lineage.asking import among, parameter
from airflow_gov.store.lineage_tables import column, column_edge, dataset, edge, job, job_dataset, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Table


class View:
    """What one caller sees at one moment.

    :param connection: to read with.
    :param dags: the Dags whose jobs exist for the caller; None: all.
    :param as_of: edges that held then; None: those that hold now.
    """

    def __init__(
        self, connection: Connection, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> None:
        self.connection = connection
        self.dags = dags
        self.as_of = as_of

    def among(self, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        """Whether a column has one of these values; any number of them is one parameter."""
        return among(self.connection.dialect.name, column, list(values))

    def listed(self, values: Iterable[str]) -> FromClause:
        """Texts as a table with the column ``value``."""
        given = parameter(self.connection.dialect.name, values)
        if self.connection.dialect.name == "sqlite":
            return func.json_each(given).table_valued("value").alias("listed")
        texts = cast(bindparam(None, given, ARRAY(Text)), ARRAY(Text))
        return func.unnest(texts).table_valued("value").render_derived(name="listed")

    @property
    def jobs(self) -> list[ColumnElement[bool]]:
        """Conditions on jobs."""
        if self.dags is None:
            return []
        return [or_(job.c.dag_id.is_(None), self.among(job.c.dag_id, sorted(self.dags)))]

    def through(self, table: Table | FromClause) -> list[ColumnElement[bool]]:
        """Conditions on what has a ``job_id``: that the job is seen."""
        if self.dags is None:
            return []
        return [exists().where(job.c.job_id == table.c.job_id, *self.jobs)]

    @property
    def runs(self) -> list[ColumnElement[bool]]:
        """Conditions on runs."""
        return self.through(run)

    @property
    def datasets(self) -> list[ColumnElement[bool]]:
        """Conditions on datasets: some job that is seen tells of it, or none at all does.

        A job tells of what it reads and writes, and of what the columns of that come from.
        """
        if self.dags is None:
            return []
        touched = job_dataset.c.dataset_id == dataset.c.dataset_id
        source = edge.c.source_id == dataset.c.dataset_id
        return [
            or_(
                exists().where(touched, *self.through(job_dataset)),
                exists().where(source, *self.through(edge)),
                and_(~exists().where(touched), ~exists().where(source)),
            )
        ]

    @property
    def columns(self) -> list[ColumnElement[bool]]:
        """Conditions on columns of datasets that are seen: in its schema, or of an edge that is seen."""
        ends = (column_edge.c.source_id, column_edge.c.target_id)
        through = (
            exists().where(end == column.c.column_id, *self.holding(column_edge), *self.through(column_edge))
            for end in ends
        )
        return [or_(column.c.position.is_not(None), *through)]

    def holding(self, table: Table) -> list[ColumnElement[bool]]:
        """Conditions on edges: that they hold at the moment."""
        if self.as_of is None:
            return [table.c.until.is_(None)]
        return [
            table.c.first_seen <= self.as_of,
            or_(table.c.until.is_(None), table.c.until > self.as_of),
        ]
