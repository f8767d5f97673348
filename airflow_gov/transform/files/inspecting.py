"""What a file is, as far as its beginning tells: for the record of what was delivered."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.sql_text import literal, literals
from airflow_gov.model.types import Primitive
from airflow_gov.transform.files.csv_files import first_row, guess_delimiter
from airflow_gov.transform.files.excel_files import sample
from airflow_gov.transform.files.formats import Format, format_of_name
from airflow_gov.transform.files.options import ReadOptions
from airflow_gov.transform.files.parsing import parse_text
from airflow_gov.transform.files.plain import LocalFile, encoding_of, head_of
from airflow_gov.transform.types import from_duckdb_type

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Bytes of a text that are looked at.
SAMPLE_BYTES = 1 << 20
#: Rows of a workbook that are looked at.
SAMPLE_ROWS = 1000
#: Larger workbooks are not opened: they are held in memory whole.
MAX_WORKBOOK = 64 << 20
#: Texts that often mean null: they hide no type.
_NULLS = ("", "NA", "N/A", "NULL", "null", "None", "\\N")
#: What looking at a file may come to, whatever is in it.
_UNREADABLE = (GovernanceError, duckdb.Error, ValueError, OSError)


@dataclass(frozen=True, slots=True)
class FileShape:
    """What a file is.

    :param format: csv, tsv, json, ndjson, parquet, excel, or ``binary`` for anything else.
    :param columns: its columns in order; empty where it has none, or none that can be told.
    :param types: their types, inferred from the beginning.
    """

    format: str
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


def inspect_file(path: Path, name: str) -> FileShape:
    """Look at a file. Never fails: what cannot be told is left empty.

    :param path: where it is.
    :param name: its name, which tells the format, e.g. ``flights.csv.zip``.
    """
    file = LocalFile(path, name)
    kind = format_of_name(name)
    try:
        if kind is None and name.lower().endswith(".zip"):
            kind = format_of_name(head_of(file, 0)[0])
        if kind is None:
            return FileShape("binary")
        columns, types = _shape(file, kind)
    except _UNREADABLE:
        return FileShape(str(kind) if kind else "binary")
    return FileShape(str(kind), tuple(columns), tuple(types))


def _shape(file: LocalFile, kind: Format) -> tuple[Sequence[str], Sequence[str]]:
    if kind is Format.PARQUET:
        return _described(f"read_parquet({literal(str(file.path))}, hive_partitioning = false)")
    if kind is Format.EXCEL:
        return _workbook(file)
    with tempfile.TemporaryDirectory(prefix="airflow-gov-") as folder:
        copy = Path(folder) / "sample"
        text = _text(file)
        if kind in (Format.JSON, Format.NDJSON):
            objects = _objects(text)
            if not objects:
                return (), ()
            copy.write_text(objects, encoding="utf-8")
            return _described(
                f"read_json({literal(str(copy))}, format = 'newline_delimited', ignore_errors = true)"
            )
        copy.write_text(text, encoding="utf-8", newline="")
        return _table(copy, text, tabs=kind is Format.TSV)


def _text(file: LocalFile) -> str:
    """The beginning of a text, without the line that the end of the sample cuts."""
    _, head = head_of(file, SAMPLE_BYTES)
    text = head.decode(encoding_of(head, None), errors="replace")
    return text[: text.rfind("\n") + 1] if len(head) == SAMPLE_BYTES else text


def _table(path: Path, text: str, *, tabs: bool) -> tuple[Sequence[str], Sequence[str]]:
    options = ReadOptions()
    delimiter = "\t" if tabs else guess_delimiter(text, set(), options)
    header, _ = first_row(text, delimiter, options)
    if not header:
        return (), ()
    source = (
        f"read_csv({literal(str(path))}, delim = {literal(delimiter)}, header = false, skip = 1, "
        f"names = {literals(f'c{i}' for i in range(len(header)))}, nullstr = {literals(_NULLS)}, "
        f"quote = '\"', escape = '\"', null_padding = true, ignore_errors = true, strict_mode = false)"
    )
    try:
        types = _described(source)[1]
    except duckdb.Error:
        types = []
    # Rows may have more values than the header, or the reader may have seen none.
    return header, [*types[: len(header)], *["string"] * (len(header) - len(types))]


def _objects(text: str) -> str:
    """JSON objects of a text, one a line: those of an array, or one after the other."""
    decoder, lines = json.JSONDecoder(), []
    position = len(text) - len(text.lstrip(" \t\r\n["))
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            break
        if isinstance(value, dict):
            lines.append(json.dumps(value, ensure_ascii=False))
        position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n,]"))
    return "\n".join(lines)


def _workbook(file: LocalFile) -> tuple[Sequence[str], Sequence[str]]:
    if file.path.stat().st_size > MAX_WORKBOOK:
        return (), ()
    rows = sample(file, SAMPLE_ROWS)
    header = [text.strip() for text in rows[0]] if rows else []
    while header and not header[-1]:
        header.pop()
    with _connect() as connection:
        kinds = []
        for position in range(len(header)):
            values = [row[position] for row in rows[1:] if position < len(row) and row[position]]
            kinds.append(_kind_of(connection, values))
    return header, kinds


def _kind_of(connection: duckdb.DuckDBPyConnection, values: list[str]) -> str:
    """The first type all the values have; text otherwise."""
    for name in ("long", "double", "date", "timestamp"):
        typed = parse_text("v", Primitive(name), ReadOptions())
        fits = f"SELECT bool_and({typed} IS NOT NULL) FROM (SELECT unnest(?) AS v)"
        if values and connection.execute(fits, [values]).fetchall()[0][0]:
            return name
    return "string"


def _connect() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": False, "threads": 1})


def _described(source: str) -> tuple[Sequence[str], Sequence[str]]:
    with _connect() as connection:
        relation = connection.sql(f"SELECT * FROM {source}")
        return relation.columns, [str(from_duckdb_type(kind)) for kind in relation.types]
