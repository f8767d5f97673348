"""The JSON test definitions that Great Expectations publishes, as rules on Arrow tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

#: The engines whose definitions are read, the one whose types win first.
ENGINES = ("pandas", "postgresql", "sqlite")

#: Names of an engine's types in the definitions, in lower case.
_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(("int", "int64", "int64dtype", "bigint"), pa.int64()),
    "integer": pa.int32(),
    **dict.fromkeys(("float", "float64", "double_precision"), pa.float64()),
    **dict.fromkeys(("str", "text", "varchar"), pa.string()),
    **dict.fromkeys(("bool", "boolean"), pa.bool_()),
    **dict.fromkeys(("datetime", "datetime64", "datetime64[ns]"), pa.timestamp("us")),
    "date": pa.date32(),
    "numeric": pa.decimal128(38, 15),
}
#: The same name is another type in each engine.
_OWN_TYPES: dict[tuple[str, str], pa.DataType] = {
    ("pandas", "timestamp"): pa.timestamp("us", "UTC"),
    ("postgresql", "timestamp"): pa.timestamp("us"),
    ("sqlite", "timestamp"): pa.timestamp("us"),
}
#: Expectations about texts: a column of theirs without values and without a type is one of texts.
_TEXTUAL = re.compile("length|pattern|regex|format|parseable|schema")
#: Arguments of every expectation that say what to report, not what to expect.
_REPORTING = {"catch_exceptions", "result_format", "include_config", "meta"}


@dataclass(frozen=True)
class Case:
    """One test of one definition, with rows for one engine.

    :param name: dataset, title and engine.
    :param engine: the engine that it is for, whose types the table has.
    :param kwargs: the expectation's arguments.
    :param out: what the definition says must come out.
    :param tolerance: relative, of observed numbers.
    :param columns: the table's columns; those whose values have several types are not there.
    :param mixed: names of those.
    """

    name: str
    engine: str
    expectation: str
    kwargs: Mapping[str, Any]
    out: Mapping[str, Any]
    tolerance: float
    table: pa.Table
    mixed: frozenset[str]

    @property
    def needs_mixed(self) -> bool:
        """Whether it asks about a column that no table can have."""
        asked = {key: each for key, each in self.kwargs.items() if "column" in key or key == "row_condition"}
        return any(re.search(rf"\b{name}\b", text) for name in self.mixed for text in _texts(asked))


@dataclass(frozen=True)
class Dataset:
    """Rows, with the tests on them."""

    table: pa.Table
    others: Mapping[str, pa.Table]
    cases: Sequence[Case]


def read(path: Path) -> Iterator[Dataset]:
    """Read a file of definitions: each dataset once for each way in which engines type it."""
    content = json.loads(path.read_text())
    untyped = pa.string() if _TEXTUAL.search(content["expectation_type"]) else pa.float64()
    for number, dataset in enumerate(content["datasets"]):
        seen: dict[str, list[Any]] = {}
        for engine in ENGINES:
            tests = [each for each in dataset["tests"] if _applies(engine, dataset, each)]
            if tests:
                table, others, mixed = _tables(dataset, engine, untyped)
                given = seen.setdefault(str(table.schema), [])
                tests = [each for each in tests if each not in given]
                given.extend(tests)
                name = f"{dataset.get('dataset_name', number)} ({engine})"
                expectation = content["expectation_type"]
                cases = [
                    _case(f"{name} {place}", engine, expectation, each, table, mixed)
                    for place, each in enumerate(tests, 1)
                ]
                yield Dataset(table, others, cases)


def _case(
    name: str, engine: str, expectation: str, test: Any, table: pa.Table, mixed: frozenset[str]
) -> Case:
    given = test.get("in", test.get("input"))
    return Case(
        f"{name}: {test['title']}",
        engine,
        expectation,
        {key: value for key, value in given.items() if key not in _REPORTING},
        test.get("out", test.get("output")),
        test.get("tolerance", 1e-5),
        table,
        mixed,
    )


def _applies(engine: str, dataset: Mapping[str, Any], test: Mapping[str, Any]) -> bool:
    """As Great Expectations' own runner says it; ``sqlalchemy`` means each of its dialects."""
    names = {engine} if engine == "pandas" else {engine, "sqlalchemy"}
    names |= {"pandas>=024"} if engine == "pandas" else set()
    for each in (dataset, test):
        if each.get("only_for") and not names & set(each["only_for"]):
            return False
        if names & set(each.get("suppress_test_for") or ()):
            return False
    return True


def _tables(
    dataset: Any, engine: str, untyped: pa.DataType
) -> tuple[pa.Table, dict[str, pa.Table], frozenset[str]]:
    data = dataset["data"]
    if isinstance(data, list):  # the first is the table, the others are compared with it
        tables = {each["dataset_name"]: _table(each["data"], {}, engine, untyped)[0] for each in data}
        return next(iter(tables.values())), tables, frozenset()
    types = dataset.get("schemas", {}).get(engine, {})
    table, mixed = _table(data, types, engine, untyped)
    return table, {}, mixed


def _table(
    data: Mapping[str, Sequence[Any]], types: Mapping[str, str], engine: str, untyped: pa.DataType
) -> tuple[pa.Table, frozenset[str]]:
    columns, mixed = {}, set()
    for name, values in data.items():
        kind = types.get(name, "").lower()
        declared = _OWN_TYPES.get((engine, kind), _TYPES.get(kind))
        try:
            columns[name] = _column(values, declared, untyped)
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError):
            mixed.add(name)
    return pa.table(columns), frozenset(mixed)


def _column(values: Sequence[Any], kind: pa.DataType | None, untyped: pa.DataType) -> pa.Array:
    if kind is None:
        found = pa.array(values)
        return found.cast(untyped) if pa.types.is_null(found.type) else found
    if pa.types.is_decimal(kind) and any(len(str(each)) > 16 for each in values):
        kind = pa.float64()  # PostgreSQL's NUMERIC holds any number of digits, a table's does not
    return pa.array([None if each is None else _value(each, kind) for each in values], kind)


def _value(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(_iso(value))
    if pa.types.is_date(kind):
        return datetime.fromisoformat(_iso(value)).date()
    if pa.types.is_string(kind):
        return str(value)
    if pa.types.is_decimal(kind):
        return Decimal(str(value))
    if pa.types.is_integer(kind) and isinstance(value, float | str):
        return int(value) if isinstance(value, str) or value.is_integer() else value
    return value


def _iso(value: str) -> str:
    from dateutil.parser import parse

    return parse(value).isoformat()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
