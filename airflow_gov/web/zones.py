"""What the page Governance → Zones shows, from the store's summaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from airflow_gov.model.summary import DatasetSummary


@dataclass(frozen=True, slots=True)
class ZoneTotals:
    """One zone in numbers.

    :param zone: the zone.
    :param meaning: one line for people.
    :param datasets: datasets known in it.
    :param versions: published versions of all its datasets.
    :param rows: rows in the current versions.
    :param passed: datasets whose last gate passed.
    :param failed: datasets whose last gate failed.
    :param published_at: the newest publication.
    """

    zone: Zone
    meaning: str
    datasets: int
    versions: int
    rows: int
    passed: int
    failed: int
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class ZonesView:
    """The whole page.

    :param zones: every zone, in the order in which data moves.
    :param datasets: the datasets of the selected zone, or all; by zone, then by name.
    :param selected: the zone the list is narrowed to.
    """

    zones: tuple[ZoneTotals, ...]
    datasets: tuple[DatasetSummary, ...]
    selected: Zone | None = None

    @property
    def empty(self) -> bool:
        """Whether the lake has no dataset at all."""
        return not any(zone.datasets for zone in self.zones)


def zones_view(summaries: Iterable[DatasetSummary], selected: Zone | None = None) -> ZonesView:
    """Count per zone and sort. Quarantines show as a number of their dataset, not as datasets.

    :param summaries: one per dataset.
    :param selected: narrows the list, not the totals.
    """
    order = list(Zone)
    known = sorted(
        (s for s in summaries if not s.dataset.is_quarantine),
        key=lambda s: (order.index(s.dataset.zone), s.dataset.name),
    )
    return ZonesView(
        zones=tuple(_totals(zone, [s for s in known if s.dataset.zone == zone]) for zone in order),
        datasets=tuple(s for s in known if selected in (None, s.dataset.zone)),
        selected=selected,
    )


def _totals(zone: Zone, summaries: Sequence[DatasetSummary]) -> ZoneTotals:
    return ZoneTotals(
        zone=zone,
        meaning=zone.meaning,
        datasets=len(summaries),
        versions=sum(s.versions for s in summaries),
        rows=sum(s.rows or 0 for s in summaries),
        passed=sum(s.passed is True for s in summaries),
        failed=sum(s.passed is False for s in summaries),
        published_at=max((s.published_at for s in summaries if s.published_at), default=None),
    )
