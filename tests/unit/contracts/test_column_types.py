from __future__ import annotations

from typing import Any

import pytest

from airflow_gov.contracts.column_types import column_type
from airflow_gov.contracts.problems import Findings


def read(**property_: Any) -> tuple[str, list[tuple[str, str]]]:
    findings = Findings("f.yaml", {})
    kind = column_type(property_, (), findings)
    return str(kind), [(problem.path, problem.reason) for problem in findings.problems]


@pytest.mark.parametrize(
    ("logical", "options", "expected"),
    [
        ("string", {}, "string"),
        ("string", {"maxLength": 5, "format": "email"}, "string"),
        ("boolean", {}, "boolean"),
        ("date", {}, "date"),
        ("time", {}, "time"),
        ("timestamp", {}, "timestamp"),
        ("timestamp", {"timezone": False}, "timestamp"),
        ("timestamp", {"timezone": True}, "timestamptz"),
        ("integer", {}, "long"),
        ("integer", {"format": "i32"}, "int"),
        ("integer", {"format": "u32"}, "long"),
        ("integer", {"format": "i64"}, "long"),
        ("number", {}, "double"),
        ("number", {"format": "f32"}, "float"),
    ],
)
def test_the_logical_type_decides_alone(logical: str, options: dict[str, Any], expected: str) -> None:
    assert read(logicalType=logical, logicalTypeOptions=options) == (expected, [])


@pytest.mark.parametrize(
    ("logical", "physical", "expected"),
    [
        ("integer", "int", "int"),
        ("integer", "BIGINT", "long"),
        ("integer", "decimal(20,0)", "decimal(20, 0)"),
        ("number", "NUMERIC(10, 2)", "decimal(10, 2)"),
        ("number", "numeric(10)", "decimal(10, 0)"),
        ("number", "double precision", "double"),
        ("string", "VARCHAR(20)", "string"),
        ("string", "character  varying (20)", "string"),
        ("string", "uuid", "uuid"),
        ("timestamp", "TIMESTAMP WITH TIME ZONE", "timestamptz"),
        ("timestamp", "timestamp", "timestamp"),
        ("date", "timestamp", "timestamp"),
        ("array", "list<string>", "list<string>"),
        ("array", "array<long>", "list<long>"),
        ("object", "struct<a: int, b: list<date>>", "struct<a: int, b: list<date>>"),
        (7, "int", "int"),
        (None, "bytea", "binary"),
        (None, "bool", "boolean"),
    ],
)
def test_the_physical_type_says_it_exactly(logical: object, physical: str, expected: str) -> None:
    property_ = {"physicalType": physical} | ({"logicalType": logical} if logical else {})

    assert read(**property_) == (expected, [])


def test_arrays_and_objects_nest() -> None:
    point = {"logicalType": "object", "properties": [
        {"name": "x", "logicalType": "number"},
        {"name": "y", "physicalName": "why", "physicalType": "decimal(4, 1)"},
    ]}  # fmt: skip

    assert read(logicalType="array", items=point) == ("list<struct<x: double, why: decimal(4, 1)>>", [])


@pytest.mark.parametrize(
    ("property_", "path", "reason"),
    [
        ({}, "$", "has no type: write logicalType (array, boolean, date,"),
        ({"logicalType": "int"}, "$.logicalType", "unknown type 'int': write one of array, boolean"),
        ({"logicalType": "map"}, "$.logicalType", "unknown type 'map'"),
        ({"physicalType": "geometry"}, "$.physicalType", "write boolean, int, long, float"),
        ({"physicalType": "decimal(39, 2)"}, "$.physicalType", "unknown type"),
        ({"physicalType": "decimal(5, 9)"}, "$.physicalType", "unknown type"),
        ({"physicalType": "list<" * 5000}, "$.physicalType", "unknown type"),
        (
            {"logicalType": "integer", "physicalType": "varchar"},
            "$.physicalType",
            "does not go with logicalType",
        ),
        ({"logicalType": "timestamp", "physicalType": "date"}, "$.physicalType", "timestamp, timestamptz"),
        (
            {"logicalType": "integer", "logicalTypeOptions": {"format": "u64"}},
            "$.logicalTypeOptions.format",
            "a physicalType, e.g. decimal(20, 0)",
        ),
        ({"logicalType": "array"}, "$", "needs `items`"),
        ({"logicalType": "array", "items": {"logicalType": "x"}}, "$.items.logicalType", "unknown type 'x'"),
        ({"logicalType": "object"}, "$", "needs `properties`"),
        (
            {"logicalType": "object", "properties": [{"name": "a", "logicalType": "date"}] * 2},
            "$.properties[1]",
            "the field 'a' stands twice",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_has_no_column_type_is_refused_with_what_is_allowed(
    property_: dict[str, Any], path: str, reason: str
) -> None:
    _, found = read(**property_)

    assert [entry[0] for entry in found] == [path]
    assert reason in found[0][1]
