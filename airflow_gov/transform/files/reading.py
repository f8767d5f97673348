"""Files read into one typed table; what does not parse is set aside.

Each file is first read the fast way, by DuckDB alone, where any broken value stops it. Files that stop
are read again row by row, with line numbers, and their broken rows go to quarantine.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb import DuckDBPyConnection

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import literal
from airflow_gov.transform.errors import message_of
from airflow_gov.transform.files.csv_files import csv_layout
from airflow_gov.transform.files.excel_files import excel_layout
from airflow_gov.transform.files.formats import Format, format_of, format_of_name
from airflow_gov.transform.files.json_files import json_layout
from airflow_gov.transform.files.layout import Layout, Workplace
from airflow_gov.transform.files.options import ReadOptions
from airflow_gov.transform.files.parquet_files import parquet_layout
from airflow_gov.transform.files.plain import LocalFile, as_utf8, decompressed, require_content
from airflow_gov.transform.files.rows import PlannedFile, RowQueries
from airflow_gov.transform.interrupting import execute
from airflow_gov.transform.session import Limits, open_session
from airflow_gov.transform.writing import (
    Target,
    Written,
    columns_of,
    copy_options,
    emptied_on_error,
    empty,
    written_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import FileRef

#: What DuckDB raises for content; its other errors are about the machine.
_CONTENT_ERRORS = (duckdb.InvalidInputException, duckdb.ConversionException)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What reading files gave.

    :param written: the typed rows.
    :param rejected: rows in the quarantine folder.
    """

    written: Written
    rejected: int


def read_files(
    files: Sequence[LocalFile],
    target: Target,
    limits: Limits,
    *,
    source_format: str | None,
    options: Mapping[str, Any],
    quarantine_folder: Path,
) -> ReadResult:
    """Read files into a typed table; see ``DuckEngine.read_files``."""
    how = ReadOptions.parse(options)
    if not files:
        raise GovernanceError(
            Reason.SOURCE_MISSING, f"There are no files to read for {target.contract.dataset}."
        )
    with _workplace(limits) as work, emptied_on_error(target.folder, quarantine_folder):
        planned = [
            PlannedFile(plain, _layout(plain, kind, target.contract, how, work))
            for file in files
            for plain, kind in _plain(file, source_format, how, work.folder)
        ]
        written, rejected = _write(planned, target, quarantine_folder, work)
        rows = sum(file.rows or 0 for file in written)
        if not rows:
            raise _no_rows(files, rejected, work.connection, quarantine_folder)
    return ReadResult(
        Written(rows=rows, rows_read=rows + rejected, files=written, columns=columns_of(target.contract)),
        rejected,
    )


@contextmanager
def _workplace(limits: Limits) -> Iterator[Workplace]:
    with (
        open_session(limits) as connection,
        tempfile.TemporaryDirectory(prefix="airflow-gov-", dir=limits.temp_folder) as folder,
    ):
        yield Workplace(connection, Path(folder))


def _plain(
    file: LocalFile, source_format: str | None, options: ReadOptions, folder: Path
) -> Iterator[tuple[LocalFile, Format]]:
    """The plain files that a file is or has inside, with their formats."""
    require_content(file)
    outer = format_of(file.name, source_format) if source_format or format_of_name(file.name) else None
    place = Path(tempfile.mkdtemp(dir=folder))
    for member in decompressed(file, place, keep_zip=outer is Format.EXCEL):
        kind = outer or format_of(member.name, None)
        text = kind not in (Format.PARQUET, Format.EXCEL)
        yield (as_utf8(member, place, options.encoding) if text else member), kind


def _layout(
    file: LocalFile, kind: Format, contract: Contract, options: ReadOptions, work: Workplace
) -> Layout:
    match kind:
        case Format.CSV | Format.TSV:
            return csv_layout(file, contract, options, tabs=kind is Format.TSV)
        case Format.JSON | Format.NDJSON:
            return json_layout(work.connection, file, contract, options, lines=kind is Format.NDJSON)
        case Format.PARQUET:
            return parquet_layout(work.connection, file, contract, options)
        case Format.EXCEL:
            return excel_layout(file, contract, options)


def _write(
    planned: Sequence[PlannedFile], target: Target, aside: Path, work: Workplace
) -> tuple[tuple[FileRef, ...], int]:
    """Write the typed rows and the broken ones.

    :returns: the files of typed rows, and how many rows are broken.
    """
    queries = RowQueries(target.contract, target.load_id)
    if all(each.is_fast for each in planned):
        try:
            return _copy(work.connection, queries.strict(planned), target.copy_options), 0
        except _CONTENT_ERRORS:
            empty(target.folder)
    clean = [each for each in planned if len(planned) > 1 and _is_clean(work.connection, queries, each)]
    rest = [each for each in planned if each not in clean]
    # The rows of a JSON array have their order for a number.
    work.connection.execute("SET preserve_insertion_order = true").fetchall()
    judged = [queries.judged(each, each.layout.careful(each.file, work)) for each in rest]
    good = [*([queries.strict(clean)] if clean else []), *map(queries.good, judged)]
    broken = [queries.broken(each.file, rows) for each, rows in zip(rest, judged, strict=True)]
    try:
        files = _copy(work.connection, " UNION ALL ".join(good), target.copy_options)
        rejects = _copy(work.connection, " UNION ALL ".join(broken), copy_options(aside, target.file_size))
    except _CONTENT_ERRORS as error:
        names = ", ".join(each.file.name for each in rest)
        raise GovernanceError(
            Reason.SOURCE_MALFORMED, f"{names} cannot be read: {message_of(error)}"
        ) from error
    return files, sum(file.rows or 0 for file in rejects)


def _is_clean(connection: DuckDBPyConnection, queries: RowQueries, each: PlannedFile) -> bool:
    if not each.is_fast:
        return False
    try:
        execute(connection, f"SELECT count(COLUMNS(*)) FROM ({queries.strict([each])})")
    except _CONTENT_ERRORS:
        return False
    return True


def _copy(connection: DuckDBPyConnection, select: str, options: str) -> tuple[FileRef, ...]:
    try:
        return written_files(execute(connection, f"COPY ({select}) {options}"))
    except (duckdb.InterruptException, *_CONTENT_ERRORS):
        raise
    except duckdb.Error as error:
        raise GovernanceError(
            Reason.TRANSFORM_FAILED, f"Reading files failed: {message_of(error)}"
        ) from error


def _no_rows(
    files: Sequence[LocalFile], rejected: int, connection: DuckDBPyConnection, aside: Path
) -> GovernanceError:
    names = ", ".join(file.name for file in files)
    if not rejected:
        return GovernanceError(Reason.SOURCE_EMPTY, f"{names}: no rows.")
    line, reason = connection.execute(
        f"SELECT line, reason FROM read_parquet({literal(str(aside / '*.parquet'))}) ORDER BY line LIMIT 1"
    ).fetchall()[0]
    return GovernanceError(
        Reason.SOURCE_MALFORMED,
        f"{names}: not one of {rejected:,} rows could be read; the first, in line {line}: {reason}. "
        f"Look at read_options and at the contract's types.",
        line=line,
    )
