"""The SQL between a file's rows and a contract's: typed rows, and broken ones with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.sql_text import identifier, literal
from airflow_gov.transform.files.layout import Layout, value_name
from airflow_gov.transform.writing import load_id_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Contract
    from airflow_gov.transform.files.plain import LocalFile


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A plain file and how to read it."""

    file: LocalFile
    layout: Layout

    @property
    def is_fast(self) -> bool:
        """Whether there is a fast way to read it."""
        return self.layout.fast([self.file.path]) is not None


@dataclass(frozen=True, slots=True)
class RowQueries:
    """Writes the SELECTs that make a contract's rows.

    :param contract: what the rows become.
    :param load_id: goes into ``_load_id``.
    """

    contract: Contract
    load_id: str

    def strict(self, planned: Sequence[PlannedFile]) -> str:
        """Typed rows of files that have a fast way. Running it fails at the first broken row."""
        together: dict[Layout, list[Path]] = {}
        for each in planned:
            together.setdefault(each.layout, []).append(each.file.path)
        return " UNION ALL ".join(
            f"SELECT {', '.join(self._strict_items(layout))}, {load_id_column(self.load_id)} "
            f"FROM ({layout.fast(paths)})"
            for layout, paths in together.items()
        )

    def judged(self, planned: PlannedFile, source: str) -> str:
        """All rows of a file with their typed values ``v0``, … and ``reason``: why it is broken, or ''.

        :param source: the rows as :meth:`Layout.careful` gives them.
        """
        typed, reasons = [], ["broken"]
        for position, column in enumerate(self.contract.columns):
            typed.append(f"{planned.layout.typed(position, column)} AS v{position}")
            reasons.append(
                f"CASE WHEN {_is_bad(position)} THEN {literal(f'{column.name} is no {column.type}')} END"
            )
        return (
            f"SELECT *, concat_ws('; ', {', '.join(reasons)}) AS reason "
            f"FROM (SELECT *, {', '.join(typed)} FROM ({source}))"
        )

    def good(self, judged: str) -> str:
        """The typed rows among judged ones."""
        items = [f"v{i} AS {identifier(column.name)}" for i, column in enumerate(self.contract.columns)]
        return f"SELECT {', '.join(items)}, {load_id_column(self.load_id)} FROM ({judged}) WHERE reason = ''"

    def broken(self, file: LocalFile, judged: str) -> str:
        """The broken rows among judged ones, as rows of a quarantine table."""
        names = [column.name for column in self.contract.columns]
        firsts = " ".join(f"WHEN {_is_bad(i)} THEN {literal(name)}" for i, name in enumerate(names))
        values = ", ".join(f"{identifier(name)} := {value_name(i)}" for i, name in enumerate(names))
        made = f"CAST(to_json(struct_pack({values})) AS VARCHAR)"
        content = f"CASE WHEN content = '' THEN {made} ELSE rtrim(content, chr(13) || chr(10)) END"
        return (
            f'SELECT {literal(file.name)} AS file, line, CASE {firsts} END AS "column", reason, '
            f"{content} AS content, {load_id_column(self.load_id)} FROM ({judged}) WHERE reason <> ''"
        )

    def _strict_items(self, layout: Layout) -> list[str]:
        items = []
        for position, column in enumerate(self.contract.columns):
            value, typed = value_name(position), layout.typed(position, column)
            if typed != value:
                typed = f"CASE WHEN {value} IS NOT NULL THEN coalesce({typed}, error('broken')) END"
            items.append(f"{typed} AS {identifier(column.name)}")
        return items


def _is_bad(position: int) -> str:
    return f"{value_name(position)} IS NOT NULL AND v{position} IS NULL"
