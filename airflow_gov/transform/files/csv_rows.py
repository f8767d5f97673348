"""CSV row by row: each row with its line, the broken ones with what is wrong."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.transform.files.layout import RowBlock, TextRow, block_of
from airflow_gov.transform.files.plain import malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from airflow_gov.transform.files.options import ReadOptions

#: Lines that one quoted value may go over before it counts as never closed.
MAX_OPEN_LINES = 100_000
_OPEN = "unexpected end of data"


class _QuoteStillOpenError(Exception):
    """The lines end inside a quoted value: more of them are needed."""


def dialect(delimiter: str, options: ReadOptions, *, spaced: bool = False) -> type[csv.Dialect]:
    """The dialect in Python's words.

    :param spaced: whether quoted values come after a space, ``1, "a, b"``.
    """

    class Chosen(csv.Dialect):
        lineterminator = "\n"
        quoting = csv.QUOTE_MINIMAL
        strict = True
        skipinitialspace = spaced
        quotechar = options.quote
        doublequote = options.escape in (None, options.quote)
        escapechar = None if options.escape == options.quote else options.escape

    Chosen.delimiter = delimiter
    return Chosen


@dataclass(frozen=True)
class CsvRows:
    """Reads the rows of one file.

    :param name: the file's name, for errors.
    :param dialect: how it is written.
    :param width: columns in the file.
    :param positions: for each column of the contract, its position in the file.
    :param nulls: texts that mean null.
    """

    name: str
    dialect: type[csv.Dialect]
    width: int
    positions: Sequence[int]
    nulls: frozenset[str]

    def blocks(
        self, line_blocks: Iterable[tuple[int, list[str]]], *, skip: int, header: bool
    ) -> Iterator[RowBlock]:
        """The rows after the header, in blocks.

        :raises GovernanceError: ``SOURCE_MALFORMED`` where rows cannot be told apart.
        """
        first, waiting, start = 1, list[str](), True
        for number, lines in line_blocks:
            if not waiting:
                first = number
            waiting += lines
            if start:
                passed = self._lines_before_rows(waiting, skip, header=header)
                first, waiting, start = first + passed, waiting[passed:], False
            try:
                yield self._block(first, waiting)
            except _QuoteStillOpenError:
                if len(waiting) > MAX_OPEN_LINES:
                    break
            else:
                waiting = []
        if waiting:
            yield self._row_by_row(first, waiting, last=True)

    def _lines_before_rows(self, lines: list[str], skip: int, *, header: bool) -> int:
        if not header:
            return skip
        reader = csv.reader(lines[skip:], dialect=self.dialect)
        next(reader, None)
        return skip + reader.line_num

    def _block(self, first: int, lines: list[str]) -> RowBlock:
        """The rows of some lines; at once where each line is a whole row."""
        reader = csv.reader(lines, dialect=self.dialect)
        try:
            rows = list(reader)
        except csv.Error:
            return self._row_by_row(first, lines)
        if len(rows) != len(lines) or set(map(len, rows)) != {self.width}:
            return self._row_by_row(first, lines)
        columns = list(zip(*rows, strict=True))
        return RowBlock(range(first, first + len(rows)), lines, [columns[place] for place in self.positions])

    def _row_by_row(self, first: int, lines: list[str], *, last: bool = False) -> RowBlock:
        """The same where rows are broken, or go over several lines.

        :param last: whether the file ends here.
        """
        rows: list[TextRow] = []
        reader = csv.reader(lines, dialect=self.dialect)
        while True:
            begin = reader.line_num
            try:
                values = next(reader)
            except StopIteration:
                return block_of(rows, len(self.positions))
            except csv.Error as error:
                if str(error) == _OPEN and not last:
                    raise _QuoteStillOpenError from error
                rows.append(self._broken(first + begin, lines[begin : reader.line_num], str(error)))
            else:
                if values or self.width == 1:
                    content = "".join(lines[begin : reader.line_num])
                    rows.append(self._row(first + begin, content, values or [""]))

    def _row(self, line: int, content: str, values: list[str]) -> TextRow:
        while len(values) > self.width and values[-1] in self.nulls:
            values.pop()  # as DuckDB does: a delimiter at the end of a line begins no value
        if len(values) == self.width:
            return TextRow(line, content, [values[place] for place in self.positions])
        return TextRow(line, content, broken=f"{len(values)} values in a row of {self.width} columns")

    def _broken(self, line: int, lines: Sequence[str], problem: str) -> TextRow:
        if len(lines) > 1:
            # What follows an open quote is swallowed by it, row after row: no telling what is a row.
            raise malformed(
                self.name, f"a quote is opened in line {line} and not closed ({problem}).", line=line
            )
        return TextRow(line, "".join(lines), broken=f"no row of CSV: {problem}")
