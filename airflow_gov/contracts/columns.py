"""An ODCS schema element's properties to columns, and our rules about columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts.column_types import column_type
from airflow_gov.contracts.fields import classification_of, fields_of, inner, own_classification, tags_of
from airflow_gov.contracts.problems import json_path
from airflow_gov.model.contract import LOAD_ID_COLUMN, RESTRICTED, Column, QualityEntry
from airflow_gov.model.types import ColumnType, List, Primitive, Struct
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from airflow_gov.contracts.problems import Findings, JsonPath

#: Longest column name, characters.
MAX_COLUMN_NAME = 128
#: Where columns of a restricted classification may lie. Raw and preprocessed hold what was delivered,
#: before it is split; everything that more people read holds tokens instead.
RESTRICTED_ZONES = (Zone.RAW, Zone.PREPROCESSED, Zone.SENSITIVE)

_NAME = re.compile(rf"[^\W\d]\w{{0,{MAX_COLUMN_NAME - 1}}}")
#: What a delivered file may call its columns: anything printable.
_RAW_NAME = re.compile(rf"\S(?:.{{0,{MAX_COLUMN_NAME - 2}}}\S)?")


def mappings(value: Any, path: JsonPath) -> Iterator[tuple[JsonPath, Mapping[str, Any]]]:
    """The mappings of a list and where each stands; what is of another kind the standard's schema tells."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, Mapping):
            yield (*path, index), item


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def quality(value: Any, path: JsonPath, findings: Findings) -> tuple[QualityEntry, ...]:
    """A `quality` list's entries.

    :param value: the list as written.
    :param path: where it stands.
    :param findings: know the lines.
    """
    return tuple(
        QualityEntry(entry, findings.line(here), json_path(here)) for here, entry in mappings(value, path)
    )


def read_columns(
    properties: Any, path: JsonPath, zone: Zone | None, findings: Findings
) -> tuple[Column, ...] | None:
    """The columns of one dataset.

    :param properties: ODCS `properties` as written.
    :param path: where they stand.
    :param zone: the dataset's zone; None where its name is wrong, and rules about zones cannot be checked.
    :param findings: gets what is wrong.
    :returns: None when a column could not be read at all.
    """
    # Measures and dimensions (ODCS 3.2 `semanticType`) are expressions of a semantic layer.
    declared = [
        (here, entry)
        for here, entry in mappings(properties, path)
        if entry.get("semanticType", "column") == "column"
    ]
    primary = _positions(declared, "primaryKey", "primaryKeyPosition", findings)
    partition = _positions(declared, "partitioned", "partitionKeyPosition", findings)
    seen: dict[str, JsonPath] = {}
    columns: list[Column] = []
    for here, entry in declared:
        name = _name(entry, here, zone, seen, findings)
        kind = _type(entry, here, zone, findings)
        if name is None or kind is None:
            continue
        rules = quality(entry.get("quality"), (*here, "quality"), findings)
        column = _column(entry, name, kind, primary.get(here), partition.get(here), rules)
        _check(column, entry, here, zone, findings)
        _refuse_rules_inside(entry, here, findings)
        columns.append(column)
    return tuple(columns) if len(columns) == len(declared) else None


def _column(
    entry: Mapping[str, Any],
    name: str,
    kind: ColumnType,
    primary: int | None,
    partition: int | None,
    rules: tuple[QualityEntry, ...],
) -> Column:
    return Column(
        name=name,
        type=kind,
        required=entry.get("required") is True or primary is not None,
        unique=entry.get("unique") is True,
        primary_key=primary,
        partition_key=partition,
        classification=classification_of(entry),
        tags=tags_of(entry),
        description=str(entry.get("description") or ""),
        quality=rules,
        fields=tuple(fields_of(entry, name, kind)),
    )


