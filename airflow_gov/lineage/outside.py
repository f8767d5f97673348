"""Names of data outside the lake, as OpenLineage's naming specification has them: files and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from airflow_gov.lineage.naming import Address, table_address

if TYPE_CHECKING:
    from airflow_gov.model.loads import FileRef

#: More files than these are told as the folders they lie in: a graph of thousands of files shows nothing.
MOST_FILES = 50

#: Airflow's connection types: OpenLineage's word for the system, the port it listens at unless told
#: otherwise, and how many parts a table's name has (database, schema, table; or database, table).
_SYSTEMS: Mapping[str, tuple[str, str | None, int]] = {
    "postgres": ("postgres", "5432", 3),
    "postgresql": ("postgres", "5432", 3),
    "redshift": ("redshift", "5439", 3),
    "mysql": ("mysql", "3306", 2),
    "mssql": ("mssql", "1433", 3),
    "oracle": ("oracle", "1521", 3),
    "trino": ("trino", "8080", 3),
    "snowflake": ("snowflake", None, 3),
    "vertica": ("vertica", "5433", 3),
    "clickhouse": ("clickhouse", "8123", 2),
}
#: Schemas that a database means where none is named.
_USUAL_SCHEMAS = {"postgres": "public", "redshift": "public", "vertica": "public", "mssql": "dbo"}
#: Databases that keep a name without quotes in one case.
_FOLDING: Mapping[str, Callable[[str], str]] = {
    "postgres": str.lower,
    "redshift": str.lower,
    "snowflake": str.upper,
    "oracle": str.upper,
}
_URI = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*/?.*", re.DOTALL)


def file_addresses(files: Iterable[FileRef]) -> list[tuple[Address, list[FileRef]]]:
    """The files that were read as datasets, with the files each stands for.

    :param files: as the record of an execution has them.
    """
    by_file = {table_address(file.uri): [file] for file in files}
    if len(by_file) <= MOST_FILES:
        return list(by_file.items())
    folders: dict[Address, list[FileRef]] = {}
    for address, (file,) in by_file.items():
        folder = Address(address.namespace, address.name.rpartition("/")[0] or "/")
        folders.setdefault(folder, []).append(file)
    return list(folders.items())


def table_addresses(identity: Mapping[str, str | None], sql: str | None = None) -> list[Address]:
    """The tables of a database that were read.

    :param identity: of :class:`~airflow_gov.flow.deliveries.DatabaseSource`: dialect, host, port, database,
        schema, table.
    :param sql: the query, where no table is named.
    """
    if identity.get("table"):
        return [_table_address(identity, *_own_table(identity))]
    return [_table_address(identity, schema, name) for schema, name in _tables_of(sql, identity)]


def table_uri(identity: Mapping[str, str | None], table: str | None = None) -> str:
    """A database's table as one text: ``<namespace>/<name>``; see :func:`source_address`.

    :param identity: as in :func:`table_addresses`.
    :param table: the table as the database keeps it, with its schema where it has one; default: the one the
        identity names, which is written without quotes.
    """
    if table is None:
        address = _table_address(identity, *_own_table(identity))
    else:
        schema, _, name = table.rpartition(".")
        address = _table_address(identity, schema or identity.get("schema"), name)
    return f"{address.namespace}/{address.name}"


def source_address(text: str) -> Address | None:
    """The address of data outside the lake, from a text that says where it is; None when it does not.

    :param text: a path, a URL of a file, or what :func:`table_uri` gave.
    """
    if text.startswith("/"):
        return table_address(text)
    if not _URI.fullmatch(text):
        return None
    if text.startswith("sqlite:///"):
        namespace, _, name = text.rpartition("/")
        return Address(namespace, name)
    return table_address(text)


def _own_table(identity: Mapping[str, str | None]) -> tuple[str | None, str]:
    """Schema and name of the table that an identity names, as the database keeps them."""
    schema, table = identity.get("schema") or "", identity.get("table") or ""
    keep = _FOLDING.get(_sqlglot_dialect(identity) or "", str)
    return keep(schema) or None, keep(table)


def _table_address(identity: Mapping[str, str | None], schema: str | None, table: str) -> Address:
    dialect = identity.get("dialect") or "database"
    host, database = identity.get("host") or "", identity.get("database")
    if schema and "." in schema:  # database.schema, as in a table's full name
        database, _, schema = schema.rpartition(".")
    if dialect == "sqlite":
        return Address(f"sqlite://{host or database or ''}", table)
    system, usual_port, length = _SYSTEMS.get(dialect, (dialect, None, 3))
    port = identity.get("port") or usual_port
    namespace = f"{system}://{host.lower()}" + (f":{port}" if port else "")
    schema = schema or _USUAL_SCHEMAS.get(system)
    # MySQL's schemas are its databases.
    parts = [database, schema, table] if length > 2 else [schema or database, table]
    return Address(namespace, ".".join(part for part in parts if part))


def as_kept(sql: str, identity: Mapping[str, str | None]) -> str:
    """A query with names as the database keeps them: ``Orders`` without quotes is PostgreSQL's ``orders``.

    :param sql: the query; it is given back as it is where that cannot be told.
    :param identity: as in :func:`table_addresses`.
    """
    dialect = _sqlglot_dialect(identity)
    if dialect not in _FOLDING:
        return sql
    import sqlglot
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

    try:
        statements = sqlglot.parse(sql, dialect=dialect)
    except (sqlglot.errors.SqlglotError, ValueError, RecursionError):
        return sql
    if len(statements) != 1 or statements[0] is None:
        return sql
    return str(normalize_identifiers(statements[0], dialect=dialect).sql(dialect=dialect))


def _sqlglot_dialect(identity: Mapping[str, str | None]) -> str | None:
    dialect = identity.get("dialect")
    return {"postgresql": "postgres", "mssql": "tsql"}.get(dialect or "", dialect)


def _tables_of(sql: str | None, identity: Mapping[str, str | None]) -> list[tuple[str | None, str]]:
    """The tables that a query names, in order, each once; none where it cannot be read."""
    if not sql:
        return []
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(as_kept(sql, identity), dialect=_sqlglot_dialect(identity))
    except (sqlglot.errors.SqlglotError, ValueError):
        return []
    own = {each.alias_or_name for each in tree.find_all(exp.CTE)}
    # A function that gives rows is a table without a name.
    tables = [each for each in tree.find_all(exp.Table) if each.name]
    named = [(".".join(filter(None, (each.catalog, each.db))) or None, each.name) for each in tables]
    return list(dict.fromkeys((schema, name) for schema, name in named if schema or name not in own))
