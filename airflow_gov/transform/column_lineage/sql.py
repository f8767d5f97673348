"""Column lineage of a query, from its text."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from airflow_gov.model.column_lineage import ColumnLineage, InputColumn
from airflow_gov.transform.column_lineage.aside import incomplete
from airflow_gov.transform.column_lineage.parsing import deep_calls, parse_query
from airflow_gov.transform.column_lineage.relations import (
    Column,
    Item,
    Relation,
    Unknown,
    folded,
    merged_traces,
)
from airflow_gov.transform.column_lineage.traces import Trace, inputs_of

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk

log = logging.getLogger(__name__)


def sql_lineage(
    sql: str,
    schemas: Mapping[str, Sequence[str] | None],
    *,
    dialect: str = "duckdb",
    outputs: Sequence[str] | None = None,
) -> ColumnLineage:
    """Which columns of its tables a query's columns come from, and which decide about its rows.

    Never raises: what cannot be followed is told in `gaps`, and `complete` is false then.

    :param sql: one query.
    :param schemas: tables as the SQL names them (``clean.flights``, parts may be quoted) → their columns;
        None where these are not known. The names are those of the lineage's sources.
    :param dialect: as sqlglot names it.
    :param outputs: names of the result's columns in order, where they are known: engines name columns that
        are expressions, and only they know what ``*`` of a struct gives.
    """
    try:
        with deep_calls():
            return _lineage(sql, schemas, dialect, outputs)
    except Exception as error:  # noqa: BLE001 - lineage is observed, and observation fails open
        kind = type(error).__name__
        log.debug("The column lineage of a query could not be followed: %s", kind)
        return incomplete(f"The SQL could not be followed ({kind}).")


def _lineage(
    sql: str, schemas: Mapping[str, Sequence[str] | None], dialect: str, outputs: Sequence[str] | None
) -> ColumnLineage:
    from airflow_gov.transform.column_lineage.walk import Walk

    tree = parse_query(sql, dialect)
    walk = Walk({_path(name): (name, columns) for name, columns in schemas.items()})
    relation = walk.query(tree, None, {})
    if not relation.items:
        walk.gap("The query has no columns.")
    named = _assigned(walk, relation, outputs)
    columns: dict[str, tuple[InputColumn, ...]] = {}
    for name, trace in named:
        if name in columns:
            walk.gap(f"There are several columns {name}.")
            columns[name] = inputs_of(merged_traces(each for other, each in named if other == name))
        else:
            columns[name] = inputs_of(trace)
    return ColumnLineage(columns, inputs_of(relation.rows), not walk.gaps, tuple(walk.gaps))


def _path(name: str) -> tuple[str, ...]:
    """The parts of a table's name, folded."""
    parts, current, quoted = [], "", False
    for character in name:
        if character == '"':
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append(current)
            current = ""
            continue
        current += character
    return tuple(folded(_unquoted(part)) for part in [*parts, current])


def _unquoted(part: str) -> str:
    if len(part) > 1 and part[0] == part[-1] == '"':
        return part[1:-1].replace('""', '"')
    return part


def _assigned(walk: Walk, relation: Relation, outputs: Sequence[str] | None) -> list[tuple[str, Trace]]:
    """Each column's name and trace."""
    if outputs is None:
        return list(_own_names(walk, relation.items))
    spread = _spread(walk, relation.items, outputs)
    if len(spread) == len(outputs) and all(
        not item.sure or folded(item.name) == folded(name) for item, name in zip(spread, outputs, strict=True)
    ):
        return [(name, item.trace) for item, name in zip(spread, outputs, strict=True)]
    return _by_name(walk, spread, outputs)


def _own_names(walk: Walk, items: Sequence[Item]) -> list[tuple[str, Trace]]:
    named: list[tuple[str, Trace]] = []
    for item in items:
        if isinstance(item, Column):
            named.append((item.name, item.trace))
        elif item.usual is not None:
            named.append((item.usual, item.find(item.usual)))
        else:
            walk.gap("Some of the columns are not known.")
    return named


def _spread(walk: Walk, items: Sequence[Item], outputs: Sequence[str]) -> list[Column]:
    """The columns with those that are not known spread over the names that are left."""
    unknown = [item for item in items if isinstance(item, Unknown)]
    width = len(outputs) - (len(items) - len(unknown))
    single = width == len(unknown)
    if len(unknown) > 1 and not single:
        walk.gap("Some of the columns are not known.")
    spread: list[Column] = []
    for item in items:
        if isinstance(item, Column):
            spread.append(item)
        elif single or len(unknown) == 1:
            taken = outputs[len(spread) : len(spread) + (1 if single else max(width, 0))]
            spread.extend(Column(name, item.find(name), sure=False) for name in taken)
    return spread


def _by_name(walk: Walk, items: Sequence[Column], outputs: Sequence[str]) -> list[tuple[str, Trace]]:
    """The columns by their names, where their order is not the one that was expected."""
    known = {folded(item.name): item.trace for item in items if item.sure}
    missing = [name for name in outputs if folded(name) not in known]
    if missing:
        walk.gap(f"These columns could not be followed: {', '.join(missing)}.")
    return [(name, known[folded(name)]) for name in outputs if folded(name) in known]
