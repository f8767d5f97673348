"""Text to typed values, exactly: what would have to be rounded or cut to fit does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.sql_text import literal
from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct
from airflow_gov.transform.types import to_duckdb_type

if TYPE_CHECKING:
    from airflow_gov.transform.files.options import ReadOptions

_WHOLE_NUMBER = r"\s*[+-]?[0-9]+(\.0*)?\s*"
#: Digits after the point that are looked at to tell whether a decimal would be rounded.
_SPARE_DIGITS = 10


def parse_text(text: str, kind: ColumnType, options: ReadOptions) -> str:
    """An SQL expression for the value of a text; NULL where the text is no value of that type.

    DuckDB's own casts round 3.7 to the integer 4 and drop the time of a date: here they give NULL.

    :param text: an SQL expression of type VARCHAR.
    """
    if isinstance(kind, List | Struct):
        return f"TRY_CAST(TRY_CAST({text} AS JSON) AS {to_duckdb_type(kind)})"
    if isinstance(kind, Decimal):
        return _decimal(_with_point(text, options), kind)
    name = kind.name
    if name in ("int", "long"):
        return _whole_number(text, kind)
    if name in ("float", "double"):
        return f"TRY_CAST({_with_point(text, options)} AS {to_duckdb_type(kind)})"
    if name == "date":
        return _date(text, options.date_format)
    if name in ("timestamp", "timestamptz"):
        return _timestamp(text, kind, options.timestamp_format)
    if name == "string":
        return text
    return f"TRY_CAST({text} AS {to_duckdb_type(kind)})"


def _with_point(text: str, options: ReadOptions) -> str:
    if options.decimal_separator == ".":
        return text
    return f"replace({text}, {literal(options.decimal_separator)}, '.')"


def _whole_number(text: str, kind: Primitive) -> str:
    value = f"TRY_CAST({text} AS {to_duckdb_type(kind)})"
    # The first comparison is cheap and true for nearly every number there is.
    return (
        f"CASE WHEN CAST({value} AS VARCHAR) = {text} THEN {value} "
        f"WHEN regexp_full_match({text}, {literal(_WHOLE_NUMBER)}) THEN {value} END"
    )


def _decimal(text: str, kind: Decimal) -> str:
    value = f"TRY_CAST({text} AS {to_duckdb_type(kind)})"
    scale = min(kind.scale + _SPARE_DIGITS, 38 - (kind.precision - kind.scale))
    if scale <= kind.scale:
        return value
    return f"CASE WHEN TRY_CAST({text} AS DECIMAL(38, {scale})) = {value} THEN {value} END"


def _date(text: str, format_: str | None) -> str:
    if format_ is not None:
        return f"CAST(try_strptime({text}, {literal(format_)}) AS DATE)"
    value = f"TRY_CAST({text} AS DATE)"
    midnight = f"TRY_CAST({text} AS TIMESTAMP) = {value}"
    return f"CASE WHEN (length({text}) <= 10 OR {midnight}) AND isfinite({value}) THEN {value} END"


def _timestamp(text: str, kind: Primitive, format_: str | None) -> str:
    if format_ is not None:
        return f"CAST(try_strptime({text}, {literal(format_)}) AS {to_duckdb_type(kind)})"
    value = f"TRY_CAST({text} AS {to_duckdb_type(kind)})"
    return f"CASE WHEN isfinite({value}) THEN {value} END"
