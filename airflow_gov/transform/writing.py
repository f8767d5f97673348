"""Typed results written as Parquet by DuckDB itself."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.model.contract import LOAD_ID_COLUMN, Contract
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo
from airflow_gov.model.loads import FileRef
from airflow_gov.model.sql_text import identifier, literal
from airflow_gov.transform.interrupting import execute
from airflow_gov.transform.types import to_duckdb_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from airflow_gov.model.column_lineage import ColumnLineage

#: Rows of a row group. DuckDB's own size: a reader skips and parallelises by it, and a writer holds one
#: row group a thread in memory.
ROW_GROUP_ROWS = 122_880


@dataclass(frozen=True, slots=True)
class Written:
    """What a transformation wrote.

    :param rows: rows written.
    :param rows_read: rows of the sources that it read.
    :param files: the Parquet files.
    :param columns: the columns in order, ``_load_id`` aside.
    :param code_hash: SHA-256 of the SQL, hexadecimal; None where there was none.
    :param column_lineage: gives which columns its columns come from, when that is worked out; None where
        the engine does not tell.
    """

    rows: int
    rows_read: int
    files: tuple[FileRef, ...]
    columns: tuple[ColumnInfo, ...]
    code_hash: str | None = None
    column_lineage: Callable[[], ColumnLineage] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a result goes.

    :param contract: what it must be.
    :param load_id: the load it belongs to.
    :param folder: an empty folder.
    :param file_size: bytes after which a new file is begun.
    """

    contract: Contract
    load_id: str
    folder: Path
    file_size: int

    @property
    def copy_options(self) -> str:
        """What follows the SELECT in the COPY that writes it there."""
        return copy_options(self.folder, self.file_size, self.contract.partition_by)


def columns_of(contract: Contract) -> tuple[ColumnInfo, ...]:
    """The contract's columns as a record of what was written."""
    return tuple(ColumnInfo(column.name, str(column.type)) for column in contract.columns)


def typed_columns(contract: Contract) -> list[str]:
    """A SELECT item for each column: the column of that name, cast to the contract's type."""
    return [
        f"CAST({identifier(column.name)} AS {to_duckdb_type(column.type)}) AS {identifier(column.name)}"
        for column in contract.columns
    ]


def load_id_column(load_id: str) -> str:
    """The SELECT item that says which load a row came from."""
    return f"{literal(load_id)} AS {identifier(LOAD_ID_COLUMN)}"


def check_columns(names: Sequence[str], contract: Contract) -> None:
    """Compare a result's columns with the contract's, by name.

    :raises GovernanceError: ``SCHEMA_MISMATCH``, listing what is missing, undeclared and there twice.
    """
    declared = [column.name for column in contract.columns]
    missing = [name for name in declared if name not in names]
    undeclared = [name for name in dict.fromkeys(names) if name not in declared]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not (missing or undeclared or twice):
        return
    parts = [
        f"{word}: {', '.join(found)}"
        for word, found in (("missing", missing), ("not in the contract", undeclared), ("twice", twice))
        if found
    ]
    hint = ""
    if LOAD_ID_COLUMN in undeclared:
        hint = f" {LOAD_ID_COLUMN} is set by the load: leave it out."
    raise GovernanceError(
        Reason.SCHEMA_MISMATCH,
        f"The result's columns are not those of {contract.dataset}'s contract: {'; '.join(parts)}.{hint} "
        f"Change the query, or the contract.",
        dataset=str(contract.dataset),
        missing=missing,
        undeclared=undeclared,
        twice=twice,
    )


def check_not_empty(rows: int, contract: Contract, *, allow_empty: bool) -> None:
    """Refuse a result without rows.

    :raises GovernanceError: ``RESULT_EMPTY``.
    """
    if not rows and not allow_empty:
        raise GovernanceError(
            Reason.RESULT_EMPTY,
            f"The result for {contract.dataset} has no rows, so nothing was written. If that is right, "
            f"allow it with allow_empty=True.",
            dataset=str(contract.dataset),
        )


def copy_options(folder: Path, file_size: int, partition_by: Sequence[str] = ()) -> str:
    """What follows the SELECT in the COPY that writes it."""
    options = [
        "FORMAT parquet",
        "COMPRESSION zstd",
        f"ROW_GROUP_SIZE {ROW_GROUP_ROWS}",
        f"FILE_SIZE_BYTES {file_size}",
        "RETURN_STATS true",
    ]
    if partition_by:
        options += [
            f"PARTITION_BY ({', '.join(map(identifier, partition_by))})",
            "WRITE_PARTITION_COLUMNS true",
        ]
    return f"TO {literal(str(folder.absolute()))} ({', '.join(options)})"


def write(connection: DuckDBPyConnection, select: str, target: Target) -> tuple[FileRef, ...]:
    """Write a SELECT, whose columns are right already, as Parquet files.

    :returns: the files, those without rows left out.
    """
    return written_files(execute(connection, f"COPY ({select}) {target.copy_options}"))


def written_files(stats: Sequence[Sequence[Any]]) -> tuple[FileRef, ...]:
    """The files of a COPY with ``RETURN_STATS``; empty ones are removed."""
    files = []
    for path, rows, size, *_ in stats:
        if rows:
            files.append(FileRef(uri=f"file://{path}", size=size, rows=rows))
        else:
            Path(path).unlink()
    return tuple(files)


def empty(folder: Path) -> None:
    """Remove all that is in a folder."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


@contextmanager
def emptied_on_error(*folders: Path) -> Iterator[None]:
    """Leave no file behind in the folders when what is done inside fails."""
    try:
        yield
    except BaseException:
        for folder in folders:
            empty(folder)
        raise
