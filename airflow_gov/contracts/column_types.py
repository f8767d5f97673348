"""A property's `logicalType` and `physicalType` (ODCS, "Schema") to a column type of Iceberg.

`physicalType` says it exactly and wins; without it `logicalType` and its options decide, on the
side of what holds every value: ``integer`` is long, ``number`` is double.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct, parse_type

if TYPE_CHECKING:
    from airflow_gov.contracts.problems import Findings, JsonPath

#: Words for Iceberg's types that databases use. A length, as in ``varchar(20)``, is not kept.
_SYNONYMS = {
    "bigint": "long",
    "blob": "binary",
    "bool": "boolean",
    "bytea": "binary",
    "bytes": "binary",
    "char": "string",
    "character varying": "string",
    "datetime": "timestamp",
    "double precision": "double",
    "float32": "float",
    "float64": "double",
    "float4": "float",
    "float8": "double",
    "int16": "int",
    "int2": "int",
    "int32": "int",
    "int4": "int",
    "int64": "long",
    "int8": "long",
    "integer": "int",
    "real": "float",
    "smallint": "int",
    "text": "string",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "tinyint": "int",
    "varbinary": "binary",
    "varchar": "string",
}
_LENGTH = re.compile(r"((?:var)?char|character varying|string|(?:var)?binary)\s*\(\s*\d+\s*\)")
_NUMERIC = re.compile(r"(?:decimal|numeric)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")

_INTEGER_FORMATS = {
    "i8": "int",
    "i16": "int",
    "i32": "int",
    "u8": "int",
    "u16": "int",
    "u32": "long",
    "i64": "long",
}
_NUMBER_FORMATS = {"f32": "float", "f64": "double"}

#: Which column types a logical type may have. ODCS 3.0 has no timestamp and no time: they are dates there.
_FITTING = {
    "array": {"list"},
    "boolean": {"boolean"},
    "date": {"date", "timestamp", "timestamptz", "time"},
    "integer": {"int", "long", "decimal"},
    "number": {"float", "double", "decimal", "int", "long"},
    "object": {"struct"},
    "string": {"string", "uuid", "binary"},
    "time": {"time"},
    "timestamp": {"timestamp", "timestamptz"},
}

ALLOWED_PHYSICAL = (
    "boolean, int, long, float, double, decimal(p, s), date, time, timestamp, timestamptz, string, uuid, "
    "binary, list<type>, struct<name: type, …> or the SQL name of one of these (e.g. bigint, varchar(20))"
)
ALLOWED_LOGICAL = ", ".join(sorted(_FITTING))


def column_type(property_: Mapping[str, Any], path: JsonPath, findings: Findings) -> ColumnType | None:
    """The column type of an ODCS property.

    :param property_: the property as written.
    :param path: where it stands.
    :param findings: gets what is wrong with it.
    :returns: None when it has no type that is known.
    """
    logical, physical = _text(property_, "logicalType"), _text(property_, "physicalType")
    if logical is not None and logical not in _FITTING:
        findings.add((*path, "logicalType"), f"unknown type {logical!r}: write one of {ALLOWED_LOGICAL}")
        return None
    if physical is not None:
        return _physical(physical, logical, path, findings)
    if logical == "array":
        return _array(property_, path, findings)
    if logical == "object":
        return _struct(property_, path, findings)
    if logical is not None:
        return _logical(logical, _mapping(property_.get("logicalTypeOptions")), path, findings)
    findings.add(path, f"has no type: write logicalType ({ALLOWED_LOGICAL}) or physicalType")
    return None


def _physical(text: str, logical: str | None, path: JsonPath, findings: Findings) -> ColumnType | None:
    try:
        kind = parse_type(_normal(text))
    except (ValueError, RecursionError):
        findings.add((*path, "physicalType"), f"unknown type {text!r}: write {ALLOWED_PHYSICAL}")
        return None
    if logical is not None and _family(kind) not in _FITTING[logical]:
        findings.add(
            (*path, "physicalType"),
            f"{text!r} ({kind}) does not go with logicalType {logical!r}, which is one of "
            f"{', '.join(sorted(_FITTING[logical]))}",
        )
    return kind


def _normal(text: str) -> str:
    """A database's word for a type as Iceberg's word; what is not known stays as it is."""
    words = " ".join(text.split())
    if "<" in words:
        return re.sub(r"(?i)\barray<", "list<", words)
    words = words.lower()
    if match := _LENGTH.fullmatch(words):
        words = match[1]
    if match := _NUMERIC.fullmatch(words):
        return f"decimal({match[1]}, {match[2] or 0})"
    return _SYNONYMS.get(words, words)


def _family(kind: ColumnType) -> str:
    if isinstance(kind, Decimal):
        return "decimal"
    if isinstance(kind, List):
        return "list"
    return "struct" if isinstance(kind, Struct) else kind.name


def _logical(
    logical: str, options: Mapping[str, Any], path: JsonPath, findings: Findings
) -> ColumnType | None:
    size = options.get("format")
    if logical == "integer" and size is not None:
        if size not in _INTEGER_FORMATS:
            findings.add(
                (*path, "logicalTypeOptions", "format"),
                f"{size!r} has no column type: write one of {', '.join(_INTEGER_FORMATS)}, or a "
                "physicalType, e.g. decimal(20, 0)",
            )
            return None
        return Primitive(_INTEGER_FORMATS[size])
    if logical == "number":
        return Primitive(_NUMBER_FORMATS.get(str(size), "double"))
    if logical == "timestamp":
        return Primitive("timestamptz" if options.get("timezone") is True else "timestamp")
    return Primitive("long" if logical == "integer" else logical)


def _array(property_: Mapping[str, Any], path: JsonPath, findings: Findings) -> ColumnType | None:
    items = property_.get("items")
    if not isinstance(items, Mapping):
        findings.add(path, "an array needs `items` with the type of its elements")
        return None
    element = column_type(items, (*path, "items"), findings)
    return List(element) if element is not None else None


def _struct(property_: Mapping[str, Any], path: JsonPath, findings: Findings) -> ColumnType | None:
    fields: dict[str, ColumnType | None] = {}
    for index, field in enumerate(property_.get("properties") or ()):
        here = (*path, "properties", index)
        name = _mapping(field).get("physicalName") or _mapping(field).get("name")
        if not isinstance(name, str):
            continue
        if name in fields:
            findings.add(here, f"the field {name!r} stands twice")
        fields[name] = column_type(field, here, findings)
    if not fields:
        findings.add(path, "an object needs `properties` with its fields")
    known = tuple((name, kind) for name, kind in fields.items() if kind is not None)
    return Struct(known) if known and len(known) == len(fields) else None


def _text(property_: Mapping[str, Any], key: str) -> str | None:
    value = property_.get(key)
    return value if isinstance(value, str) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
