"""Queries with the column lineage that a reader expects of them; see the corpus' own README."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from airflow_gov.model.column_lineage import ColumnLineage, InputColumn, Subtype, Transformation

FOLDER = Path(__file__).parents[1] / "unit" / "transform" / "column_lineage" / "corpus"
_LETTERS = {
    "I": Subtype.IDENTITY,
    "T": Subtype.TRANSFORMATION,
    "A": Subtype.AGGREGATION,
    "J": Subtype.JOIN,
    "G": Subtype.GROUP_BY,
    "F": Subtype.FILTER,
    "S": Subtype.SORT,
    "W": Subtype.WINDOW,
    "C": Subtype.CONDITIONAL,
}
_TABLE = re.compile(r"table (\S+) \((.+)\)")
_NAMED = re.compile(r'(?:"([^"]+)"|(\S+)) (.+)')
_WAYS = re.compile(r"([ITAJGFSWC])(!?)")

Tables = dict[str, dict[str, str]]


@dataclass
class Case:
    """A query of the corpus.

    :param group: the file it is in.
    :param about: what it is about.
    :param sql: the query.
    :param tables: table → column → type.
    :param columns: what is expected of each column of the result.
    :param rows: what is expected to decide about the rows.
    :param complete: whether it can be followed completely.
    :param tags: what else is said of it: `names` of its columns are the engine's, it is `random`.
    """

    group: str
    about: str
    sql: str
    tables: Tables
    columns: dict[str, tuple[InputColumn, ...]] = field(default_factory=dict)
    rows: tuple[InputColumn, ...] = ()
    complete: bool = True
    tags: frozenset[str] = frozenset()

    @property
    def schemas(self) -> dict[str, list[str]]:
        return {table: list(columns) for table, columns in self.tables.items()}

    def __str__(self) -> str:
        return f"{self.group}: {self.about}"


def corpus() -> list[Case]:
    """All queries of all files."""
    return [case for path in sorted(FOLDER.glob("*.sql")) for case in _cases(path)]


def _cases(path: Path) -> list[Case]:
    tables: Tables = {}
    cases: list[Case] = []
    for block in re.split(r"^--: ", path.read_text(), flags=re.MULTILINE)[1:]:
        about, _, body = block.partition("\n")
        if table := _TABLE.fullmatch(about):
            tables[table[1]] = _columns(table[2])
        else:
            cases.append(_case(path.stem, about, body, tables))
    return cases


def _columns(text: str) -> dict[str, str]:
    """``a INTEGER, s STRUCT(f INTEGER, g VARCHAR)``; commas inside brackets part no columns."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    named = [_NAMED.fullmatch(part.strip()) for part in parts]
    return {(each[1] or each[2]): each[3] for each in named if each is not None}


def _case(group: str, about: str, body: str, tables: Tables) -> Case:
    lines = body.strip().splitlines()
    sql = "\n".join(line for line in lines if not line.startswith("-->"))
    about, _, tags = about.partition(" #")
    case = Case(group, about, sql, dict(tables), tags=frozenset(tags.split()))
    for line in (line.removeprefix("-->").strip() for line in lines if line.startswith("-->")):
        names, _, inputs = line.partition(" =") if not line.startswith('"') else _quoted(line)
        if line == "gaps":
            case.complete = False
        elif names.strip() == "rows":
            case.rows = _inputs(inputs, tables)
        elif inputs.strip() == "same":
            for name in (each.strip() for each in names.split(",")):
                case.columns[name] = _inputs(name, tables)
        else:
            case.columns[names.strip()] = _inputs(inputs, tables)
    return case


def _quoted(line: str) -> tuple[str, str, str]:
    name, _, inputs = line[1:].partition('" =')
    return name, "", inputs


def _inputs(text: str, tables: Tables) -> tuple[InputColumn, ...]:
    found = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, colon, ways = part.rpartition(":")
        if not colon:
            name, ways = part, "I"
        transformations = tuple(
            sorted(Transformation(_LETTERS[letter], mark == "!") for letter, mark in _WAYS.findall(ways))
        )
        source, column = _column(name, tables)
        found.append(InputColumn(source, column, transformations))
    return tuple(sorted(found, key=lambda each: (each.source, each.column)))


def _column(name: str, tables: Tables) -> tuple[str, str]:
    table, _, column = name.rpartition(".")
    fitting = [
        each
        for each, columns in tables.items()
        if column in columns and (not table or each == table or each.rpartition(".")[2] == table)
    ]
    assert len(fitting) == 1, f"{name}: in {fitting}"
    return fitting[0], column


def written(inputs: tuple[InputColumn, ...]) -> list[str]:
    """Inputs as the corpus writes them, for messages of failed tests."""
    letters = {subtype: letter for letter, subtype in _LETTERS.items()}
    return [
        f"{each.source}.{each.column}:"
        + "".join(letters[way.subtype] + "!" * way.masking for way in each.transformations)
        for each in inputs
    ]


def shown(lineage: ColumnLineage | Case) -> dict[str, list[str]]:
    """Lineage as text, to compare and to read."""
    return {
        **{name: written(inputs) for name, inputs in lineage.columns.items()},
        "rows": written(lineage.rows),
    }
