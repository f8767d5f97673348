"""The published versions of datasets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, or_, select

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Version, VersionKind
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.catalogue_rows import catalogued
from airflow_gov.store.statements import insert_new
from airflow_gov.store.summaries import summaries
from airflow_gov.store.tables import version as table
from airflow_gov.store.tables import version_load

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping

    from airflow_gov.model.summary import DatasetSummary
    from airflow_gov.store.database import Database

#: Which version is current is not kept but seen: it is the one with the highest number.
_newest = table.alias("newest")
_highest = (
    select(func.max(_newest.c.version)).where(_newest.c.dataset == table.c.dataset).correlate(table)
).scalar_subquery()
_versions = select(table, (table.c.version == _highest).label("current"))


class Versions:
    """What main of every dataset was, and is now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, version: Version) -> Version:
        """Record what became main. It is current unless a higher number is known already.

        Said again, nothing changes: a snapshot that was published or maintained before keeps its number.
        A rollback is a version of its own, with a new number and an old snapshot.

        :returns: the version as recorded.
        :raises GovernanceError: ``STORE_REFUSED`` when the number stands for another snapshot.
        """
        with self._database.transaction() as connection:
            if version.kind is not VersionKind.ROLLBACK:
                known = self.by_snapshot(version.dataset, version.snapshot_id)
                if known is not None:
                    return known
            made = insert_new(connection, table, _row(version))
            if made and version.load_ids:
                connection.execute(version_load.insert(), _load_rows(version))
            if made:
                catalogued(self._database, version.dataset)
            recorded = self.get(version.dataset, version.version)
        if recorded is None or recorded.snapshot_id != version.snapshot_id:
            raise _another_snapshot(version, recorded)
        return recorded

    def current(self, dataset: DatasetName) -> Version | None:
        """The version main is at, as far as the store knows; None when nothing was published."""
        found = self.list(dataset, limit=1)
        return found[0] if found else None

    def get(self, dataset: DatasetName, number: int) -> Version | None:
        """The version of that number."""
        return self._first(_of(dataset).where(table.c.version == number))

    def by_snapshot(self, dataset: DatasetName, snapshot_id: int) -> Version | None:
        """The newest version with that snapshot."""
        return self._first(_of(dataset).where(table.c.snapshot_id == snapshot_id))

    def for_load(self, dataset: DatasetName, load_id: str) -> Version | None:
        """The newest version that published this load."""
        number = (
            select(func.max(version_load.c.version))
            .where(version_load.c.dataset == str(dataset), version_load.c.load_id == load_id)
            .scalar_subquery()
        )
        return self._first(_of(dataset).where(table.c.version == number))

    def brought(self, dataset: DatasetName, snapshot_id: int) -> Version | None:
        """The version that brought a snapshot: a rollback brings nothing."""
        which = (table.c.snapshot_id == snapshot_id, table.c.kind != VersionKind.ROLLBACK)
        return self._first(_of(dataset).where(*which))

    def taken_back(self, dataset: DatasetName, number: int) -> tuple[int, int] | None:
        """The newest rollback that left a version behind; None while its rows are there.

        :param number: the version's.
        :returns: the rollback's number, and that of the version it went back to; 0 for before the first.
        """
        same = table.alias("same")
        first = func.min(same.c.version)
        # A join: asked for a minimum, SQLite would walk through all versions for each rollback.
        query = (
            select(table.c.version, first)
            .join(same, and_(same.c.dataset == table.c.dataset, same.c.snapshot_id == table.c.snapshot_id))
            .where(
                table.c.dataset == str(dataset),
                table.c.version > number,
                table.c.kind == VersionKind.ROLLBACK,
            )
            .group_by(table.c.version)
            # Nobody else has the snapshot of a rollback to before the first version.
            .having(or_(first < number, first == table.c.version))
            .order_by(table.c.version.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return row[0], row[1] if row[1] < row[0] else 0

    def list(
        self, dataset: DatasetName, limit: int = 50, *, before: int | None = None
    ) -> builtins.list[Version]:
        """The versions of a dataset, newest first.

        :param limit: how many at most.
        :param before: only those with a lower number.
        """
        query = _of(dataset).order_by(table.c.version.desc()).limit(limit)
        if before is not None:
            query = query.where(table.c.version < before)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            numbers = [row["version"] for row in rows]
            loads = _loads(connection, dataset, min(numbers), max(numbers)) if numbers else {}
        return [_read(row, loads.get(row["version"], ())) for row in rows]

    def summaries(self) -> builtins.list[DatasetSummary]:
        """Every dataset the store has heard of, by zone and name, in one query."""
        with self._database.read() as connection:
            return summaries(connection)

    def _first(self, query: Select[Any]) -> Version | None:
        with self._database.read() as connection:
            row = connection.execute(query.order_by(table.c.version.desc()).limit(1)).mappings().first()
            if row is None:
                return None
            dataset, number = DatasetName.parse(row["dataset"]), row["version"]
            return _read(row, _loads(connection, dataset, number, number).get(number, ()))


def _of(dataset: DatasetName) -> Select[Any]:
    return _versions.where(table.c.dataset == str(dataset))


def _loads(
    connection: Connection, dataset: DatasetName, first: int, last: int
) -> Mapping[int, tuple[str, ...]]:
    query = (
        select(version_load.c.version, version_load.c.load_id)
        .where(version_load.c.dataset == str(dataset), version_load.c.version.between(first, last))
        .order_by(version_load.c.version, version_load.c.position)
    )
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for number, load_id in connection.execute(query):
        found[number] += (load_id,)
    return found


def _row(version: Version) -> dict[str, Any]:
    row = {column.name: getattr(version, column.name) for column in table.columns}
    return row | {"dataset": str(version.dataset)}


def _load_rows(version: Version) -> list[dict[str, Any]]:
    key = {"dataset": str(version.dataset), "version": version.version}
    return [key | {"position": n, "load_id": load_id} for n, load_id in enumerate(version.load_ids)]


def _read(row: RowMapping, load_ids: tuple[str, ...]) -> Version:
    values = dict(row) | {
        "dataset": DatasetName.parse(row["dataset"]),
        "kind": VersionKind(row["kind"]),
        "load_ids": load_ids,
    }
    return Version(**values)


def _another_snapshot(version: Version, recorded: Version | None) -> GovernanceError:
    known = recorded.snapshot_id if recorded is not None else None
    return GovernanceError(
        Reason.STORE_REFUSED,
        f"Version {version.version} of {version.dataset} is snapshot {known} in the governance store and "
        f"snapshot {version.snapshot_id} in the lake: the table was made anew, or store and lake belong to "
        "different installations. Point both at the same installation, or begin with an empty store.",
        dataset=str(version.dataset),
        version=version.version,
        snapshot_id=version.snapshot_id,
        recorded_snapshot_id=known,
    )
