"""Which names are names of one dataset, and since when a name is another's.

All names that events give a dataset (its own, its symlinks) lead to one row. When two rows turn out to be of
one dataset they become one; but two datasets of our lake stay two, whatever a symlink claims. A name that a
dataset had until it was renamed stays with it: events of that time or before, whenever they arrive, are the
dataset's, and later ones under that name are of a new dataset.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from airflow_gov.model.lineage import DatasetFacts, Named
from airflow_gov.store.lineage.known import change_identities
from airflow_gov.store.lineage.merging import jobs_of, merge, part
from airflow_gov.store.lineage.names import FORMER, OWN, SYMLINK, DatasetNames
from airflow_gov.store.lineage_tables import NAME_HOLDS, dataset

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.store.lineage.known import Draft, Mention

#: A name that was given up holds a moment longer, for the event that says so may still use it.
_MOMENT = timedelta(microseconds=1)


def mention(facts: DatasetFacts) -> Mention:
    """A dataset as an event names it."""
    return facts.named, facts.aliases, facts.governed


class Identities:
    """Finds the datasets that events name, and makes those that are missing.

    :param alone: whether nobody else writes.
    """

    def __init__(self, connection: Connection, known: Draft, *, alone: bool) -> None:
        self._connection = connection
        self._known = known
        self._names = DatasetNames(connection, alone=alone)
        #: Jobs whose edges have to be made anew.
        self.moved_jobs: set[int] = set()

    def resolve(self, told: Iterable[tuple[datetime, DatasetFacts]]) -> None:
        """Make all that is told findable by :meth:`find`.

        :param told: what events say of datasets, with the time of the event, in the order of time.
        :raises NotAloneError: names have to be written.
        """
        facts = [
            (at, each) for at, each in told if each.formerly or mention(each) not in self._known.mentions
        ]
        self._names.load({name for _, each in facts for name in (each.named, *each.aliases)})
        self._names.make(
            {
                each.named: at
                for at, each in reversed(facts)
                if not (each.aliases or each.formerly or each.governed or self._names.entries[each.named])
            }
        )
        for at, each in facts:
            self._unite(at, each)
        for at, each in facts:
            # A name that meant something else before is looked up each time.
            if not each.formerly and all(map(self._names.always, (each.named, *each.aliases))):
                self._known.mentions[mention(each)] = self.find(each.named, at)

    def find(self, named: Named, at: datetime) -> int:
        """The dataset that a name meant at a time.

        :raises NotAloneError: it has to be made first.
        """
        recalled = self._known.names.get(named)
        if recalled is not None:
            return recalled
        self._names.load({named})
        if self._names.at(named, at) is None:
            self._unite(at, DatasetFacts(named))
        if self._names.always(named):
            self._known.names[named] = self._names.entries[named][0][2]
        return self._names.sure(named, at)

    def find_all(self, names: Collection[Named], at: datetime) -> dict[Named, int]:
        """As :meth:`find`, for many."""
        self._names.load({name for name in names if name not in self._known.names})
        return {name: self.find(name, at) for name in names}

    # --- uniting ------------------------------------------------------------------------------------

    def _unite(self, at: datetime, facts: DatasetFacts) -> None:
        """See to it that all names of what is told lead to one dataset."""
        aliases = self._believed(facts, at)
        names = (facts.named, *aliases)
        home = next((found for name in names if (found := self._names.at(name, at)) is not None), None)
        if home is None:
            home = self._make(facts, at)
        if facts.governed in (None, self._names.governed[home]) or self._names.governed[home] is None:
            for alias in aliases:
                home = self._join(alias, SYMLINK, home, at)
        home = self._join(facts.named, OWN, home, at)
        self._claim(facts.governed, home)
        if facts.formerly is not None and facts.formerly != facts.named:
            self._rename(facts, home, at + _MOMENT)

    def _believed(self, facts: DatasetFacts, at: datetime) -> tuple[Named, ...]:
        """The aliases that count: a dataset of our lake gets names by our own word only."""
        if facts.governed is not None or not facts.aliases:
            return facts.aliases
        if self._is_ours(facts.named, at):
            return ()
        return tuple(alias for alias in facts.aliases if not self._is_ours(alias, at))

    def _is_ours(self, named: Named, at: datetime) -> bool:
        found = self._names.at(named, at)
        return found is not None and self._names.governed[found] is not None

    def _make(self, facts: DatasetFacts, at: datetime) -> int:
        self._names.need_to_be_alone()
        named, governed = facts.named, facts.governed
        row: dict[str, Any] = {
            "namespace": named.namespace,
            "name": named.name,
            "governed": governed,
            "zone": _zone(governed),
            "facets": {},
            "stamps": {},
            "first_seen": at,
            "last_seen": at,
        }
        made: int = self._connection.execute(
            insert(dataset).values(row).returning(dataset.c.dataset_id)
        ).scalar_one()
        self._names.governed[made] = governed
        self._names.insert(named, OWN, made)
        return made

    def _join(self, named: Named, kind: str, home: int, at: datetime) -> int:
        """Let a name lead to a dataset; gives the dataset that has both then."""
        entry = next((each for each in self._names.entries[named] if at < each[0]), None)
        if entry is None:
            self._names.put(named, kind, home)
        elif entry[2] != home:
            if not self._are_apart(home, entry[2]):
                home = self._merge(home, entry[2])
        elif kind == OWN and entry[1] == SYMLINK:
            self._names.put(named, OWN, home)
        return home

    def _are_apart(self, one: int, other: int) -> bool:
        governed = {self._names.governed[one], self._names.governed[other]} - {None}
        return len(governed) > 1

    def _claim(self, governed: str | None, home: int) -> None:
        if governed is None or self._names.governed[home] is not None:
            return
        self._names.need_to_be_alone()
        self._names.governed[home] = governed
        values = {"governed": governed, "zone": _zone(governed)}
        self._connection.execute(update(dataset).where(dataset.c.dataset_id == home).values(values))

    def _merge(self, one: int, other: int) -> int:
        self._names.need_to_be_alone()
        kept, gone = sorted((one, other))
        self.moved_jobs |= jobs_of(self._connection, (one, other))
        merge(self._connection, kept, gone)
        self._names.moved(gone, kept)
        self._names.entitle(kept)
        self._changed()
        return kept

    def _changed(self) -> None:
        """What is remembered anywhere no longer holds."""
        change_identities(self._connection)
        self._known.lose()

    # --- renaming -----------------------------------------------------------------------------------

    def _rename(self, facts: DatasetFacts, home: int, until: datetime) -> None:
        """Give a dataset the name it had before `until`, and with it all that was told under it by then."""
        former = facts.formerly
        if former is None:
            return
        self._names.load({former})
        entry = next((each for each in self._names.entries[former] if until - _MOMENT < each[0]), None)
        if entry is not None and (entry[:2] == (until, FORMER) or not self._may_pass(facts, home, entry[2])):
            return
        self._names.need_to_be_alone()
        later = None
        if entry is not None and entry[1] != FORMER and entry[2] != home:
            if self._is_newer(entry[2], until):
                entry = None
            else:
                self.moved_jobs |= jobs_of(self._connection, (entry[2],))
                later = part(self._connection, entry[2], until)
                home = self._merge(home, entry[2])
        if entry is not None and entry[1] != FORMER:
            self._names.drop(former, NAME_HOLDS)
        self._names.put(former, FORMER, home, until)
        self._names.entitle(home)
        if later is not None:
            self._names.governed[later] = None
            self._names.put(former, OWN, later)
        self.moved_jobs |= jobs_of(self._connection, (home,))
        self._changed()

    def _is_newer(self, dataset_id: int, moment: datetime) -> bool:
        """Whether a dataset was not heard of before."""
        query = select(dataset.c.first_seen >= moment).where(dataset.c.dataset_id == dataset_id)
        return bool(self._connection.execute(query).scalar_one())

    def _may_pass(self, facts: DatasetFacts, home: int, before: int) -> bool:
        """Whether a dataset may become another by its renaming: those of our lake by our own word only."""
        if before == home:
            return True
        ours = (self._names.governed[home], self._names.governed[before]) != (None, None)
        if ours and facts.governed is None:
            return False
        return not self._are_apart(home, before)


def _zone(governed: str | None) -> str | None:
    return None if governed is None else governed.partition(".")[0]
