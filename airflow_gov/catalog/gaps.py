"""What datasets of the catalogue lack, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.model.catalogue import Entry, Gap, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store import Store

#: Datasets read at a time.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Lacking:
    """A dataset with what it lacks.

    :param dataset: the dataset.
    :param gaps: what is lacking.
    :param described: whether the dataset itself has a description.
    :param undescribed: its columns that have none.
    :param owner: by the contract in use.
    :param stewards: by the contract in use.
    :param last_read_at: when the caller's Dags read it last; None: never.
    """

    dataset: DatasetName
    gaps: tuple[Gap, ...]
    described: bool
    undescribed: tuple[str, ...]
    owner: str | None
    stewards: tuple[str, ...]
    last_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Gaps:
    """The datasets that lack something.

    :param datasets: by zone and name, as many as were asked for.
    :param total: how many there are.
    :param by_gap: how many lack each thing, whichever was asked for.
    :param next: what the next page begins after; None on the last one.
    """

    datasets: tuple[Lacking, ...]
    total: int
    by_gap: Mapping[str, int]
    next: str | None = None


def find_gaps(
    store: Store,
    wanted: Wanted,
    *,
    dags: frozenset[str] | None,
    after: str | None = None,
    limit: int = 1000,
) -> Gaps:
    """The datasets that lack something.

    :param wanted: which datasets; its gaps: any of these; none: any there is.
    :param dags: the Dags that exist for the caller; None: all. What only others read counts as unread.
    :param after: what the page before said comes next.
    :param limit: how many are listed.
    :raises GovernanceError: ``PARAMETER_INVALID`` when `after` is from no page.
    """
    asked = replace(wanted, gaps=wanted.gaps or frozenset(Gap))
    found: list[Lacking] = []
    while True:
        page = store.catalogue.page(asked, dags=dags, after=after, limit=min(_PAGE, limit - len(found)))
        found += _lacking(store, page.entries, dags, wanted.unused_since)
        after = page.next
        if after is None or len(found) >= limit:
            by_gap = {each.value: each.count for each in page.facets["gap"]}
            return Gaps(tuple(found), page.total, by_gap, after)


def gaps_of(entry: Entry, last_read_at: datetime | None, unused_since: datetime | None) -> tuple[Gap, ...]:
    """What one dataset lacks.

    :param last_read_at: when it was read last; None: never.
    :param unused_since: what was not read since then is unused; None: nobody asks.
    """
    readable = entry.version is not None and unused_since is not None
    used_at = last_read_at or entry.first_published_at
    lacks = {
        Gap.UNDOCUMENTED: entry.undocumented,
        Gap.UNOWNED: entry.unowned,
        Gap.UNUSED: readable and used_at is not None and unused_since is not None and used_at < unused_since,
        Gap.UNREAD: readable and last_read_at is None,
    }
    return tuple(gap for gap in Gap if lacks[gap])


def _lacking(
    store: Store, entries: Iterable[Entry], dags: frozenset[str] | None, unused_since: datetime | None
) -> list[Lacking]:
    entries = list(entries)
    names = [entry.dataset for entry in entries]
    undescribed = store.catalogue.undescribed(names)
    reads = store.catalogue.last_reads(names, dags=dags)
    return [
        Lacking(
            dataset=entry.dataset,
            gaps=gaps_of(entry, reads.get(entry.dataset), unused_since),
            described=bool(entry.description.strip()),
            undescribed=undescribed.get(entry.dataset, ()),
            owner=entry.owner,
            stewards=entry.stewards,
            last_read_at=reads.get(entry.dataset),
        )
        for entry in entries
    ]
