"""Tables as the lake gives them, over Parquet files that a SELECT makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from airflow_gov.model.types import parse_type
from airflow_gov.model.zones import DatasetName
from airflow_gov.transform import to_arrow_type


@dataclass(frozen=True)
class ParquetTable:
    """A table of Parquet files.

    :param by_arrow: as one whose files are not local, and which Arrow reads.
    """

    dataset: DatasetName
    schema: Sequence[tuple[str, str]]
    rows: int
    paths: Sequence[str]
    by_arrow: bool = False
    load_id: str | None = None

    @property
    def local_paths(self) -> Sequence[str] | None:
        return None if self.by_arrow else self.paths

    def to_dataset(self) -> ds.Dataset:
        schema = pa.schema([pa.field(name, to_arrow_type(parse_type(kind))) for name, kind in self.schema])
        return ds.dataset(list(self.paths), format="parquet", schema=schema)

    def load(self, load_id: str, rows: int) -> ParquetTable:
        """The same table, only the rows of one load."""
        return replace(self, load_id=load_id, rows=rows)


@cache
def _one_duckdb() -> duckdb.DuckDBPyConnection:
    # To open one takes much longer than what most tests do with it.
    return duckdb.connect()


def duckdb_session() -> duckdb.DuckDBPyConnection:
    """A connection with settings of its own, to the one in-memory DuckDB that looks at and makes files."""
    return _one_duckdb().cursor()


def parquet_table(
    folder: Path, dataset: str, selects: Sequence[str], columns: dict[str, str], *, by_arrow: bool
) -> ParquetTable:
    """Write a file for each SELECT."""
    paths, rows = [], 0
    with duckdb_session() as connection:
        for number, select in enumerate(selects):
            path = folder / f"{dataset}.{number}.parquet"
            rows += connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)").fetchall()[0][0]
            paths.append(str(path))
    schema = [*columns.items(), ("_load_id", "string")]
    return ParquetTable(DatasetName.parse(dataset), schema, rows, paths, by_arrow)
