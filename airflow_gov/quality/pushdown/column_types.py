"""Expectations about a column's type, which the contract's type answers."""

from __future__ import annotations

import re

from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct
from airflow_gov.quality.pushdown.constants import invalid
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Observation, Plan
from airflow_gov.quality.pushdown.relation import Relation

#: Names of each type in Iceberg, Python, pandas and NumPy, SQL (DuckDB, PostgreSQL, SQLAlchemy), Arrow and
#: Spark; case makes no difference. Python's ``int`` has no width: it is the name of both whole numbers.
_NAMES: dict[str, str] = {
    "boolean": "boolean bool bool_ booleandtype booleantype logical",
    "int": "int int32 int32dtype intc integer int4 signed integertype",
    "long": "long int int64 int64dtype int_ longlong bigint biginteger longtype",
    "float": "float float32 float32dtype single real float4 floattype",
    "double": "double float float64 float64dtype float_ double_precision float8 doubletype",
    "decimal": "decimal numeric decimaltype decimal128 dec number object object_ o",
    "date": "date date32 date32[day] datetype object object_ o",
    "time": "time time64 time64[us] time_without_time_zone object object_ o",
    "timestamp": "timestamp datetime datetime64 datetime64[ns] datetime64[us] timestamp[us] timestamp_ntz"
    " timestamp_without_time_zone timestampntztype",
    "timestamptz": "timestamptz timestamp_tz timestamp_with_time_zone datetimetzdtype timestamptype"
    " datetime64[ns,utc] datetime64[us,utc] timestamp[us,tz=utc]",
    "string": "string str string_types stringdtype stringtype varchar nvarchar char nchar text tinytext"
    " mediumtext longtext character_varying utf8 large_string unicode",
    "uuid": "uuid guid object object_ o",
    "binary": "binary bytes bytes_ blob bytea varbinary large_binary binarytype object object_ o",
    "list": "list array arraytype object object_ o",
    "struct": "struct dict structtype object object_ o",
}
_ACCEPTED = {name: frozenset(names.split()) for name, names in _NAMES.items()}
_KNOWN = frozenset[str]().union(*_ACCEPTED.values())
#: A length, which says nothing of a text's type.
_LENGTH = re.compile(r"\(\d+\)$")
#: What pandas calls the types that it has, in Great Expectations' results.
_PANDAS = {
    "boolean": ("bool", "boolean"),
    "int": ("int32", "Int32"),
    "long": ("int64", "Int64"),
    "float": ("float32", "float32"),
    "double": ("float64", "float64"),
    "string": ("str", "str"),
    "timestamp": ("datetime64", "datetime64[ns]"),
    "timestamptz": ("Timestamp", "datetime64[ns, UTC]"),
}


@expectation
def expect_column_values_to_be_of_type(
    relation: Relation, *, column: str, type_: str, mostly: float = 1.0
) -> Plan:
    """The column is of a type; a column's values are all of one type here, so `mostly` changes nothing."""
    return _typed(relation, column, [type_], 0)


@expectation
def expect_column_values_to_be_in_type_list(
    relation: Relation, *, column: str, type_list: list[str] | None, mostly: float = 1.0
) -> Plan:
    """The column is of one of some types; names that are no type of anybody's are passed over."""
    return _typed(relation, column, type_list, 0)


@expectation
def expect_column_type_to_be(relation: Relation, *, column: str, type_: str) -> Plan:
    """The column is of a type."""
    return _typed(relation, column, [type_], 1)


def _typed(relation: Relation, column: str, names: list[str] | None, words: int) -> Plan:
    kind = relation.columns[column]
    if names is not None and not any(_is_known(each) for each in names):
        raise invalid(f"{', '.join(map(repr, names)) or 'nothing'} is no type: {column} is {kind}")
    success = names is None or any(is_named(kind, each) for each in names)
    observed = _PANDAS.get(str(kind))
    return _told(
        Observation(success=success, value=observed[words] if observed else str(kind), metadata=True)
    )


def _told(observation: Observation) -> Plan:
    yield ()
    return observation


def is_named(kind: ColumnType, name: str) -> bool:
    """Whether a type is called so: in Iceberg, Python, pandas, SQL, Arrow or Spark."""
    if name == "Timestamp" and kind == Primitive("timestamptz"):
        return True  # pandas' class of values that have a time zone, as Great Expectations has it
    name = _plain(name)
    if name == _plain(str(kind)):
        return True
    if isinstance(kind, Decimal):
        own = f"({kind.precision},{kind.scale})"
        return name.removesuffix(own) in _ACCEPTED["decimal"]
    return _LENGTH.sub("", name) in _ACCEPTED[_family(kind)]


def _family(kind: ColumnType) -> str:
    if isinstance(kind, Primitive):
        return kind.name
    return {Decimal: "decimal", List: "list", Struct: "struct"}[type(kind)]


def _is_known(name: str) -> bool:
    plain = _plain(name)
    return re.split(r"[(<]", plain)[0] in _KNOWN or plain in _KNOWN


def _plain(name: str) -> str:
    """A name without case and with one way of spacing."""
    return re.sub(r"\s+", "_", re.sub(r"\s*([(),<>:\[\]])\s*", r"\1", name.strip())).casefold()
