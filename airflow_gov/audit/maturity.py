"""How grown up the lake is, how healthy each zone is, and what would raise both.

**Maturity** has the words of Alex Gorelik, *The Enterprise Big Data Lake* (O'Reilly, 2019, chapter 1): a data
puddle serves one team, a pond is several puddles in one place, in a lake people find and use data that others
made, in an ocean the whole enterprise does; a swamp has the data of a lake, and nobody can tell what it is.
The book gives no numbers. These are ours, and each level needs the ones before it:

========  ==================================================================================================
swamp     more than 10 % of the datasets have an open finding about their metadata (``METADATA``), or the
          audit log was edited; whatever else is true
puddle    everything else
pond      something is published in clean or gold, and what is published has at least 2 owners
lake      of what is published in clean and gold 80 % can be found (it and its columns are described, it has
          an owner and a steward) and 25 % is shared (a Dag that does not load it reads it)
ocean     95 % can be found, 50 % is shared, there are at least 5 owners, and no zone is below 90
========  ==================================================================================================

The health of zones is told by :mod:`airflow_gov.audit.zone_health`. Without a finished audit there is
neither; zones that no audit looked at have no health, and keep the lake from being an ocean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_gov.audit.zone_health import ZoneHealth, cost_of, health_of, score_of
from airflow_gov.model.audits import AuditState
from airflow_gov.model.zones import Zone
from airflow_gov.store.health import Burden, ZoneCounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from airflow_gov.model.findings import Severity
    from airflow_gov.store import Store

#: Checks whose findings say that metadata is missing, or is not true.
METADATA = frozenset(
    {
        "contract-unreadable",
        "dataset-without-contract",
        "main-moved",
        "record-contradicts",
        "record-incomplete",
        "schema-drift",
        "shadow-snapshot",
        "shadow-table",
        "table-unreadable",
        "version-without-inputs",
        "version-without-verdict",
    }
)
_LOG = "audit-log-broken"
#: What is there for others to use.
_SERVED = (Zone.CLEAN, Zone.GOLD)


class Level(StrEnum):
    """How grown up a lake is; see this module."""

    SWAMP = "swamp"
    PUDDLE = "puddle"
    POND = "pond"
    LAKE = "lake"
    OCEAN = "ocean"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the maturity was told by.

    :param datasets: datasets of all zones.
    :param broken: datasets (or other things) with an open finding about their metadata.
    :param log_broken: whether the audit log was edited.
    :param served: published datasets of clean and gold.
    :param findable: those of them that are described, owned and have a steward.
    :param shared: those of them that a Dag reads which does not load them.
    :param owners: owners of what is published.
    """

    datasets: int
    broken: int
    log_broken: bool
    served: int
    findable: int
    shared: int
    owners: int


@dataclass(frozen=True, slots=True)
class Maturity:
    """The state of the lake.

    :param audited_at: when the audit ended that it is told by; None: there was none, and nothing is known.
    :param level: how grown up it is.
    :param score: its health, over all zones and what is of no zone.
    :param zones: each zone in which there is something.
    :param elsewhere: open findings of no zone (of the log, of checks that failed …), by severity.
    :param figures: what the level was told by.
    :param unaudited: zones with datasets at which no audit has looked.
    :param next: the next level; None at the last.
    :param lacking: what is missing for it, a sentence each.
    """

    audited_at: datetime | None = None
    level: Level | None = None
    score: int | None = None
    zones: tuple[ZoneHealth, ...] = ()
    elsewhere: Mapping[Severity, int] = field(default_factory=dict)
    unaudited: tuple[Zone, ...] = ()
    figures: Figures | None = None
    next: Level | None = None
    lacking: tuple[str, ...] = ()

    @property
    def beside(self) -> str | None:
        """What lowers the health and is of no zone, in a sentence; None where there is nothing."""
        counts = [f"{count:,} {severity}" for severity, count in self.elsewhere.items()]
        return f"Open findings of no zone lower its health, too: {', '.join(counts)}." if counts else None

    def lines(self) -> list[str]:
        """The same for people, a line each."""
        if self.level is None:
            return ["Nothing is known of the lake's maturity and health: no audit has finished yet."]
        lines = [f"The lake is {with_article(self.level)}, its health {self.score} of 100."]
        if self.next is not None:
            lines.append(f"To be {with_article(self.next)} it lacks: {'; '.join(self.lacking)}.")
        if self.beside is not None:
            lines.append(self.beside)
        for zone in self.zones:
            lines.append(f"{zone}{':' if zone.steps else '.'}")
            lines += [f"  [{step.key[:8]}] {step.message} ({step.score})" for step in zone.steps]
        lines += [f"{zone}: no audit has looked at it." for zone in self.unaudited]
        return lines


