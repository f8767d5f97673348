"""Excel and OpenDocument workbooks."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.files.layout import TextRow, Workplace, blocks_of, stage, value_name
from airflow_gov.transform.files.mapping import map_columns
from airflow_gov.transform.files.parsing import parse_text
from airflow_gov.transform.files.plain import LocalFile, malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.transform.files.options import ReadOptions

#: Whole numbers below this are written without an exponent; a double holds them exactly.
_EXACT_WHOLE = 1e15


@dataclass(frozen=True, slots=True)
class ExcelLayout:
    """A workbook's sheet.

    :param sheet: its name.
    :param width: columns of its header.
    :param positions: for each column of the contract, its position in the sheet.
    :param options: how to read.
    """

    sheet: str
    width: int
    positions: tuple[int, ...]
    options: ReadOptions

    def fast(self, paths: Sequence[Path]) -> None:
        """DuckDB does not read workbooks: they are always read row by row."""

    def careful(self, file: LocalFile, work: Workplace) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        width = len(self.positions)
        place = work.folder / f"{file.path.parent.name}-{file.path.name}.staged"
        return stage(blocks_of(self._rows(file), width), width, place, self.options.nulls)

    def typed(self, position: int, column: Column) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        return parse_text(value_name(position), column.type, self.options)

    def _rows(self, file: LocalFile) -> Iterator[TextRow]:
        for line, texts in islice(_rows(file, self.sheet, self.options.skip), int(self.options.header), None):
            if any(texts[self.width :]):
                what = f"values to the right of the {self.width} columns of the header"
                yield TextRow(line, json.dumps(texts, ensure_ascii=False), broken=what)
                continue
            padded = texts + [""] * (self.width - len(texts))
            yield TextRow(line, "", [padded[i] for i in self.positions])


def excel_layout(file: LocalFile, contract: Contract, options: ReadOptions) -> ExcelLayout:
    """How to read a workbook.

    :raises GovernanceError: a file that is no workbook, a sheet that is not there, has no rows, or not
        the contract's columns.
    """
    sheet = _sheet(file, options.sheet)
    first = list(islice(_rows(file, sheet, options.skip), 2))
    if len(first) < 1 + options.header:
        raise GovernanceError(
            Reason.SOURCE_EMPTY, f"{file.name} has no rows in its sheet {sheet!r}.", file=file.name
        )
    header = [text.strip() for text in first[0][1]]
    while header and not header[-1]:
        header.pop()
    if options.header:
        return ExcelLayout(sheet, len(header), map_columns(file.name, header, contract, options), options)
    if len(header) != len(contract.columns):
        raise GovernanceError(
            Reason.SCHEMA_MISMATCH,
            f"{file.name} has {len(header)} columns and no header, {contract.dataset}'s contract has "
            f"{len(contract.columns)}.",
            file=file.name,
        )
    return ExcelLayout(sheet, len(header), tuple(range(len(header))), options)


def sample(file: LocalFile, rows: int) -> list[list[str]]:
    """The first rows of the first sheet, as text."""
    return [texts for _, texts in islice(_rows(file, _sheet(file, None), 0), rows)]


@contextmanager
def _opened(file: LocalFile) -> Iterator[Any]:
    """The workbook; whatever is wrong with it becomes an error that says so."""
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(file.path) as workbook:
            yield workbook
    except (python_calamine.CalamineError, OSError) as error:
        raise malformed(
            file.name, f"it is no whole workbook, or protected by a password ({error})."
        ) from error


def _sheet(file: LocalFile, wanted: str | None) -> str:
    with _opened(file) as workbook:
        names = workbook.sheet_names
    if not names:
        raise malformed(file.name, "the workbook has no sheets.")
    if wanted is not None and wanted not in names:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{file.name} has no sheet {wanted!r}: it has {', '.join(names)}.",
            file=file.name,
        )
    return wanted or names[0]


def _rows(file: LocalFile, sheet: str, skip: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that have something in them, with their numbers from 1."""
    with _opened(file) as workbook:
        for number, row in enumerate(workbook.get_sheet_by_name(sheet).iter_rows(), 1):
            texts = [_text(cell) for cell in row]
            if number > skip and any(texts):
                yield number, texts


def _text(cell: Any) -> str:
    """A cell as the text that the same value has in CSV."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT_WHOLE:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