def _name(
    entry: Mapping[str, Any], path: JsonPath, zone: Zone | None, seen: dict[str, JsonPath], findings: Findings
) -> str | None:
    key = "physicalName" if isinstance(entry.get("physicalName"), str) else "name"
    name, here = entry.get(key), (*path, key)
    if not isinstance(name, str):
        return None
    if zone is Zone.RAW:
        if not _RAW_NAME.fullmatch(name) or not name.isprintable():
            findings.add(here, f"{name!r} is not a column name: 1 to {MAX_COLUMN_NAME} printable characters")
    elif not _NAME.fullmatch(name):
        findings.add(
            here,
            f"{name!r} is not a column name: letters, digits and underscores, not starting with a digit, "
            f"at most {MAX_COLUMN_NAME} characters",
        )
    # Engines compare names without regard to case.
    folded = name.casefold()
    if folded == LOAD_ID_COLUMN:
        findings.add(here, f"{name!r} is a column that every governed table has by itself: remove it here")
    if folded in seen:
        findings.add(here, f"the column {name!r} stands twice, first in line {findings.line(seen[folded])}")
    seen.setdefault(folded, here)
    return name


def _type(
    entry: Mapping[str, Any], path: JsonPath, zone: Zone | None, findings: Findings
) -> ColumnType | None:
    if zone is Zone.RAW and "logicalType" not in entry and "physicalType" not in entry:
        # Raw holds bytes as delivered: its columns are names in a header.
        return Primitive("string")
    return column_type(entry, path, findings)


def _check(
    column: Column, entry: Mapping[str, Any], path: JsonPath, zone: Zone | None, findings: Findings
) -> None:
    nested = isinstance(column.type, List | Struct)
    if column.primary_key is not None:
        if entry.get("required") is False:
            findings.add(
                (*path, "required"), "a column of the primary key is required: write true, or remove it"
            )
        if nested:
            findings.add((*path, "primaryKey"), f"a column of type {column.type} cannot be in a primary key")
    if column.partition_key is not None and (nested or column.type == Primitive("binary")):
        findings.add(
            (*path, "partitioned"), f"a table cannot be partitioned by a column of type {column.type}"
        )
    if zone is not None and zone not in RESTRICTED_ZONES:
        for here, name, part in ((path, column.name, entry), *inner(entry, path, column.name)):
            _refuse_restricted(part, name, here, zone, findings)


def _refuse_restricted(
    entry: Mapping[str, Any], name: str, path: JsonPath, zone: Zone, findings: Findings
) -> None:
    classification = own_classification(entry)
    if classification in RESTRICTED:
        findings.add(
            (*path, "classification"),
            f"{name!r} is {classification} and does not belong in {zone}: restricted columns "
            f"lie in {', '.join(RESTRICTED_ZONES)}; split it off into sensitive and carry its token here",
        )


def _refuse_rules_inside(entry: Mapping[str, Any], path: JsonPath, findings: Findings) -> None:
    """Rules of fields inside a column would never be run, and nobody would know."""
    for here, _, field in inner(entry, path, ""):
        if any(rule.get("type") != "text" for _, rule in mappings(field.get("quality"), ())):
            findings.add(
                (*here, "quality"),
                "rules of a field inside a column are not run: write an sql rule at the dataset instead",
            )


def _positions(
    declared: list[tuple[JsonPath, Mapping[str, Any]]], flag: str, position: str, findings: Findings
) -> dict[JsonPath, int]:
    """Each flagged column's place in the key, from 1; without any positions, the order they stand in."""
    given: dict[JsonPath, int] = {}
    flagged: list[JsonPath] = []
    for path, entry in declared:
        value = entry.get(position)
        # The standard's default of -1 says "none".
        number = value if isinstance(value, int) and value != -1 else None
        if entry.get(flag) is True:
            flagged.append(path)
            if number is not None:
                given[path] = number
        elif number is not None:
            findings.add((*path, position), f"{number} is given, but {flag} is not true: write both or none")
    if not given:
        return {path: index for index, path in enumerate(flagged, start=1)}
    _check_positions(flagged, given, flag, position, findings)
    return {path: given.get(path, index) for index, path in enumerate(flagged, start=1)}


def _check_positions(
    flagged: list[JsonPath], given: dict[JsonPath, int], flag: str, position: str, findings: Findings
) -> None:
    taken: dict[int, JsonPath] = {}
    for path in flagged:
        number = given.get(path)
        if number is None:
            findings.add((*path, flag), f"{position} is missing: other columns of the key have one")
        elif number in taken:
            first = findings.line((*taken[number], position))
            findings.add((*path, position), f"the position {number} is taken already, in line {first}")
        elif not 1 <= number <= len(flagged):
            findings.add(
                (*path, position),
                f"the position {number} is not one of 1 to {len(flagged)}, the key's columns",
            )
        else:
            taken[number] = path
