"""The lake in numbers: what maturity and health are reckoned from, in a few queries whatever its size."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Text, case, cast, exists, func, select

from airflow_gov.model.audits import AuditState
from airflow_gov.model.findings import OPEN_STATES, Severity
from airflow_gov.model.zones import QUARANTINE_SUFFIX, Zone
from airflow_gov.store.audit_tables import audit, finding
from airflow_gov.store.catalogue_tables import catalogue, catalogue_reader
from airflow_gov.store.tables import load

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement

    from airflow_gov.store.database import Database


@dataclass(frozen=True, slots=True)
class ZoneCounts:
    """One zone's datasets.

    :param datasets: that are known in it.
    :param published: that have a version.
    :param findable: published ones that are described (their columns, too), owned and have a steward.
    :param shared: published ones that a Dag reads which does not load them.
    """

    datasets: int = 0
    published: int = 0
    findable: int = 0
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Burden:
    """The open findings of a zone, or of no zone.

    :param datasets: by dataset its findings by severity.
    :param others: findings of no dataset by severity.
    """

    datasets: Mapping[str, Mapping[Severity, int]] = field(default_factory=dict)
    others: Mapping[Severity, int] = field(default_factory=dict)


class Health:
    """Figures of the lake as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def zones(self) -> Mapping[Zone, ZoneCounts]:
        """The datasets of each zone that has some."""
        with self._database.read() as connection:
            rows = connection.execute(_COUNTS).mappings().all()
        return {
            Zone(row["zone"]): ZoneCounts(**{name: int(row[name]) for name in ZoneCounts.__slots__})
            for row in rows
        }

    def audited(self) -> frozenset[Zone]:
        """The zones at which an audit that finished looked."""
        zones = cast(audit.c.zones, Text)  # PostgreSQL compares no JSON
        query = select(zones).where(audit.c.state == AuditState.FINISHED.value).distinct()
        with self._database.read() as connection:
            return frozenset(
                Zone(name) for told in connection.execute(query).scalars() for name in json.loads(told)
            )

    def owners(self) -> int:
        """How many people own something that is published."""
        query = select(func.count(catalogue.c.owner.distinct())).where(catalogue.c.version.is_not(None))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def burdens(self) -> Mapping[Zone | None, Burden]:
        """Open findings by zone, None for those of none; acknowledged ones do not count."""
        datasets: dict[Zone | None, dict[str, dict[Severity, int]]] = defaultdict(lambda: defaultdict(dict))
        others: dict[Zone | None, dict[Severity, int]] = defaultdict(dict)
        with self._database.read() as connection:
            for place, dataset, rank, count in connection.execute(_BURDENS):
                zone = Zone(place) if place is not None else None
                told = others[zone] if dataset is None else datasets[zone][dataset]
                told[Severity.of_rank(rank)] = count
        return {
            zone: Burden(dict(datasets.get(zone, {})), others.get(zone, {})) for zone in {*datasets, *others}
        }

    def touched(self, checks: Collection[str]) -> int:
        """How many datasets, or other subjects, open findings of some checks are about."""
        place = func.coalesce(finding.c.dataset, finding.c.subject)
        query = select(func.count(place.distinct())).where(_open, finding.c.check_id.in_(sorted(checks)))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_open = finding.c.state.in_([state.value for state in OPEN_STATES])
_published = catalogue.c.version.is_not(None)
_loads_it = exists().where(
    load.c.dataset == catalogue_reader.c.dataset, load.c.dag_id == catalogue_reader.c.dag_id
)
_is_shared = exists().where(catalogue_reader.c.dataset == catalogue.c.dataset, ~_loads_it)
_COUNTS = (
    select(
        catalogue.c.zone,
        func.count().label("datasets"),
        _number(_published).label("published"),
        _number(_published & ~catalogue.c.undocumented & ~catalogue.c.unowned).label("findable"),
        _number(_published & _is_shared).label("shared"),
    )
    .where(~catalogue.c.dataset.endswith(QUARANTINE_SUFFIX, autoescape=True))
    .group_by(catalogue.c.zone)
)
_BURDENS = (
    select(finding.c.zone, finding.c.dataset, finding.c.severity, func.count())
    .where(_open)
    .group_by(finding.c.zone, finding.c.dataset, finding.c.severity)
)
