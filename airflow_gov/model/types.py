"""Column types: the types of Apache Iceberg (spec, "Schemas and Data Types"), written as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Iceberg's primitive types that have no parameters.
PRIMITIVES = frozenset(
    {
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "string",
        "uuid",
        "binary",
    }
)
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type without parts, e.g. ``long``."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Decimal:
    """``decimal(precision, scale)``, precision 1 to 38."""

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision}, {self.scale})"


@dataclass(frozen=True, slots=True)
class List:
    """``list<element>``; elements may be null."""

    element: ColumnType

    def __str__(self) -> str:
        return f"list<{self.element}>"


@dataclass(frozen=True, slots=True)
class Struct:
    """``struct<name: type, …>``; fields may be null."""

    fields: tuple[tuple[str, ColumnType], ...]

    def __str__(self) -> str:
        return f"struct<{', '.join(f'{name}: {kind}' for name, kind in self.fields)}>"


ColumnType = Primitive | Decimal | List | Struct


def parse_type(text: str) -> ColumnType:
    """Read a type as :func:`str` writes it.

    :param text: e.g. ``long``, ``decimal(10, 2)``, ``list<string>``, ``struct<a: int, b: list<date>>``.
    :raises ValueError: when the text is no such type.
    """
    text = text.strip()
    if text in PRIMITIVES:
        return Primitive(text)
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2])
        if 1 <= precision <= 38 and scale <= precision:
            return Decimal(precision, scale)
    if text.startswith("list<") and text.endswith(">"):
        return List(parse_type(text[5:-1]))
    if text.startswith("struct<") and text.endswith(">"):
        fields = []
        for part in _split(text[7:-1]):
            name, colon, kind = part.partition(":")
            if not colon:
                raise ValueError(f"a field of {text!r} has no type")
            fields.append((name.strip(), parse_type(kind)))
        return Struct(tuple(fields))
    raise ValueError(f"unknown column type {text!r}")


def _split(text: str) -> list[str]:
    """Split at the commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]] if text.strip() else []


#: What a type may become without a rewrite (Iceberg spec, "Schema Evolution").
_WIDENINGS = {("int", "long"), ("float", "double")}


def widens(old: ColumnType, new: ColumnType) -> bool:
    """Whether every value of the old type is a value of the new one by Iceberg's promotion rules."""
    if old == new:
        return True
    if isinstance(old, Decimal) and isinstance(new, Decimal):
        return old.scale == new.scale and old.precision <= new.precision
    return (str(old), str(new)) in _WIDENINGS
