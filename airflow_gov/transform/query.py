"""A user's SELECT run inside the fence and written as Parquet."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb
from duckdb import DuckDBPyConnection

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.column_lineage.aside import aside
from airflow_gov.transform.column_lineage.engines import select_lineage
from airflow_gov.transform.errors import message_of, position_in, sql_failure
from airflow_gov.transform.interrupting import execute
from airflow_gov.transform.session import Limits, add_tables, fence, open_session
from airflow_gov.transform.statement import Statement, parse_select
from airflow_gov.transform.writing import (
    Target,
    Written,
    check_columns,
    check_not_empty,
    columns_of,
    emptied_on_error,
    load_id_column,
    typed_columns,
    written_files,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.model.loads import FileRef
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName


def run_query(
    sql: str,
    sources: Mapping[DatasetName, SourceTable],
    target: Target,
    limits: Limits,
    *,
    allow_empty: bool,
) -> Written:
    """Run one SELECT of the sources and write its result; see ``DuckEngine.run_sql``."""
    statement = parse_select(sql, sources)
    read = [sources[dataset] for dataset in sorted(statement.reads)]
    with open_session(limits) as connection, emptied_on_error(target.folder):
        add_tables(connection, read)
        fence(connection, reads=read, writes=target.folder)
        columns = _result_columns(connection, statement)
        check_columns(columns, target.contract)
        lineage = aside(lambda: select_lineage(statement.text, read, columns))
        files = _write(connection, statement, target)
        rows = sum(file.rows or 0 for file in files)
        check_not_empty(rows, target.contract, allow_empty=allow_empty)
    return Written(
        rows=rows,
        rows_read=sum(table.rows for table in read),
        files=files,
        columns=columns_of(target.contract),
        code_hash=hashlib.sha256(sql.encode()).hexdigest(),
        column_lineage=lineage,
    )


def _result_columns(connection: DuckDBPyConnection, statement: Statement) -> list[str]:
    before = "DESCRIBE SELECT * FROM (\n"
    try:
        # DESCRIBE says where an error is, the relation keeps names that are there twice.
        connection.execute(f"{before}{statement.text}\n)").fetchall()
        return connection.sql(statement.text).columns
    except duckdb.Error as error:
        raise sql_failure(error, statement.text, before=before) from None


def _write(connection: DuckDBPyConnection, statement: Statement, target: Target) -> tuple[FileRef, ...]:
    items = typed_columns(target.contract)
    before = "COPY (SELECT " + ", ".join([*items, load_id_column(target.load_id)]) + " FROM (\n"
    try:
        stats = execute(connection, f"{before}{statement.text}\n)) {target.copy_options}")
    except duckdb.IOException as error:
        raise GovernanceError(
            Reason.TRANSFORM_FAILED,
            f"Writing the result for {target.contract.dataset} failed: {message_of(error)}",
        ) from error
    except duckdb.Error as error:
        raise _cast_failure(error, items, target) or sql_failure(
            error, statement.text, before=before
        ) from None
    return written_files(stats)


def _cast_failure(error: duckdb.Error, items: list[str], target: Target) -> GovernanceError | None:
    """The error of a cast to the contract's type, which stands before the user's text; else None."""
    position = position_in(error)
    if position is None:
        return None
    end = len(b"COPY (SELECT ")
    for column, item in zip(target.contract.columns, items, strict=True):
        start, end = end, end + len(f"{item}, ".encode())
        if start <= position < end:
            return GovernanceError(
                Reason.SQL_FAILED,
                f"The SQL's column {column.name} does not fit the type {column.type} of "
                f"{target.contract.dataset}'s contract: {message_of(error)}",
                column=column.name,
            )
    return None
