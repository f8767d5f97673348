"""A user's SELECT of one value, as quality rules have them: run under the fence, its result looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier
from airflow_gov.model.types import parse_type
from airflow_gov.transform.errors import sql_failure
from airflow_gov.transform.interrupting import interruptible
from airflow_gov.transform.session import Limits, fence, open_session
from airflow_gov.transform.statement import parse_select
from airflow_gov.transform.types import to_duckdb_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from airflow_gov.model.zones import DatasetName

_DECLARE = "declare what else a rule reads in its customProperties, `property: reads`"
#: DuckDB's types whose values compare with a number or a truth value.
_COMPARABLE = frozenset(
    {
        "BIGINT",
        "BOOLEAN",
        "DECIMAL",
        "DOUBLE",
        "FLOAT",
        "HUGEINT",
        "INTEGER",
        "SMALLINT",
        "TINYINT",
        "UBIGINT",
        "UHUGEINT",
        "UINTEGER",
        "USMALLINT",
        "UTINYINT",
    }
)
#: What a query is looked at with before there is data: enough for what DuckDB computes of it by then.
_NO_DATA = Limits("128MB", threads=1)

#: Names of columns with their types as :mod:`airflow_gov.model.types` writes them.
Schema = Sequence[tuple[str, str]]


class FencedSession:
    """Datasets under their own names, and a user's SELECTs of them. Nothing else can be reached.

    :param connection: has the datasets, and is fenced.
    :param datasets: which they are.
    """

    def __init__(self, connection: DuckDBPyConnection, datasets: Sequence[DatasetName]) -> None:
        self._connection = connection
        self._datasets = datasets

    def __call__(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one SELECT.

        :returns: its columns' names, and its first two rows: more are never looked at.
        :raises GovernanceError: ``SQL_REFUSED``, ``SQL_FAILED``. A signal that ends the query comes through.
        """
        statement = parse_select(sql, self._datasets, declare=_DECLARE)
        try:
            return interruptible(self._connection, lambda: self._run(statement.text))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise sql_failure(error, statement.text) from None

    def _run(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        result = self._connection.execute(sql)
        return [column[0] for column in result.description], result.fetchmany(2)


def refuse_query(sql: str, schemas: Mapping[DatasetName, Schema | None], *, one_value: bool = True) -> None:
    """Refuse a rule's SELECT that cannot be run, before there is any data.

    :param sql: the text.
    :param schemas: the datasets it may read, with their columns where these are known.
    :param one_value: whether it has to give one number or truth value.
    :raises GovernanceError: ``SQL_REFUSED`` for what is not one SELECT of these datasets, or gives more than
        one column or no number where it has to; ``SQL_FAILED`` for what is no SQL, or names a column
        that is not there.
    """
    statement = parse_select(sql, schemas, declare=_DECLARE)
    known = {dataset: schema for dataset in statement.reads if (schema := schemas[dataset]) is not None}
    if len(known) < len(statement.reads):
        return
    before = "DESCRIBE SELECT * FROM (\n"
    with open_session(_NO_DATA) as connection:
        for dataset, schema in known.items():
            _add_empty(connection, dataset, schema)
        fence(connection, reads=())
        try:
            described = connection.execute(f"{before}{statement.text}\n)").fetchall()
        except duckdb.Error as error:
            raise sql_failure(error, statement.text, before=before) from None
    if one_value:
        _require_one_value(described)


def _require_one_value(described: Sequence[tuple[Any, ...]]) -> None:
    if len(described) != 1:
        raise GovernanceError(
            Reason.SQL_REFUSED, f"The SQL gives {len(described)} columns: a rule is about one value."
        )
    kind = str(described[0][1]).partition("(")[0]
    if kind not in _COMPARABLE:
        raise GovernanceError(
            Reason.SQL_REFUSED, f"The SQL gives a value of type {kind}: a rule is about a number or boolean."
        )


def _add_empty(connection: DuckDBPyConnection, dataset: DatasetName, schema: Schema) -> None:
    zone = identifier(dataset.zone)
    columns = ", ".join(f"{identifier(name)} {to_duckdb_type(parse_type(kind))}" for name, kind in schema)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {zone}").fetchall()
    connection.execute(f"CREATE TABLE {zone}.{identifier(dataset.name)} ({columns})").fetchall()
