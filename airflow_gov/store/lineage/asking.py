"""Questions about many rows of ours at once: statements made once, with a few parameters given each time.

Making a statement takes longer than either database takes to answer it, and a statement that is the same
object as last time is neither made nor compiled again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql

from airflow_gov.store.types import UtcDateTime, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.types import TypeEngine

_ARRAYS: Mapping[type, Any] = {int: BigInteger(), str: Text(), bool: Boolean(), datetime: DateTime(True)}


def among(dialect: str, column: ColumnElement[Any], values: list[Any] | str) -> ColumnElement[bool]:
    """Whether a column has one of these values: one parameter, whatever their number.

    :param dialect: ``sqlite`` or ``postgresql``.
    :param values: numbers or texts; or the name of a parameter, given later as :func:`parameter` makes it.
    """
    name = values if isinstance(values, str) else None
    given = {} if isinstance(values, str) else {"value": parameter(dialect, values)}
    if dialect == "sqlite":
        return column.in_(select(func.json_each(bindparam(name, **given)).table_valued("value").c.value))
    kind: postgresql.ARRAY[Any] = postgresql.ARRAY(BigInteger if isinstance(column.type, Integer) else Text)
    return column == any_(cast(bindparam(name, type_=kind, **given), kind))


def parameter(dialect: str, values: Iterable[Any]) -> Any:
    """The value of a parameter of :func:`among`."""
    cleaned = [clean_text(value) if isinstance(value, str) else value for value in values]
    return json.dumps(cleaned) if dialect == "sqlite" else cleaned


class Listed:
    """Rows of ours as a table to join with; the rows are given with each execution.

    :param kinds: name and type of each column: int, str, bool or datetime.
    """

    def __init__(self, **kinds: type) -> None:
        self._kinds = kinds

    def table(self, dialect: str) -> FromClause:
        """The table, for a statement that is made once."""
        if dialect == "sqlite":
            return self._on_sqlite()
        arrays = []
        for name, kind in self._kinds.items():
            array = postgresql.ARRAY(_ARRAYS[kind])
            arrays.append(cast(bindparam(f"all_{name}", type_=array), array))
        return func.unnest(*arrays).table_valued(*self._kinds).render_derived(name="listed")

    def given(self, dialect: str, rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
        """The parameters that make these the rows of the table: of each as many values as columns."""
        if dialect == "sqlite":
            return {"all_rows": json.dumps([[_plain(value) for value in row] for row in rows])}
        known = list(rows)
        return {
            f"all_{name}": [_clean(row[position]) for row in known]
            for position, name in enumerate(self._kinds)
        }

    def _on_sqlite(self) -> FromClause:
        each = func.json_each(bindparam("all_rows", type_=Text())).table_valued("value", name="listed_json")
        columns = [
            func.json_extract(
                each.c.value, literal_column(f"'$[{position}]'"), type_=_read_on_sqlite(kind)
            ).label(name)
            for position, (name, kind) in enumerate(self._kinds.items())
        ]
        return select(*columns).subquery("listed")


def _read_on_sqlite(kind: type) -> TypeEngine[Any]:
    kinds: Mapping[type, TypeEngine[Any]] = {int: Integer(), bool: Boolean(), datetime: UtcDateTime()}
    return kinds.get(kind, Text())


def _clean(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        # As UtcDateTime writes it: what SQLite compares is text.
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return _clean(value)
