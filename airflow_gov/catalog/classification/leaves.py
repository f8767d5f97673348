"""Where the values of a table lie: in its columns, and in the fields inside of structs, lists and maps.

A field goes by its path from the column on, as contracts and lineage have it: ``buyer.email``. The elements
of a list go by the list's name, the keys and values of a map by ``key`` and ``value`` behind the map's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.catalog.classification.recogniser import kind_of
from airflow_gov.model.classification import Overlooked
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.sql_text import identifier, literal
from airflow_gov.model.types import ColumnType, Primitive, parse_type

if TYPE_CHECKING:
    import pyarrow as pa

#: Elements of a list that are looked at, from its beginning.
ELEMENTS = 10
#: Texts longer than this (bytes) are cut to `_CUT` characters, before the first at sign half as many: in what
#: is longer only mailboxes are looked for.
_LONG, _CUT = 512, 400
#: From here on a double does not hold every whole number.
_EXACT = 2**53
#: The element of a list in an expression; shadows a column of that name.
_EACH = "__each"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column, or a field inside one, whose values are looked into.

    :param path: e.g. ``buyer.email``.
    :param column: the table's column that it lies in.
    :param type: of its values, as contracts write it.
    :param sql: its values as an expression of DuckDB over the table.
    :param many: whether that gives a list of them for each row.
    """

    path: str
    column: str
    type: str
    sql: str
    many: bool = False

    @property
    def kept(self) -> str:
        """Its values as they are kept in a sample: none is so long that many would not fit into memory."""
        if self.type not in ("string", "double"):
            return self.sql
        if not self.many:
            return _short(self.sql, self.type)
        return f"[{_short(_EACH, self.type)} FOR {_EACH} IN {self.sql}]"


def column_leaf(name: str, type_: str) -> Leaf:
    """A column that is not nested."""
    return Leaf(name, name, type_, identifier(name))


def leaves(schema: pa.Schema) -> tuple[list[Leaf], list[Overlooked]]:
    """What is looked into, and what is not and why.

    :param schema: of the table; ``_load_id`` is nobody's.
    """
    taken: list[Leaf] = []
    others: list[Overlooked] = []
    for field in schema:
        if field.name == LOAD_ID_COLUMN:
            continue
        for leaf in _inside(field.type, Leaf(field.name, field.name, "", identifier(field.name))):
            reason = _why_not(leaf.type)
            if reason is None:
                taken.append(leaf)
            elif reason:
                others.append(Overlooked(leaf.path, reason))
    return taken, others


def _why_not(text: str) -> str | None:
    type_ = known_type(text)
    if type_ is None:
        return f"{text}: nothing is known of such values"
    if type_ == Primitive("binary"):
        return "binary: its bytes are not looked into"
    # Truth values, times and UUIDs, and numbers with a fraction: nothing we know of is written so.
    return None if kind_of(type_) is not None else ""


def known_type(text: str) -> ColumnType | None:
    """The type that a text says; None where contracts have no word for it."""
    try:
        return parse_type(text)
    except ValueError:
        return None


def _inside(type_: pa.DataType, leaf: Leaf) -> Iterator[Leaf]:
    """The leaves of a type.

    :param leaf: where its values are.
    """
    import pyarrow.types as of

    if of.is_struct(type_):
        for field in type_:
            yield from _inside(field.type, _field(leaf, field.name))
    elif of.is_map(type_):
        for part, function, inner in (
            ("key", "map_keys", type_.key_type),
            ("value", "map_values", type_.item_type),
        ):
            yield from _inside(inner, _elements(leaf, f"{leaf.path}.{part}", function))
    elif of.is_list(type_) or of.is_large_list(type_) or of.is_fixed_size_list(type_):
        yield from _inside(type_.value_type, _elements(leaf, leaf.path))
    else:
        yield Leaf(leaf.path, leaf.column, _text_of(type_), leaf.sql, leaf.many)


def _field(leaf: Leaf, name: str) -> Leaf:
    field = literal(name)
    sql = f"struct_extract({leaf.sql}, {field})"
    if leaf.many:
        sql = f"[struct_extract({_EACH}, {field}) FOR {_EACH} IN {leaf.sql}]"
    return Leaf(f"{leaf.path}.{name}", leaf.column, "", sql, leaf.many)


def _elements(leaf: Leaf, path: str, function: str = "") -> Leaf:
    """The first elements of a list, or of lists in a list."""
    sql = f"{function}({leaf.sql})"
    if leaf.many:
        sql = f"flatten([{function}({_EACH}) FOR {_EACH} IN {leaf.sql}])"
    return Leaf(path, leaf.column, "", f"list_slice({sql}, 1, {ELEMENTS})", many=True)


def _text_of(type_: pa.DataType) -> str:
    """A type as contracts write it; as Arrow does where they have no word for it."""
    import pyarrow.types as of

    if of.is_decimal(type_):
        return f"decimal({type_.precision}, {type_.scale})"
    if of.is_timestamp(type_):
        return "timestamptz" if type_.tz else "timestamp"
    for word, is_so in (
        ("string", (of.is_string, of.is_large_string)),
        ("int", (of.is_int8, of.is_int16, of.is_int32, of.is_uint8, of.is_uint16)),
        ("long", (of.is_integer,)),
        ("double", (of.is_float64,)),
        ("float", (of.is_floating,)),
        ("boolean", (of.is_boolean,)),
        ("date", (of.is_date,)),
        ("time", (of.is_time,)),
        ("binary", (of.is_binary, of.is_large_binary)),
    ):
        if any(each(type_) for each in is_so):
            return word
    return "uuid" if "uuid" in str(type_) else str(type_)


def _short(value: str, type_: str) -> str:
    if type_ == "string":
        cut = f"substring({value}, greatest(1, instr({value}, '@') - {_CUT // 2}), {_CUT})"
        return f"CASE WHEN strlen({value}) > {_LONG} THEN {cut} ELSE {value} END"
    # Numbers that lack some values come as doubles from many a reader.
    whole = f"{value} = trunc({value}) AND abs({value}) < {_EXACT}"
    number = f"CAST(TRY_CAST({value} AS BIGINT) AS VARCHAR)"
    return f"CASE WHEN {whole} THEN {number} ELSE CAST({value} AS VARCHAR) END"


def columns_of(some: Iterable[Leaf]) -> list[str]:
    """The columns that some leaves lie in, each once."""
    return list(dict.fromkeys(leaf.column for leaf in some))
