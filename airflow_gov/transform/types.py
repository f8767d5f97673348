"""Column types in DuckDB's words and in Arrow's."""

from __future__ import annotations

import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from airflow_gov.model.sql_text import identifier
from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct

_DUCKDB = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "string": "VARCHAR",
    "uuid": "UUID",
    "binary": "BLOB",
}
_ARROW: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "string": pa.string(),
    "uuid": pa.uuid(),
    "binary": pa.binary(),
}
#: DuckDB's types that hold more, or other, than the type of the model they come nearest to.
_NEAREST = {
    "boolean": "boolean",
    "tinyint": "int",
    "smallint": "int",
    "integer": "int",
    "utinyint": "int",
    "usmallint": "int",
    "uinteger": "long",
    "bigint": "long",
    "float": "float",
    "double": "double",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamp with time zone": "timestamptz",
    "uuid": "uuid",
    "blob": "binary",
}


def to_duckdb_type(kind: ColumnType) -> str:
    """The DuckDB type of a column type, as SQL."""
    if isinstance(kind, Decimal):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if isinstance(kind, List):
        return f"{to_duckdb_type(kind.element)}[]"
    if isinstance(kind, Struct):
        fields = ", ".join(f"{identifier(name)} {to_duckdb_type(part)}" for name, part in kind.fields)
        return f"STRUCT({fields})"
    return _DUCKDB[kind.name]


def to_arrow_type(kind: ColumnType) -> pa.DataType:
    """The Arrow type of a column type."""
    if isinstance(kind, Decimal):
        return pa.decimal128(kind.precision, kind.scale)
    if isinstance(kind, List):
        return pa.list_(to_arrow_type(kind.element))
    if isinstance(kind, Struct):
        return pa.struct([pa.field(name, to_arrow_type(part)) for name, part in kind.fields])
    return _ARROW[kind.name]


def from_duckdb_type(kind: DuckDBPyType) -> ColumnType:
    """The column type that comes nearest to a DuckDB type; ``string`` where nothing does."""
    if kind.id == "decimal":
        parts = dict(kind.children)
        return Decimal(int(str(parts["precision"])), int(str(parts["scale"])))
    if kind.id in ("list", "array"):
        return List(from_duckdb_type(_part(kind, 0)))
    if kind.id == "struct":
        return Struct(tuple((name, from_duckdb_type(_typed(part))) for name, part in kind.children))
    return Primitive(_NEAREST.get(kind.id, "string"))


def _part(kind: DuckDBPyType, position: int) -> DuckDBPyType:
    return _typed(kind.children[position][1])


def _typed(part: object) -> DuckDBPyType:
    if not isinstance(part, DuckDBPyType):
        raise TypeError(f"{part!r} is not a type")
    return part
