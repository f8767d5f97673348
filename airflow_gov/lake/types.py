"""Column types of the model to and from Iceberg's, and the names DuckDB has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

from airflow_gov.model.contract import LOAD_ID_COLUMN, Column
from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

_ICEBERG: dict[str, PrimitiveType] = {
    "boolean": BooleanType(),
    "int": IntegerType(),
    "long": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "date": DateType(),
    "time": TimeType(),
    "timestamp": TimestampType(),
    "timestamptz": TimestamptzType(),
    "string": StringType(),
    "uuid": UUIDType(),
    "binary": BinaryType(),
}
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
# Ids inside nested types are placeholders: `assign_fresh_schema_ids` and the catalogue give the real ones.
_PLACEHOLDER = -1


def to_iceberg(kind: ColumnType) -> IcebergType:
    """The Iceberg type of a column type; everything inside it is optional."""
    if isinstance(kind, Decimal):
        return DecimalType(kind.precision, kind.scale)
    if isinstance(kind, List):
        return ListType(_PLACEHOLDER, to_iceberg(kind.element), element_required=False)
    if isinstance(kind, Struct):
        return StructType(
            *(NestedField(_PLACEHOLDER, name, to_iceberg(part), required=False) for name, part in kind.fields)
        )
    return _ICEBERG[kind.name]


def from_iceberg(kind: IcebergType) -> ColumnType | None:
    """The column type of an Iceberg type, or None where contracts have no word for it (maps, …)."""
    if isinstance(kind, DecimalType):
        return Decimal(kind.precision, kind.scale)
    if isinstance(kind, ListType):
        element = from_iceberg(kind.element_type)
        return None if element is None else List(element)
    if isinstance(kind, StructType):
        parts = [(field.name, from_iceberg(field.field_type)) for field in kind.fields]
        known = tuple((name, part) for name, part in parts if part is not None)
        return Struct(known) if len(known) == len(parts) else None
    text = str(kind)
    return Primitive(text) if text in _ICEBERG else None


def type_text(kind: IcebergType) -> str:
    """An Iceberg type for people: as contracts write it, or as Iceberg does."""
    return str(from_iceberg(kind) or kind)


def to_duckdb(kind: ColumnType) -> str:
    """A column type in DuckDB's SQL."""
    if isinstance(kind, Decimal):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if isinstance(kind, List):
        return f"{to_duckdb(kind.element)}[]"
    if isinstance(kind, Struct):
        return f"STRUCT({', '.join(f'{quoted(name)} {to_duckdb(part)}' for name, part in kind.fields)})"
    return _DUCKDB[kind.name]


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def table_schema(columns: Iterable[Column]) -> Schema:
    """The Iceberg schema of a governed table: the columns and ``_load_id``, all optional.

    Optional because DuckDB writes optional Parquet fields; the gate enforces what is required. The
    field ids are the ones that creating the table gives, so that a name mapping can be made of them.
    """
    fields = [
        NestedField(
            number, column.name, to_iceberg(column.type), required=False, doc=column.description or None
        )
        for number, column in enumerate(columns, start=1)
    ]
    fields.append(NestedField(len(fields) + 1, LOAD_ID_COLUMN, StringType(), required=False))
    return assign_fresh_schema_ids(Schema(*fields))
