"""JSON: one object a line, an array of objects, or objects one after the other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
from duckdb import DuckDBPyConnection

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import literal, literals
from airflow_gov.model.types import List, Struct
from airflow_gov.transform.errors import message_of
from airflow_gov.transform.files.layout import RowBlock, Workplace, stage, value_name
from airflow_gov.transform.files.mapping import map_columns
from airflow_gov.transform.files.parsing import parse_text
from airflow_gov.transform.files.plain import LocalFile, malformed
from airflow_gov.transform.files.text import line_blocks, read_head
from airflow_gov.transform.interrupting import execute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.transform.files.options import ReadOptions

#: DuckDB's word for one object a line; the only kind whose rows can be told apart when one is broken.
LINES = "newline_delimited"
#: What a file is called says nothing any more.
_PLAIN = "compression = 'none'"


@dataclass(frozen=True, slots=True)
class JsonLayout:
    """JSON files of one kind.

    :param kind: as DuckDB calls it: ``newline_delimited``, ``array``, ``unstructured``.
    :param keys: for each column of the contract, its key in the objects.
    :param structure: what to take out of each object, as DuckDB's ``from_json`` wants it.
    :param options: how to read.
    """

    kind: str
    keys: tuple[str, ...]
    structure: str
    options: ReadOptions

    def fast(self, paths: Sequence[Path]) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        rows = f"read_json_objects({literals(map(str, paths))}, format = {literal(self.kind)}, {_PLAIN})"
        item = "CASE WHEN json_type(json) = 'OBJECT' THEN json ELSE error('not an object') END"
        return f"SELECT {self._values()} FROM (SELECT {self._taken(item)} FROM {rows})"

    def careful(self, file: LocalFile, work: Workplace) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        if self.kind == LINES:
            rows = stage(_lines(file), 0, work.folder / f"{file.path.parent.name}-{file.path.name}.staged")
        else:
            source = f"read_json_objects({literal(str(file.path))}, format = {literal(self.kind)}, {_PLAIN})"
            rows = f"SELECT row_number() OVER () AS line, CAST(json AS VARCHAR) AS content FROM {source}"
        problem = (
            "CASE WHEN NOT json_valid(content) THEN 'not valid JSON' "
            "WHEN json_type(content) <> 'OBJECT' THEN 'not a JSON object' END"
        )
        taken = self._taken("CASE WHEN broken IS NULL THEN CAST(content AS JSON) END")
        return (
            f"SELECT line, content, broken, {self._values()} FROM (SELECT *, {taken} "
            f"FROM (SELECT line, content, {problem} AS broken FROM ({rows})))"
        )

    def typed(self, position: int, column: Column) -> str:
        """See :class:`~airflow_gov.transform.files.layout.Layout`."""
        return parse_text(value_name(position), column.type, self.options)

    def _taken(self, document: str) -> str:
        return f"from_json({document}, {literal(self.structure)}) AS taken"

    def _values(self) -> str:
        nulls = literals(text for text in self.options.null if text)
        items = []
        for position, key in enumerate(self.keys):
            value = f"struct_extract(taken, {literal(key)})"
            if self.options.null:
                value = f"CASE WHEN NOT list_contains({nulls}, CAST({value} AS VARCHAR)) THEN {value} END"
            items.append(f"CAST({value} AS VARCHAR) AS {value_name(position)}")
        return ", ".join(items)


def _lines(file: LocalFile) -> Iterator[RowBlock]:
    for first, lines in line_blocks(file):
        filled = [(number, line) for number, line in enumerate(lines, first) if line.strip()]
        yield RowBlock([number for number, _ in filled], [line for _, line in filled], [])


def json_layout(
    connection: DuckDBPyConnection, file: LocalFile, contract: Contract, options: ReadOptions, *, lines: bool
) -> JsonLayout:
    """How to read a JSON file.

    :param file: plain UTF-8.
    :param lines: whether it has one object a line; otherwise its beginning tells.
    :raises GovernanceError: a file without objects, or whose keys are not the contract's columns.
    """
    kind = _kind(file)
    if lines:
        kind = LINES
    found = _keys(connection, file, kind)
    positions = map_columns(file.name, found, contract, options, ordered=False)
    keys = tuple(found[position] for position in positions)
    structure = {
        key: "JSON" if isinstance(column.type, List | Struct) else "VARCHAR"
        for key, column in zip(keys, contract.columns, strict=True)
    }
    return JsonLayout(kind, keys, json.dumps(structure, ensure_ascii=False), options)


def _kind(file: LocalFile) -> str:
    text = read_head(file)[0].lstrip()
    if text.startswith("["):
        return "array"
    try:
        json.loads(text.partition("\n")[0])
    except ValueError:
        return "unstructured"
    return LINES


def _keys(connection: DuckDBPyConnection, file: LocalFile, kind: str) -> list[str]:
    """The keys of all objects. A broken line is no reason to stop: it is set aside later."""
    ignore = literal(kind == LINES)
    source = (
        f"read_json_objects({literal(str(file.path))}, format = {literal(kind)}, {_PLAIN}, "
        f"ignore_errors = {ignore})"
    )
    try:
        rows, keys = execute(
            connection,
            f"SELECT count(*), list_sort(list_distinct(flatten(list(DISTINCT json_keys(json))))) "
            f"FROM {source}",
        )[0]
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise malformed(file.name, message_of(error)) from error
    if not rows:
        raise GovernanceError(Reason.SOURCE_EMPTY, f"{file.name} has no rows.", file=file.name)
    if not keys:
        raise malformed(file.name, "it has no JSON object with anything in it.")
    return list(keys)
