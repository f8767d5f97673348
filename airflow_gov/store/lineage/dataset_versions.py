"""The versions of datasets that runs wrote and read, and the columns that they had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, or_, select

from airflow_gov.model.graph import DatasetVersion
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import dataset_version, run, touch

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping

    from airflow_gov.store.database import Database

#: Names and types of columns, in order.
Schema = tuple[tuple[str, str], ...]


class DatasetVersions:
    """Versions. Everywhere `dags` are the Dags whose jobs exist for the caller; None: all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self,
        dataset_id: int,
        *,
        dags: frozenset[str] | None,
        limit: int = 50,
        version: str | None = None,
        as_of: datetime | None = None,
    ) -> builtins.list[DatasetVersion]:
        """The versions of a dataset that a run of the caller's wrote or read, newest first.

        :param version: only this one.
        :param as_of: none that was first seen later.
        """
        with self._database.read() as connection:
            view = View(connection, dags)
            query = select(dataset_version).where(dataset_version.c.dataset_id == dataset_id)
            if dags is not None:
                query = query.where(_version_seen(view))
            if version is not None:
                query = query.where(dataset_version.c.version == version)
            if as_of is not None:
                query = query.where(dataset_version.c.first_seen <= as_of)
            query = query.order_by(dataset_version.c.first_seen.desc(), dataset_version.c.version.desc())
            rows = connection.execute(query.limit(limit)).mappings().all()
            named = select(run.c.run_id).where(
                view.among(run.c.run_id, {row["run_id"] or "" for row in rows})
            )
            seen = set(connection.execute(named.where(*view.runs)).scalars())
        return [_version(row, seen) for row in rows]

    def schemas_at(
        self, dataset_ids: Iterable[int], as_of: datetime, *, dags: frozenset[str] | None
    ) -> Mapping[int, Schema]:
        """By dataset the columns it had at a moment, where a version told them."""
        newest = dataset_version.alias("newest")
        last = (
            select(func.max(newest.c.first_seen))
            .where(
                newest.c.dataset_id == dataset_version.c.dataset_id,
                newest.c.first_seen <= as_of,
                newest.c.columns.is_not(None),
            )
            .correlate(dataset_version)
            .scalar_subquery()
        )
        return {
            row[0]: schema
            for row, schema in self._schemas(
                dags,
                lambda view: [
                    view.among(dataset_version.c.dataset_id, dataset_ids),
                    dataset_version.c.first_seen == last,
                ],
            )
        }

    def schemas(
        self, versions: Iterable[tuple[int, str]], *, dags: frozenset[str] | None
    ) -> Mapping[tuple[int, str], Schema]:
        """By dataset and version its columns, where they were told with it."""
        wanted = set(versions)
        found = self._schemas(
            dags,
            lambda view: [
                view.among(dataset_version.c.dataset_id, {number for number, _ in wanted}),
                view.among(dataset_version.c.version, {version for _, version in wanted}),
            ],
        )
        return {(row[0], row[1]): schema for row, schema in found}

    def _schemas(
        self, dags: frozenset[str] | None, conditions_of: Any
    ) -> builtins.list[tuple[tuple[int, str], Schema]]:
        with self._database.read() as connection:
            view = View(connection, dags)
            query: Select[Any] = select(
                dataset_version.c.dataset_id, dataset_version.c.version, dataset_version.c.columns
            ).where(dataset_version.c.columns.is_not(None), *conditions_of(view))
            if dags is not None:
                query = query.where(_version_seen(view))
            rows = connection.execute(query.order_by(dataset_version.c.version))
            return [((row[0], row[1]), _columns(row[2])) for row in rows]


def _version_seen(view: View) -> Any:
    """Whether a run that is seen wrote or read the version, or none at all is known to have."""
    touched = (
        touch.c.dataset_id == dataset_version.c.dataset_id,
        touch.c.version == dataset_version.c.version,
    )
    any_touch = select(touch.c.run_id).where(*touched).exists()
    seen = select(touch.c.run_id).where(*touched, *view.through(touch)).exists()
    return or_(seen, ~any_touch & dataset_version.c.run_id.is_(None))


def _version(row: RowMapping, seen: set[str]) -> DatasetVersion:
    return DatasetVersion(
        dataset_id=row["dataset_id"],
        version=row["version"],
        first_seen=row["first_seen"],
        run_id=row["run_id"] if row["run_id"] in seen else None,
        rows=row["rows"],
        size=row["size"],
        files=row["files"],
        columns=None if row["columns"] is None else _columns(row["columns"]),
    )


def _columns(plain: list[list[Any]]) -> Schema:
    return tuple((name, kind or "") for name, kind in plain)
