"""Which findings are wanted, and how many there would be with other filters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from airflow_gov.model.findings import (
    CHECK_FAILED,
    DAG_ID,
    FindingsFacets,
    FindingState,
    FindingsWanted,
    Severity,
)
from airflow_gov.model.zones import Zone
from airflow_gov.store.audit_tables import finding as table
from airflow_gov.store.lineage.asking import among

if TYPE_CHECKING:
    from collections.abc import Mapping


def narrowed(query: Select[Any], wanted: FindingsWanted, dialect: str) -> Select[Any]:
    """Narrow a query of findings to those that are wanted."""
    if wanted.states:
        query = query.where(table.c.state.in_([state.value for state in wanted.states]))
    if wanted.checks:
        query = query.where(_of_checks(wanted))
    if wanted.zones:
        of_zones = table.c.zone.in_([zone.value for zone in wanted.zones])
        query = query.where(or_(of_zones, table.c.zone.is_(None)) if wanted.zoneless else of_zones)
    if wanted.dataset is not None:
        query = query.where(table.c.dataset == str(wanted.dataset))
    if wanted.dags is not None:
        named = table.c.details[DAG_ID].as_string()
        query = query.where(or_(named.is_(None), among(dialect, named, sorted(wanted.dags))))
    if wanted.least.rank:
        query = query.where(table.c.severity >= wanted.least.rank)
    for word in wanted.text.lower().split()[:20]:
        query = query.where(
            or_(
                *(
                    func.lower(column).contains(word, autoescape=True)
                    for column in (table.c.subject, table.c.message)
                )
            )
        )
    return query


def _of_checks(wanted: FindingsWanted) -> ColumnElement[bool]:
    theirs = table.c.check_id.in_(wanted.checks)
    if not wanted.failing:
        return theirs
    about_them = (table.c.check_id == CHECK_FAILED) & table.c.subject.in_(wanted.checks)
    return or_(theirs, about_them)


def facets(connection: Connection, wanted: FindingsWanted) -> FindingsFacets:
    """How many findings there would be with another value of one filter."""
    by_rank = _counted(connection, table.c.severity, replace(wanted, least=Severity.INFO))
    by_state = _counted(connection, table.c.state, replace(wanted, states=()))
    by_check = _counted(connection, table.c.check_id, replace(wanted, checks=()))
    by_zone = _counted(connection, table.c.zone, replace(wanted, zones=()))
    return FindingsFacets(
        states={state: by_state[state.value] for state in FindingState if state.value in by_state},
        least=_at_least(by_rank),
        checks=dict(sorted(by_check.items(), key=lambda each: (-each[1], each[0]))),
        zones={zone: by_zone[zone.value] for zone in Zone if zone.value in by_zone},
    )


def _counted(connection: Connection, column: ColumnElement[Any], wanted: FindingsWanted) -> dict[Any, int]:
    query = narrowed(select(column, func.count()), wanted, connection.dialect.name).group_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}


def _at_least(by_rank: Mapping[int, int]) -> dict[Severity, int]:
    """By severity how many are that bad or worse, where some are exactly that bad."""
    told: dict[Severity, int] = {}
    worse = 0
    for severity in reversed(Severity):
        count = by_rank.get(severity.rank, 0)
        worse += count
        if count:
            told[severity] = worse
    return told
