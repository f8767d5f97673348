"""Data files made from the footers of Parquet files; their rows are not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.utils.concurrent import ExecutorFactory

from airflow_gov.lake.files import FileFacts
from airflow_gov.lake.staging import data_locations
from airflow_gov.lake.storage import store_files
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyiceberg.table import Table


def take_over(
    table: Table, paths: Sequence[Path], folder: str, *, load_id: str | None = None
) -> list[DataFile]:
    """Make local Parquet files data files of the table, not yet part of any snapshot.

    Footers are read while the files are still local. Files without rows are left where they are.

    :param folder: below the table's data folder; the load's id, or who rewrote the rows.
    :param load_id: refuse files with rows of another load.
    :raises GovernanceError: ``SCHEMA_MISMATCH``; nothing has been moved then.
    """
    footers = list(ExecutorFactory.get_or_create().map(pq.read_metadata, paths))
    full = [(path, footer) for path, footer in zip(paths, footers, strict=True) if footer.num_rows]
    for path, footer in full:
        _check_columns(table, path, footer.schema.to_arrow_schema())
    locations = data_locations(table, folder, len(full))
    register = _Registrar(table)
    files = [
        register(location, path, footer) for location, (path, footer) in zip(locations, full, strict=True)
    ]
    if load_id is not None:
        _check_load(table, files, full, load_id)
    store_files(table.io, [(path, location) for location, (path, _) in zip(locations, full, strict=True)])
    return files


class _Registrar:
    """Footers to data files; what only depends on the table is worked out once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._schema = table.schema()
        self._spec = table.spec()
        self._plan = compute_statistics_plan(self._schema, table.properties)
        self._paths = parquet_path_to_id_mapping(self._schema)
        self._facts = FileFacts(self._schema)

    def __call__(self, location: str, path: Path, footer: pq.FileMetaData) -> DataFile:
        statistics = data_file_statistics_from_parquet_metadata(footer, self._plan, self._paths)
        try:
            partition = statistics.partition(self._spec, self._schema)
        except ValueError as error:
            raise self._unpartitioned(path) from error
        file = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=location,
            file_format=FileFormat.PARQUET,
            partition=partition,
            file_size_in_bytes=path.stat().st_size,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )
        file.spec_id = self._spec.spec_id
        self._check_partition(file, path)
        return file

    def _check_partition(self, file: DataFile, path: Path) -> None:
        """One value for each partition column: all null, or none null and both bounds known and equal."""
        for field in self._spec.fields:
            column = self._schema.find_column_name(field.source_id) or ""
            if self._facts.all_null(file, column):
                continue
            nulls = (file.null_value_counts or {}).get(field.source_id)
            if nulls != 0 or self._facts.bounds(file, column) is None:
                raise self._unpartitioned(path)

    def _unpartitioned(self, path: Path) -> GovernanceError:
        columns = ", ".join(field.name for field in self._spec.fields)
        return GovernanceError(
            Reason.SCHEMA_MISMATCH,
            f"{'.'.join(self._table.name())} is partitioned by {columns}, but {path.name} does not have "
            f"exactly one value of each, or its statistics do not tell it: write a file for each partition.",
        )


def _check_columns(table: Table, path: Path, have: pa.Schema) -> None:
    want = schema_to_pyarrow(table.schema(), include_field_ids=False)
    problems = [f"{name} is not in the contract" for name in have.names if name not in want.names]
    problems += [f"{name} is missing" for name in want.names if name not in have.names]
    problems += [
        f"{field.name} is {have.field(field.name).type}, not {field.type}"
        for field in want
        if field.name in have.names and _plain(have.field(field.name).type) != _plain(field.type)
    ]
    if problems:
        raise GovernanceError(
            Reason.SCHEMA_MISMATCH,
            f"{path.name} does not fit {'.'.join(table.name())}: {'; '.join(problems)}.",
            problems=problems,
        )


def _plain(kind: pa.DataType) -> object:
    """A type by its meaning: Arrow's large and small offsets, and names of list elements, do not count."""
    if pa.types.is_large_string(kind) or pa.types.is_string(kind):
        return "string"
    if pa.types.is_large_binary(kind) or pa.types.is_binary(kind):
        return "binary"
    if isinstance(kind, pa.UuidType) or kind == pa.binary(16):
        return "uuid"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return ("list", _plain(kind.value_type))
    if pa.types.is_struct(kind):
        return tuple((field.name, _plain(field.type)) for field in kind)
    if pa.types.is_timestamp(kind):
        return ("timestamp", kind.unit, kind.tz is not None)
    return kind


def _check_load(
    table: Table, files: Sequence[DataFile], full: Sequence[tuple[Path, pq.FileMetaData]], load_id: str
) -> None:
    facts = FileFacts(table.schema())
    wrong = [path.name for file, (path, _) in zip(files, full, strict=True) if facts.load_of(file) != load_id]
    if wrong:
        raise GovernanceError(
            Reason.SCHEMA_MISMATCH,
            f"{', '.join(wrong[:5])}: every row must carry {LOAD_ID_COLUMN} {load_id}, its load.",
        )
