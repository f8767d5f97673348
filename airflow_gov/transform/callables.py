"""A user's Python function run on its sources and its result written as Parquet."""

from __future__ import annotations

import hashlib
import inspect
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb import DuckDBPyConnection

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier
from airflow_gov.transform.column_lineage.aside import aside
from airflow_gov.transform.column_lineage.engines import python_lineage, select_lineage
from airflow_gov.transform.errors import message_of
from airflow_gov.transform.session import Limits, add_tables, open_session
from airflow_gov.transform.tables_for_python import (
    TableKind,
    arrow_of,
    ibis_select,
    kind_of,
    match_parameters,
    read_as,
)
from airflow_gov.transform.writing import (
    Target,
    Written,
    check_columns,
    check_not_empty,
    columns_of,
    emptied_on_error,
    load_id_column,
    typed_columns,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName

_RESULT = "__airflow_gov_result"


def run_function(
    function: Callable[..., Any],
    sources: Mapping[DatasetName, SourceTable],
    target: Target,
    limits: Limits,
    *,
    arguments: Mapping[str, Any],
    allow_empty: bool,
) -> Written:
    """Run a function of the sources and write its result; see ``DuckEngine.run_callable``."""
    parameters = match_parameters(function, list(sources), arguments)
    with open_session(limits) as connection, emptied_on_error(target.folder):
        add_tables(connection, sources.values())
        tables = {
            name: read_as(connection, sources[dataset], kind) for name, (dataset, kind) in parameters.items()
        }
        result = function(**tables, **arguments)
        relation, select = _relation(connection, result, f"{getattr(function, '__qualname__', function)}()")
        columns = connection.sql(f"SELECT * FROM {relation}").columns
        check_columns(columns, target.contract)
        lineage = _lineage(select, sources.values(), columns)
        items = ", ".join([*typed_columns(target.contract), load_id_column(target.load_id)])
        try:
            files = write(connection, f"SELECT {items} FROM {relation}", target)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise GovernanceError(
                Reason.TRANSFORM_FAILED,
                f"The result of {getattr(function, '__qualname__', function)}() could not be written as "
                f"{target.contract.dataset}'s contract says: {message_of(error)}",
            ) from None
        rows = sum(file.rows or 0 for file in files)
        check_not_empty(rows, target.contract, allow_empty=allow_empty)
    return Written(
        rows=rows,
        rows_read=sum(table.rows for table in sources.values()),
        files=files,
        columns=columns_of(target.contract),
        code_hash=_source_hash(function),
        column_lineage=lineage,
    )


def _relation(connection: DuckDBPyConnection, result: Any, where: str) -> tuple[str, str | None]:
    """What stands behind FROM to read the function's result, and the SELECT it is, where it is one."""
    if kind_of(type(result)) is TableKind.IBIS:
        select = ibis_select(connection, result)
        return f"({select})", select
    connection.register(_RESULT, arrow_of(result, where))
    return identifier(_RESULT), None


def _lineage(
    select: str | None, sources: Iterable[SourceTable], columns: list[str]
) -> Callable[[], ColumnLineage]:
    """Follows what the result comes from, while it is written."""
    if select is None:
        return python_lineage
    return aside(lambda: select_lineage(select, sources, columns))


def _source_hash(function: Callable[..., Any]) -> str | None:
    try:
        return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()
    except (OSError, TypeError):
        return None
