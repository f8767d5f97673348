"""The names of datasets: what each means, and until when."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from airflow_gov.model.lineage import Named
from airflow_gov.store.lineage.asking import Listed
from airflow_gov.store.lineage.bulk import put
from airflow_gov.store.lineage_tables import NAME_HOLDS, dataset, dataset_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Select

OWN, SYMLINK, FORMER = "own", "symlink", "former"

#: Until when a name means a dataset, of which kind it is then, and which dataset.
Entry = tuple["datetime", str, int]

_NAMES = Listed(wanted_namespace=str, wanted_name=str)


class NotAloneError(Exception):
    """Names have to be written: begin again, with nobody beside."""


class DatasetNames:
    """Names as far as they were looked up, and the rows they lie in.

    :param alone: whether nobody else writes.
    """

    def __init__(self, connection: Connection, *, alone: bool) -> None:
        self._connection = connection
        self._alone = alone
        #: What each name means: what it means until the earliest moment comes first.
        self.entries: dict[Named, list[Entry]] = {}
        #: What the datasets they mean are called in our lake.
        self.governed: dict[int, str | None] = {}

    def load(self, names: Collection[Named]) -> None:
        """Look names up that were not."""
        missing = sorted(name for name in names if name not in self.entries)
        if not missing:
            return
        dialect = self._connection.dialect.name
        self.entries.update((name, []) for name in missing)
        for row in self._connection.execute(_meant(dialect), _NAMES.given(dialect, missing)):
            entry = (row.until, row.kind, row.dataset_id)
            self.entries.setdefault(Named(row.namespace, row.name), []).append(entry)
            self.governed[row.dataset_id] = row.governed

    def at(self, named: Named, at: datetime) -> int | None:
        """The dataset that a name meant at a time."""
        return next((found for until, _, found in self.entries[named] if at < until), None)

    def always(self, named: Named) -> bool:
        """Whether a name has only ever meant one dataset, and does so now."""
        entries = self.entries[named]
        return len(entries) == 1 and entries[0][0] == NAME_HOLDS

    def sure(self, named: Named, at: datetime) -> int:
        """The same, where it is known that there is one."""
        found = self.at(named, at)
        if found is None:
            raise LookupError(named)
        return found

    def need_to_be_alone(self) -> None:
        """Go on only with nobody beside.

        :raises NotAloneError: others may write now.
        """
        if not self._alone:
            raise NotAloneError

    def put(self, named: Named, kind: str, home: int, until: datetime = NAME_HOLDS) -> None:
        """Let a name mean a dataset until a moment."""
        self.need_to_be_alone()
        self.drop(named, until)
        self.insert(named, kind, home, until)
        if kind == OWN:
            self.entitle(home)

    def insert(self, named: Named, kind: str, home: int, until: datetime = NAME_HOLDS) -> None:
        """The same for a name that means nothing until then, of a dataset that is called right."""
        row = {"namespace": named.namespace, "name": named.name, "until": until}
        row |= {"kind": kind, "dataset_id": home}
        self._connection.execute(insert(dataset_name), row)
        self.entries[named] = sorted([*self.entries[named], (until, kind, home)])

    def make(self, told: Mapping[Named, datetime]) -> None:
        """Make datasets of names that mean nothing yet.

        :param told: when each was heard of first.
        """
        if not told:
            return
        self.need_to_be_alone()
        names = sorted(told)
        plain: dict[str, Any] = {"governed": None, "zone": None, "facets": {}, "stamps": {}}
        put(
            self._connection,
            dataset,
            [
                {**name._asdict(), **plain, "first_seen": told[name], "last_seen": told[name]}
                for name in names
            ],
        )
        dialect = self._connection.dialect.name
        found = self._connection.execute(_called(dialect), _NAMES.given(dialect, names)).all()
        kept = [{"namespace": row.namespace, "name": row.name, "until": NAME_HOLDS} for row in found]
        rows = [
            {**each, "kind": OWN, "dataset_id": row.dataset_id} for each, row in zip(kept, found, strict=True)
        ]
        put(self._connection, dataset_name, rows)
        for row in found:
            self.entries[Named(row.namespace, row.name)] = [(NAME_HOLDS, OWN, row.dataset_id)]
            self.governed[row.dataset_id] = None

    def drop(self, named: Named, until: datetime) -> None:
        """Let a name mean nothing until a moment."""
        if any(each[0] == until for each in self.entries[named]):
            self._connection.execute(delete(dataset_name).where(_is(named), dataset_name.c.until == until))
            self.entries[named] = [each for each in self.entries[named] if each[0] != until]

    def moved(self, gone: int, kept: int) -> None:
        """A dataset was merged into another."""
        self.governed[kept] = self.governed[kept] or self.governed.pop(gone)
        self.entries = {
            name: [(until, kind, kept if found == gone else found) for until, kind, found in entries]
            for name, entries in self.entries.items()
        }

    def entitle(self, home: int) -> None:
        """Call a dataset by the first of its own names, in the order of the alphabet."""
        names = select(dataset_name.c.namespace, dataset_name.c.name, dataset_name.c.kind)
        names = names.where(dataset_name.c.dataset_id == home)
        rank = (FORMER, SYMLINK, OWN)
        found = [(-rank.index(kind), space, name) for space, name, kind in self._connection.execute(names)]
        _, namespace, name = min(found)
        change = update(dataset).where(dataset.c.dataset_id == home)
        self._connection.execute(change.values(namespace=namespace, name=name))


@cache
def _meant(dialect: str) -> Select[Any]:
    wanted = _NAMES.table(dialect)
    same = (dataset_name.c.namespace == wanted.c.wanted_namespace) & (
        dataset_name.c.name == wanted.c.wanted_name
    )
    return (
        select(dataset_name, dataset.c.governed)
        .select_from(wanted)
        .join(dataset_name, same)
        .join(dataset, dataset.c.dataset_id == dataset_name.c.dataset_id)
        .order_by(dataset_name.c.until)
    )


@cache
def _called(dialect: str) -> Select[Any]:
    wanted = _NAMES.table(dialect)
    same = (dataset.c.namespace == wanted.c.wanted_namespace) & (dataset.c.name == wanted.c.wanted_name)
    query = select(dataset.c.dataset_id, dataset.c.namespace, dataset.c.name)
    return query.select_from(wanted).join(dataset, same)


def _is(named: Named) -> Any:
    return (dataset_name.c.namespace == named.namespace) & (dataset_name.c.name == named.name)
