"""The catalogue of datasets: searched, filtered, counted and read in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, RowMapping, Select, case, func, select

from airflow_gov.model.catalogue import CataloguePage, Entry, OutsideDataset, Standing, Wanted, ZoneFigures
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import catalogue_search
from airflow_gov.store.catalogue_facets import Facets
from airflow_gov.store.catalogue_outside import Outside
from airflow_gov.store.catalogue_reads import last_reads
from airflow_gov.store.catalogue_search import Search, Start, after_outside
from airflow_gov.store.catalogue_tables import catalogue as table
from airflow_gov.store.catalogue_tables import catalogue_text
from airflow_gov.store.lineage.asking import among
from airflow_gov.store.lineage.viewing import View

if TYPE_CHECKING:
    import builtins
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from airflow_gov.store.database import Database

_NOT_SHOWN = ("contract_hash", "max_age", "snapshot_id", "text_id", "zone", "zone_order")
_COLUMNS = tuple(column for column in table.columns if column.name not in _NOT_SHOWN)


class Catalogue:
    """Every dataset that has a contract, a version or a verdict, and those that only lineage knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        wanted: Wanted,
        *,
        dags: frozenset[str] | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> CataloguePage:
        """One page, with what all pages together count.

        :param wanted: what is looked for.
        :param dags: the Dags whose jobs exist for the caller; None: all. What only other jobs read or write
            outside of the lake does not exist either.
        :param after: what the page before said comes next.
        :param limit: how many datasets at most.
        :raises GovernanceError: ``PARAMETER_INVALID`` when `after` is from no page.
        """
        with self._database.read() as connection:
            view = View(connection, dags)
            search, outside = Search(connection, wanted, dags), Outside(view, wanted)
            entries, beyond, following = _page(
                search, wanted, outside, catalogue_search.start(after, wanted), limit
            )
            facets = Facets(connection, search, wanted)
            total = facets.total + (outside.count if outside.included else 0)
            empty = not total and not _any(view)
        return CataloguePage(entries, beyond, total, facets.values(outside.count), following, empty)

    def get(self, dataset: DatasetName) -> Entry | None:
        """One dataset."""
        found = self._list(select(*_COLUMNS).where(table.c.dataset == str(dataset)))
        return found[0] if found else None

    def recent(self, limit: int) -> builtins.list[Entry]:
        """Datasets by their current version's publication, newest first."""
        published = select(*_COLUMNS).where(table.c.published_at.is_not(None))
        return self._list(published.order_by(table.c.published_at.desc(), table.c.dataset).limit(limit))

    def failed(self, limit: int) -> builtins.list[Entry]:
        """Datasets whose newest verdict failed, newest first."""
        failed = select(*_COLUMNS).where(table.c.standing == Standing.FAILED)
        return self._list(failed.order_by(table.c.checked_at.desc(), table.c.dataset).limit(limit))

    def overdue(self, now: datetime, limit: int) -> builtins.list[Entry]:
        """Datasets whose promised age has passed, the longest overdue first."""
        overdue = select(*_COLUMNS).where(table.c.due_at < now)
        return self._list(overdue.order_by(table.c.due_at, table.c.dataset).limit(limit))

    def zones(self, now: datetime) -> builtins.list[ZoneFigures]:
        """Every zone in numbers, in the order in which data moves."""
        query = select(
            table.c.zone,
            func.count().label("datasets"),
            func.sum(table.c.versions).label("versions"),
            func.sum(func.coalesce(table.c.rows, 0)).label("rows"),
            _number(table.c.standing.not_in([Standing.FAILED])).label("passed"),
            _number(table.c.standing == Standing.FAILED).label("failed"),
            _number(table.c.due_at < now).label("overdue"),
            func.max(table.c.published_at).label("published_at"),
        ).group_by(table.c.zone)
        with self._database.read() as connection:
            rows = {row["zone"]: row for row in connection.execute(query).mappings()}
        return [_figures(zone, rows.get(zone.value)) for zone in Zone]

    def undescribed(self, datasets: Collection[DatasetName]) -> Mapping[DatasetName, tuple[str, ...]]:
        """The columns that have no description in the contracts of these datasets."""
        with self._database.read() as connection:
            named = among(connection.dialect.name, catalogue_text.c.dataset, sorted(map(str, datasets)))
            columns = (catalogue_text.c.dataset, catalogue_text.c.undescribed)
            rows = connection.execute(select(*columns).where(named))
            return {DatasetName.parse(name): tuple(columns) for name, columns in rows if columns}

    def last_reads(
        self, datasets: Collection[DatasetName], *, dags: frozenset[str] | None
    ) -> Mapping[DatasetName, datetime]:
        """When these datasets were read last, those that were."""
        with self._database.read() as connection:
            dialect = connection.dialect.name
            read = last_reads(dialect, dags)
            named = among(dialect, read.c.dataset, sorted(map(str, datasets)))
            rows = connection.execute(select(read.c.dataset, read.c.last_read_at).where(named))
            return {DatasetName.parse(name): at for name, at in rows}

    def _list(self, query: Select[Any]) -> builtins.list[Entry]:
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]


def _page(
    search: Search, wanted: Wanted, outside: Outside, begin: Start, limit: int
) -> tuple[tuple[Entry, ...], tuple[OutsideDataset, ...], str | None]:
    rows = [] if begin.outside else search.rows(_COLUMNS, begin, limit + 1)
    entries = tuple(_entry(row) for row in rows[:limit])
    if len(rows) > limit:
        return entries, (), catalogue_search.after(rows[limit - 1], wanted)
    room = limit - len(entries)
    found = outside.rows(begin.outside, room + 1)
    if len(found) <= room:
        return entries, tuple(found), None
    return entries, tuple(found[:room]), after_outside(found[room - 1] if room else None)


def _any(view: View) -> bool:
    one = select(table.c.dataset).limit(1)
    return view.connection.execute(one).first() is not None or bool(Outside(view, Wanted()).count)


def _entry(row: RowMapping) -> Entry:
    values = {column.name: row[column.name] for column in _COLUMNS}
    return Entry(
        **values
        | {
            "dataset": DatasetName.parse(row["dataset"]),
            "stewards": tuple(row["stewards"]),
            "tags": tuple(row["tags"]),
            "standing": Standing(row["standing"] or Standing.UNCHECKED),
        }
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _figures(zone: Zone, row: RowMapping | None) -> ZoneFigures:
    if row is None:
        return ZoneFigures(zone)
    numbers = ("datasets", "versions", "rows", "passed", "failed", "overdue")
    return ZoneFigures(zone, **{name: int(row[name]) for name in numbers}, published_at=row["published_at"])