def assess(store: Store) -> Maturity:
    """The maturity of the lake and the health of its zones, as the newest audits left them."""
    runs = store.audits.runs(1, state=AuditState.FINISHED)
    if not runs:
        return Maturity()
    counts, burdens = store.health.zones(), store.health.burdens()
    there = [zone for zone in Zone if zone in counts or zone in burdens]
    audited = store.health.audited()
    zones = tuple(
        health_of(store, zone, counts.get(zone, ZoneCounts()), burdens.get(zone, Burden()))
        for zone in there
        if zone in audited
    )
    unaudited = tuple(zone for zone in there if zone not in audited)
    figures = _figures(store, counts)
    level, following, lacking = _level(figures, zones, unaudited)
    return Maturity(
        audited_at=runs[0].ended_at,
        level=level,
        score=score_of(sum(map(cost_of, burdens.values())), sum(zone.datasets for zone in zones)),
        zones=zones,
        elsewhere=_elsewhere(burdens.get(None, Burden())),
        unaudited=unaudited,
        figures=figures,
        next=following,
        lacking=lacking,
    )


def _elsewhere(burden: Burden) -> Mapping[Severity, int]:
    worst_first = sorted(burden.others, key=lambda severity: severity.rank, reverse=True)
    return {severity: burden.others[severity] for severity in worst_first}


def with_article(level: Level) -> str:
    """A level in a sentence."""
    return f"an {level}" if level is Level.OCEAN else f"a {level}"


def _figures(store: Store, counts: Mapping[Zone, ZoneCounts]) -> Figures:
    served = [counts[zone] for zone in _SERVED if zone in counts]
    return Figures(
        datasets=sum(each.datasets for each in counts.values()),
        broken=store.health.touched(METADATA),
        log_broken=store.health.touched({_LOG}) > 0,
        served=sum(each.published for each in served),
        findable=sum(each.findable for each in served),
        shared=sum(each.shared for each in served),
        owners=store.health.owners(),
    )


def _level(
    figures: Figures, zones: Sequence[ZoneHealth], unaudited: Sequence[Zone]
) -> tuple[Level, Level | None, tuple[str, ...]]:
    """The level, the next one, and what is missing for that."""
    needs = {
        Level.PUDDLE: _sound(figures),
        Level.POND: _together(figures),
        Level.LAKE: _used(figures, findable=80, shared=25),
        Level.OCEAN: [
            *_used(figures, findable=95, shared=50),
            *([] if figures.owners >= 5 else [f"5 owners ({figures.owners} now)"]),
            *(f"an audit of {zone}" for zone in unaudited),
            *(f"a health of {zone.zone} of 90 ({zone.score} now)" for zone in zones if zone.score < 90),
        ],
    }
    reached = Level.SWAMP
    for level, lacking in needs.items():
        if lacking:
            return reached, level, tuple(lacking)
        reached = level
    return reached, None, ()


def _sound(figures: Figures) -> list[str]:
    lacking = []
    if figures.broken * 10 > figures.datasets:
        lacking.append(
            f"sound metadata ({figures.broken:,} of {figures.datasets:,} datasets have a finding about it, "
            "10 % may)"
        )
    if figures.log_broken:
        lacking.append("an audit log that was not edited")
    return lacking


def _together(figures: Figures) -> list[str]:
    lacking = []
    if not figures.served:
        lacking.append("something published in clean or gold")
    if figures.owners < 2:
        lacking.append(f"data of 2 owners ({figures.owners} now)")
    return lacking


def _used(figures: Figures, *, findable: int, shared: int) -> list[str]:
    lacking = []
    if figures.findable * 100 < findable * figures.served:
        lacking.append(
            f"descriptions, an owner and a steward for {findable} % of clean and gold "
            f"({figures.findable:,} of {figures.served:,} now)"
        )
    if figures.shared * 100 < shared * figures.served:
        lacking.append(
            f"readers from other Dags for {shared} % of clean and gold "
            f"({figures.shared:,} of {figures.served:,} now)"
        )
    return lacking
