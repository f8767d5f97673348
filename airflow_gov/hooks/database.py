"""Database sources through Airflow connections."""

from __future__ import annotations

import re

from airflow.sdk import BaseHook

from airflow_gov.flow.deliveries import DatabaseSource
from airflow_gov.model.errors import GovernanceError, Reason

_TABLE = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*){0,2}")


def database_source(
    conn_id: str | None, *, table: str | None, sql: str | None, dataset: str
) -> DatabaseSource:
    """Where to extract from: the connection's database, as its own hook connects to it.

    :param conn_id: an Airflow connection whose hook is a DB-API hook (``common.sql``).
    :param table: a table, or
    :param sql: a query.
    :param dataset: the raw dataset it goes to; names the delivery of a query.
    :raises GovernanceError: ``PARAMETER_INVALID`` for anything but one connection and one of the two.
    """
    if conn_id is None or (table is None) == (sql is None):
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{dataset}: a database source is source_conn_id= with table= or sql=."
        )
    if table is not None and not _TABLE.fullmatch(table):
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{dataset}: {table!r} is not a table name; use sql= for a query."
        )
    connection = BaseHook.get_connection(conn_id)
    hook = connection.get_hook()  # type: ignore[no-untyped-call]
    if not hasattr(hook, "get_conn") or not hasattr(hook, "get_records"):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{dataset}: the connection {conn_id} ({connection.conn_type}) is not a SQL database.",
        )
    schema, _, name = (table or "").rpartition(".")
    return DatabaseSource(
        connect=hook.get_conn,
        sql=sql if sql is not None else f"SELECT * FROM {table}",  # noqa: S608 - table matches _TABLE
        identity={
            "conn_id": conn_id,
            "dialect": connection.conn_type,
            "host": connection.host,
            "port": str(connection.port) if connection.port else None,
            "database": connection.schema or connection.host,
            "schema": schema or None,
            "table": name or None,
            "user": connection.login,
        },
        name=name or dataset.rpartition(".")[2],
    )
