"""Column lineage of what the engine runs: a user's SELECT, and the table that a user's function gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.model.column_lineage import ColumnLineage, InputColumn
from airflow_gov.transform.column_lineage.aside import incomplete
from airflow_gov.transform.column_lineage.sql import sql_lineage
from airflow_gov.transform.session import own_columns

if TYPE_CHECKING:
    from airflow_gov.model.tables import SourceTable

#: Why the lineage of a function of tables is not known.
PYTHON_GAP = "Python callable"


def select_lineage(sql: str, sources: Iterable[SourceTable], outputs: Sequence[str]) -> ColumnLineage:
    """Column lineage of a SELECT of datasets.

    :param sql: names them ``<zone>.<name>``.
    :param sources: the datasets.
    :param outputs: names of the result's columns in order.
    """
    schemas = {str(table.dataset): [name for name, _ in own_columns(table)] for table in sources}
    return _only(sql_lineage(sql, schemas, outputs=outputs), schemas)


def _only(lineage: ColumnLineage, sources: Mapping[str, object]) -> ColumnLineage:
    """Lineage without tables that are no datasets, as Ibis makes them of Python values."""
    others = sorted(
        {each.source for inputs in (*lineage.columns.values(), lineage.rows) for each in inputs}
        - sources.keys()
    )
    if not others:
        return lineage

    def kept(inputs: Iterable[InputColumn]) -> tuple[InputColumn, ...]:
        return tuple(each for each in inputs if each.source in sources)

    return replace(
        lineage,
        columns={column: kept(inputs) for column, inputs in lineage.columns.items()},
        rows=kept(lineage.rows),
        complete=False,
        gaps=(*lineage.gaps, f"{', '.join(others)}: no source of the task."),
    )


def python_lineage() -> ColumnLineage:
    """Column lineage of a function whose result says nothing of how it was made."""
    return incomplete(PYTHON_GAP)
