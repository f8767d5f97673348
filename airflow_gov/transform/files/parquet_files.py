"""Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
from duckdb import DuckDBPyConnection

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier, literal, literals
from airflow_gov.model.types import Decimal, Primitive
from airflow_gov.transform.errors import message_of
from airflow_gov.transform.files.layout import Workplace, value_name
from airflow_gov.transform.files.mapping import map_columns
from airflow_gov.transform.files.parsing import parse_text
from airflow_gov.transform.files.plain import LocalFile, malformed
from airflow_gov.transform.types import to_duckdb_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.transform.files.options import ReadOptions

#: Types a value must have exactly; the others are approximate, or have one text for each value.
_EXACT = frozenset({"int", "long", "date", "timestamp", "timestamptz"})


@dataclass(frozen=True, slots=True)
class ParquetLayout:
    """Parquet files of one schema.

    :param columns: for each column of the contract, its name in the file and its type in DuckDB.
    :param options: how to read texts.
    """

    columns: tuple[tuple[str, str], ...]
    options: ReadOptions

    def fast(self, paths: Sequence[Path]) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        return (
            f"SELECT {self._values()} FROM read_parquet({literals(map(str, paths))}, hive_partitioning=false)"
        )

    def careful(self, file: LocalFile, work: Workplace) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        return (
            f"SELECT file_row_number + 1 AS line, '' AS content, CAST(NULL AS VARCHAR) AS broken, "
            f"{self._values()} FROM read_parquet({literal(str(file.path))}, hive_partitioning=false, "
            f"file_row_number=true)"
        )

    def typed(self, position: int, column: Column) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        value, source = value_name(position), self.columns[position][1]
        target = to_duckdb_type(column.type)
        if source == "VARCHAR":
            return parse_text(value, column.type, self.options)
        if source == target.replace(", ", ","):
            return value
        cast = f"TRY_CAST({value} AS {target})"
        exact = isinstance(column.type, Decimal) or (
            isinstance(column.type, Primitive) and column.type.name in _EXACT
        )
        # 3.7 would become the integer 4: what does not come back unchanged does not fit.
        return f"CASE WHEN TRY_CAST({cast} AS {source}) = {value} THEN {cast} END" if exact else cast

    def _values(self) -> str:
        return ", ".join(
            f"{identifier(name)} AS {value_name(position)}" for position, (name, _) in enumerate(self.columns)
        )


def parquet_layout(
    connection: DuckDBPyConnection, file: LocalFile, contract: Contract, options: ReadOptions
) -> ParquetLayout:
    """How to read a Parquet file.

    :raises GovernanceError: a file that is none, is cut off, has no rows, or not the contract's columns.
    """
    source = f"read_parquet({literal(str(file.path))}, hive_partitioning=false)"
    try:
        relation = connection.sql(f"SELECT * FROM {source}")
        header, types = relation.columns, [str(kind) for kind in relation.types]
        rows = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        raise malformed(
            file.name, f"it is no whole Parquet file ({message_of(error)}). Deliver it again."
        ) from error
    if not rows:
        raise GovernanceError(Reason.SOURCE_EMPTY, f"{file.name} has no rows.", file=file.name)
    positions = map_columns(file.name, header, contract, options)
    return ParquetLayout(tuple((header[i], types[i]) for i in positions), options)
