"""CSV and its kind."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import literal, literals
from airflow_gov.transform.files.csv_rows import CsvRows, dialect
from airflow_gov.transform.files.layout import Workplace, stage, value_name
from airflow_gov.transform.files.mapping import map_columns
from airflow_gov.transform.files.parsing import parse_text
from airflow_gov.transform.files.plain import LocalFile
from airflow_gov.transform.files.text import line_blocks, read_head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.transform.files.options import ReadOptions

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """CSV files of one header and dialect.

    :param delimiter: between values.
    :param width: columns in the file.
    :param positions: for each column of the contract, its position in the file.
    :param options: how to read.
    """

    delimiter: str
    width: int
    positions: tuple[int, ...]
    options: ReadOptions

    def fast(self, paths: Sequence[Path]) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        names = ", ".join(f"'f{i}': 'VARCHAR'" for i in range(self.width))
        chosen = ", ".join(f"f{file} AS {value_name(i)}" for i, file in enumerate(self.positions))
        settings: dict[str, str | bool | int] = {
            "delim": self.delimiter,
            "quote": self.options.quote,
            "escape": self.options.escape or self.options.quote,
            "header": self.options.header,
            "skip": self.options.skip,
            "auto_detect": False,
            "compression": "none",
        }
        listed = ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())
        return (
            f"SELECT {chosen} FROM read_csv({literals(map(str, paths))}, columns = {{{names}}}, "
            f"nullstr = {literals(self.options.nulls)}, {listed})"
        )

    def careful(self, file: LocalFile, work: Workplace) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        spaced = f"{self.delimiter} {self.options.quote}" in read_head(file)[0]
        rows = CsvRows(
            name=file.name,
            dialect=dialect(self.delimiter, self.options, spaced=spaced),
            width=self.width,
            positions=self.positions,
            nulls=frozenset(self.options.nulls),
        )
        blocks = rows.blocks(line_blocks(file), skip=self.options.skip, header=self.options.header)
        place = work.folder / f"{file.path.parent.name}-{file.path.name}.staged"
        return stage(blocks, len(self.positions), place, self.options.nulls)

    def typed(self, position: int, column: Column) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        return parse_text(value_name(position), column.type, self.options)


def csv_layout(file: LocalFile, contract: Contract, options: ReadOptions, *, tabs: bool) -> CsvLayout:
    """How to read a CSV file.

    :param file: plain UTF-8.
    :param tabs: whether it is separated by tabs, unless the options say otherwise.
    :raises GovernanceError: a file without rows, a header that is no header or not the contract's.
    """
    text, whole = read_head(file)
    wanted = {column.name for column in contract.columns} | set(options.columns)
    delimiter = options.delimiter or ("\t" if tabs else guess_delimiter(text, wanted, options))
    first, rest = first_row(text, delimiter, options)
    if whole and not (rest if options.header else text).strip():
        raise GovernanceError(
            Reason.SOURCE_EMPTY,
            f"{file.name} has {'a header and ' if options.header else ''}no rows.",
            file=file.name,
        )
    if options.header:
        positions = map_columns(file.name, first, contract, options)
    else:
        positions = _by_order(file, first, contract)
    return CsvLayout(delimiter, len(first), positions, options)


def _by_order(file: LocalFile, first: Sequence[str], contract: Contract) -> tuple[int, ...]:
    if len(first) != len(contract.columns):
        raise GovernanceError(
            Reason.SCHEMA_MISMATCH,
            f"{file.name} has {len(first)} columns and no header, {contract.dataset}'s contract has "
            f"{len(contract.columns)}: without a header the columns must be the contract's, in its order.",
            file=file.name,
        )
    return tuple(range(len(first)))


def guess_delimiter(text: str, wanted: set[str], options: ReadOptions) -> str:
    """The delimiter under which the first row has most of the wanted names, or else most values."""

    def fit(delimiter: str) -> tuple[int, int]:
        names = first_row(text, delimiter, options)[0]
        return len(wanted.intersection(names)), len(names)

    return max(DELIMITERS, key=fit)


def first_row(text: str, delimiter: str, options: ReadOptions) -> tuple[list[str], str]:
    """The first row after the skipped lines, its values without spaces around them, and the text after it."""
    stream = io.StringIO(text, newline="")
    for _ in range(options.skip):
        stream.readline()
    try:
        row = next(csv.reader(iter(stream.readline, ""), dialect=dialect(delimiter, options)), [])
    except csv.Error:
        row = []
    return [value.strip() for value in row], stream.read()
