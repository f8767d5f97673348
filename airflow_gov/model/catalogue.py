"""What the catalogue shows: datasets at a glance, found by words and filters, counted by facets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from airflow_gov.model.words import words_of
from airflow_gov.model.zones import DatasetName, Zone

#: Where datasets are that only lineage knows: a zone of the catalogue, not of the lake.
OUTSIDE = "outside"

#: After how many days without a read a dataset is unused, where nobody says otherwise.
UNUSED_DAYS = 90

#: Words of a text that are looked for.
_MOST_WORDS = 20


class Standing(StrEnum):
    """What became of a dataset's newest verdict.

    All but ``failed`` let a snapshot through: ``warned`` because the gate only warns, ``waived`` because a
    steward allowed it before or confirmed it afterwards, ``review`` while that is to be confirmed.
    """

    PASSED = "passed"
    WARNED = "warned"
    WAIVED = "waived"
    REVIEW = "review"
    FAILED = "failed"
    UNCHECKED = "unchecked"


class Gap(StrEnum):
    """What a dataset lacks.

    ``undocumented``: it, or a column of it, has no description. ``unowned``: it has no owner or no steward.
    ``unused``: for some time no execution has read it. ``unread``: none ever has. What has no version yet
    cannot be read, and lacks neither.
    """

    UNDOCUMENTED = "undocumented"
    UNOWNED = "unowned"
    UNUSED = "unused"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Entry:
    """A governed dataset in the catalogue.

    :param dataset: the dataset.
    :param description: what it is.
    :param owner: by the contract in use.
    :param stewards: by the contract in use.
    :param tags: its own and its columns'.
    :param personal: whether a column of it is classified.
    :param columns: how many columns its contract names.
    :param versions: how many versions were published.
    :param version: the current one; None before the first, as all that follows of it.
    :param rows: rows of the current version.
    :param size: bytes of its files.
    :param files: number of its files.
    :param published_at: when it was published.
    :param quarantined: rows set aside by the loads of the newest version that published loads.
    :param fresh_at: when the newest rows that stand were published.
    :param due_at: until when newer ones are promised.
    :param standing: what became of the newest verdict.
    :param verdict_id: the newest verdict.
    :param checked_at: when it was given.
    :param undocumented: whether it or a column of it has no description.
    :param unowned: whether it has no owner or no steward.
    :param first_published_at: when its first version was published.
    """

    dataset: DatasetName
    description: str
    owner: str | None
    stewards: tuple[str, ...]
    tags: tuple[str, ...]
    personal: bool
    columns: int
    versions: int
    version: int | None
    rows: int | None
    size: int | None
    files: int | None
    published_at: datetime | None
    quarantined: int
    fresh_at: datetime | None
    due_at: datetime | None
    standing: Standing
    verdict_id: str | None
    checked_at: datetime | None
    undocumented: bool
    unowned: bool
    first_published_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutsideDataset:
    """A dataset that only lineage knows.

    :param dataset_id: its number in the graph.
    :param namespace: as OpenLineage names it.
    :param name: as OpenLineage names it.
    :param last_seen: when an event last named it.
    :param dropped_at: when an event said it was dropped.
    """

    dataset_id: int
    namespace: str
    name: str
    last_seen: datetime
    dropped_at: datetime | None = None

    @property
    def node(self) -> str:
        """Its id in addresses and in the graph."""
        return f"d{self.dataset_id}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; nothing means all.

    :param text: words, each of which begins a word of the name, the description, the owner, the stewards, a
        tag, or a column's name or description. A name's parts are words: ``carrier_punctuality`` has two.
    :param zone: a zone, or :data:`OUTSIDE`.
    :param owner: an owner, exactly; empty: those without one.
    :param tag: a tag, exactly.
    :param standing: what became of the newest verdict.
    :param gaps: what it lacks: any of these; none: whatever it lacks or not.
    :param unused_since: what was not read since then is unused; None: nobody asks.
    """

    text: str = ""
    zone: str | None = None
    owner: str | None = None
    tag: str | None = None
    standing: Standing | None = None
    gaps: frozenset[Gap] = frozenset()
    unused_since: datetime | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words among datasets of the lake; none where the text has no letter and no digit."""
        return tuple(words_of([self.text])[:_MOST_WORDS])

    @property
    def pieces(self) -> tuple[str, ...]:
        """What stands between spaces, in lower case: looked for letter by letter in names from outside."""
        return tuple(dict.fromkeys(self.text.lower().split()))[:_MOST_WORDS]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """How many datasets a filter would leave, the others being as they are.

    :param value: the filter's value.
    :param count: datasets.
    """

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """One page.

    :param entries: governed datasets by zone and name; where words are looked for, those that have them in
        their name come first, then those that have them there or in their columns' names, then all others;
        among equals those that are read more, of late above all.
    :param outside: datasets that only lineage knows, after all others.
    :param total: datasets on all pages.
    :param facets: by ``zone``, ``owner``, ``tag``, ``verdict`` and ``gap``; of owners and tags the most
        frequent ones.
    :param next: what the next page begins after; None on the last one.
    :param empty: whether there is no dataset at all, whatever is looked for.
    """

    entries: tuple[Entry, ...]
    outside: tuple[OutsideDataset, ...]
    total: int
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    next: str | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class ZoneFigures:
    """One zone in numbers.

    :param zone: the zone.
    :param datasets: datasets known in it.
    :param versions: published versions of all of them.
    :param rows: rows in their current versions.
    :param passed: datasets whose newest verdict let them through, or whose steward or gate did.
    :param failed: datasets whose newest verdict failed.
    :param overdue: datasets whose promised age has passed.
    :param published_at: the newest publication.
    """

    zone: Zone
    datasets: int = 0
    versions: int = 0
    rows: int = 0
    passed: int = 0
    failed: int = 0
    overdue: int = 0
    published_at: datetime | None = None
