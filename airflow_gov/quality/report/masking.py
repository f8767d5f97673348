"""Rows as a report may show them: no value of a classified column, whatever was handed in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract

#: How many rows that were set aside a report shows.
MAX_SAMPLE = 20
#: The longest value a cell shows, in characters.
MAX_CELL = 160


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in a table.

    :param text: as it is shown.
    :param kind: ``value``, ``null`` or ``masked``.
    """

    text: str
    kind: str = "value"


_MASKED = Cell("masked", "masked")
_NULL = Cell("null", "null")
_NOTHING = Cell("")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the columns they have.

    :param columns: names, in the contract's order.
    :param rows: cells in the order of the columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Mask:
    """Decides what of a row is shown.

    A column the contract does not name may be anything; it is shown only where nothing is classified.

    :param contract: tells which columns are classified.
    """

    def __init__(self, contract: Contract) -> None:
        self._order = {column.name: position for position, column in enumerate(contract.columns)}
        self._classified = frozenset(column.name for column in contract.columns if column.classified)

    def hides(self, column: str) -> bool:
        """Whether a column's values are shown to nobody."""
        return column in self._classified or (bool(self._classified) and column not in self._order)

    def table(self, rows: Iterable[Mapping[str, Any]]) -> Table:
        """Rows by column name, as a table."""
        known = list(rows)
        names = dict.fromkeys(name for row in known for name in row)
        columns = tuple(sorted(names, key=lambda name: self._order.get(name, len(self._order))))
        return Table(columns, tuple(tuple(self._cell(row, name) for name in columns) for row in known))

    def set_aside(self, rows: Sequence[Mapping[str, Any]]) -> Table:
        """Rows of a quarantine: why, and what was in them."""
        shown = [self._opened(row) for row in rows[:MAX_SAMPLE]]
        table = self.table([content for _, content in shown])
        reasons = [self._reason(row) for row, _ in shown]
        return Table(
            ("Reason", *table.columns),
            tuple((reason, *cells) for reason, cells in zip(reasons, table.rows, strict=True)),
        )

    def _opened(self, row: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """A row of a quarantine, and the row of the dataset that lies in it."""
        if "content" not in row:
            return row, {name: value for name, value in row.items() if name != "reason"}
        content = row["content"]
        try:
            read = json.loads(content) if isinstance(content, str) else content
        except ValueError:
            read = None
        return row, read if isinstance(read, Mapping) else {"as delivered": content}

    def _reason(self, row: Mapping[str, Any]) -> Cell:
        # What a file's reader says about a value may quote it; what a gate says names rules.
        if row.get("file") and self.hides(str(row.get("column"))):
            return _MASKED
        return _shown(row.get("reason"))

    def _cell(self, row: Mapping[str, Any], name: str) -> Cell:
        if name not in row:
            return _NOTHING
        value = row[name]
        if value is None:
            return _NULL
        return _MASKED if self.hides(name) else _shown(value)


def _shown(value: Any) -> Cell:
    if value is None:
        return _NULL
    text = value if isinstance(value, str) else _as_text(value)
    return Cell(text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…")


def _as_text(value: Any) -> str:
    if isinstance(value, bool | list | tuple | Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
