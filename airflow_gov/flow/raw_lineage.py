"""Column lineage of what lands in raw: columns of files, and of a database's tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.model.column_lineage import ColumnLineage, InputColumn, Subtype, Transformation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow_gov.flow.deliveries import DatabaseSource
    from airflow_gov.model.contract import Contract
    from airflow_gov.transform import FileShape

#: More files than these are not told column by column: their folder says enough.
MOST_FILES = 50
#: Formats whose columns have their names in the file for certain. A first line of text may be no header but
#: values, and those are shown to nobody.
_SELF_DESCRIBING = frozenset({"json", "ndjson", "parquet"})
#: Airflow's connection types that sqlglot calls otherwise.
_DIALECTS = {
    "gcpbigquery": "bigquery",
    "mssql": "tsql",
    "postgresql": "postgres",
    "vertica": "postgres",
}
_COPIED = (Transformation(Subtype.IDENTITY),)


def database_lineage(source: DatabaseSource, columns: Sequence[str]) -> ColumnLineage:
    """Column lineage of a database query; its sources are addresses of the database's tables.

    :param source: the query, and which database it is.
    :param columns: names of the result's columns in order.
    """
    from airflow_gov.lineage.outside import as_kept, table_uri
    from airflow_gov.transform.column_lineage import sql_lineage
    from airflow_gov.transform.column_lineage.by_name import copied_lineage

    if source.identity.get("table"):
        return copied_lineage(table_uri(source.identity), columns)
    sql = as_kept(source.sql, source.identity)
    lineage = sql_lineage(sql, {}, dialect=_dialect(source.identity), outputs=columns)

    def addressed(inputs: Iterable[InputColumn]) -> tuple[InputColumn, ...]:
        return tuple(
            replace(each, source=table_uri(source.identity, ".".join(each.source.split(".")[-3:])))
            for each in inputs
        )

    return replace(
        lineage,
        columns={column: addressed(inputs) for column, inputs in lineage.columns.items()},
        rows=addressed(lineage.rows),
    )


def _dialect(identity: Mapping[str, str | None]) -> str:
    """The database's dialect as sqlglot names it; its own, which is near to all, where it knows none."""
    import sqlglot

    name = identity.get("dialect") or ""
    name = _DIALECTS.get(name, name)
    return name if name in sqlglot.Dialects.__members__.values() else ""


def files_lineage(files: Sequence[tuple[str, FileShape]], contract: Contract) -> ColumnLineage:
    """Column lineage of files that were kept as delivered.

    :param files: address and shape of each.
    :param contract: the raw dataset's.
    """
    if len(files) > MOST_FILES:
        return ColumnLineage(complete=False, gaps=(f"{len(files)} files: only datasets are told.",))
    declared = {column.name for column in contract.columns}
    found: dict[str, list[InputColumn]] = {}
    unnamed = False
    for address, shape in files:
        certain = shape.format in _SELF_DESCRIBING
        for column in shape.columns:
            if certain or column in declared:
                found.setdefault(column, []).append(InputColumn(address, column, _COPIED))
            else:
                unnamed = True
    gaps = (
        ("Columns that neither the file nor the contract names for certain are left out.",) if unnamed else ()
    )
    columns = {
        column: tuple(sorted(inputs, key=lambda each: each.source)) for column, inputs in found.items()
    }
    return ColumnLineage(columns, (), not gaps, gaps)
