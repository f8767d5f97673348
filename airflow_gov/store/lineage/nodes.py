"""Datasets and jobs by their ids, and the arrows between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from airflow_gov.model.graph import TELLING_OF_OTHERS, Dataset, Degree, Detail, Job, Link
from airflow_gov.model.lineage import ALL_ROWS, Named, TagFacts
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import dataset, dataset_name, job, job_dataset, tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping, Select

    from airflow_gov.store.database import Database

_JOB = (
    job.c.job_id,
    job.c.namespace,
    job.c.name,
    job.c.dag_id,
    job.c.task_id,
    job.c.integration,
    job.c.description,
    job.c.last_run_id,
    job.c.last_seen,
)


class Nodes:
    """Datasets and jobs. Everywhere `dags` are the Dags whose jobs exist for the caller; None: all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def datasets(self, ids: Iterable[int], *, dags: frozenset[str] | None) -> list[Dataset]:
        """The datasets of these ids that exist for the caller, by id."""
        with self._database.read() as connection:
            view = View(connection, dags)
            query = _dataset(view).where(view.among(dataset.c.dataset_id, ids), *view.datasets)
            rows = connection.execute(query.order_by(dataset.c.dataset_id)).mappings()
            return [Dataset(**row) for row in rows]

    def governed(self, names: Iterable[str], *, dags: frozenset[str] | None) -> list[Dataset]:
        """The datasets of our lake with these names."""
        with self._database.read() as connection:
            view = View(connection, dags)
            query = _dataset(view).where(view.among(dataset.c.governed, names), *view.datasets)
            return [
                Dataset(**row) for row in connection.execute(query.order_by(dataset.c.governed)).mappings()
            ]

    def all_governed(self, *, dags: frozenset[str] | None) -> list[Dataset]:
        """Every dataset of our lake, by name."""
        with self._database.read() as connection:
            view = View(connection, dags)
            query = _dataset(view).where(dataset.c.governed.is_not(None), *view.datasets)
            return [
                Dataset(**row) for row in connection.execute(query.order_by(dataset.c.governed)).mappings()
            ]

    def jobs(self, ids: Iterable[int], *, dags: frozenset[str] | None) -> list[Job]:
        """The jobs of these ids that exist for the caller, by id."""
        return self._jobs(dags, lambda view: select(*_JOB).where(view.among(job.c.job_id, ids)))

    def jobs_of(self, dag_id: str, task_id: str | None = None, *, dags: frozenset[str] | None) -> list[Job]:
        """The jobs of a Dag, or of one task of it."""
        which = [job.c.dag_id == dag_id]
        if task_id is not None:
            which.append(job.c.task_id == task_id)
        return self._jobs(dags, lambda _: select(*_JOB).where(*which))

    def links_of(
        self,
        *,
        jobs: Collection[int] | None = None,
        datasets: Collection[int] | None = None,
        dags: frozenset[str] | None,
        as_of: datetime | None = None,
    ) -> list[Link]:
        """The arrows of these jobs, of these datasets, or between both.

        :param as_of: those that held then.
        """
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            query = select(
                job_dataset.c.job_id, job_dataset.c.dataset_id, job_dataset.c.output, job_dataset.c.until
            ).where(*view.holding(job_dataset), *view.through(job_dataset))
            if jobs is not None:
                query = query.where(view.among(job_dataset.c.job_id, jobs))
            if datasets is not None:
                query = query.where(view.among(job_dataset.c.dataset_id, datasets))
            rows = connection.execute(
                query.order_by(job_dataset.c.job_id, job_dataset.c.dataset_id, job_dataset.c.output)
            )
            return [Link(*row) for row in rows]

    def dataset_degrees(
        self, ids: Iterable[int], *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> Mapping[int, Degree]:
        """By dataset how many jobs write it (up) and read it (down)."""
        return self._degrees("dataset_id", ids, dags, as_of)

    def job_degrees(
        self, ids: Iterable[int], *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> Mapping[int, Degree]:
        """By job how many datasets it reads (up) and writes (down)."""
        found = self._degrees("job_id", ids, dags, as_of)
        return {number: Degree(degree.down, degree.up) for number, degree in found.items()}

    def dataset_detail(self, dataset_id: int, *, dags: frozenset[str] | None) -> Detail:
        """The facets of a dataset that the caller may see."""
        with self._database.read() as connection:
            view = View(connection, dags)
            query = select(dataset.c.facets).where(dataset.c.dataset_id == dataset_id, *view.datasets)
            facets = _harmless(connection.execute(query).scalar_one_or_none() or {}, dags)
        documentation = facets.get("documentation")
        told = documentation.get("description") if isinstance(documentation, dict) else None
        return Detail(facets, told if isinstance(told, str) else None)

    def job_detail(self, job_id: int, *, dags: frozenset[str] | None) -> Detail:
        """The facets of a job that the caller may see."""
        with self._database.read() as connection:
            view = View(connection, dags)
            query = select(job.c.facets, job.c.description).where(job.c.job_id == job_id, *view.jobs)
            row = connection.execute(query).one_or_none()
        return Detail() if row is None else Detail(_harmless(row.facets, dags), row.description)

    def names(self, dataset_id: int) -> list[tuple[Named, str]]:
        """Every name of a dataset that the caller may see, with its kind: own, symlink, former."""
        query = (
            select(dataset_name.c.namespace, dataset_name.c.name, dataset_name.c.kind)
            .where(dataset_name.c.dataset_id == dataset_id)
            .order_by(dataset_name.c.kind, dataset_name.c.namespace, dataset_name.c.name)
        )
        with self._database.read() as connection:
            return [(Named(row.namespace, row.name), row.kind) for row in connection.execute(query)]

    def tags(self, ids: Iterable[int]) -> Mapping[int, list[TagFacts]]:
        """By dataset its tags and those of its columns."""
        found: dict[int, list[TagFacts]] = {}
        with self._database.read() as connection:
            query = select(tag).where(View(connection, None).among(tag.c.dataset_id, ids))
            for row in connection.execute(query.order_by(*tag.primary_key.columns)):
                facts = TagFacts(row.key, row.value, row.column_name or ALL_ROWS)
                found.setdefault(row.dataset_id, []).append(facts)
        return found

    def last_event_at(self, *, dags: frozenset[str] | None) -> datetime | None:
        """When a job that exists for the caller was last heard of."""
        with self._database.read() as connection:
            query = select(func.max(job.c.last_seen)).where(*View(connection, dags).jobs)
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    def _jobs(self, dags: frozenset[str] | None, query_of: Any) -> list[Job]:
        with self._database.read() as connection:
            view = View(connection, dags)
            query: Select[Any] = query_of(view).where(*view.jobs).order_by(job.c.job_id)
            rows: Iterable[RowMapping] = connection.execute(query).mappings()
            return [Job(**row) for row in rows]

    def _degrees(
        self, column: str, ids: Iterable[int], dags: frozenset[str] | None, as_of: datetime | None
    ) -> Mapping[int, Degree]:
        node = job_dataset.c[column]
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            query = (
                select(node, job_dataset.c.output, func.count())
                .where(and_(view.among(node, ids), *view.holding(job_dataset), *view.through(job_dataset)))
                .group_by(node, job_dataset.c.output)
            )
            counts = {(number, output): count for number, output, count in connection.execute(query)}
        numbers = {number for number, _ in counts}
        return {n: Degree(counts.get((n, True), 0), counts.get((n, False), 0)) for n in numbers}


def _dataset(view: View) -> Select[Any]:
    # When a dataset was last heard of is told by the jobs that the caller sees: another's event is not told.
    heard = (
        select(func.max(job.c.last_seen))
        .select_from(job_dataset)
        .join(job, job.c.job_id == job_dataset.c.job_id)
        .where(job_dataset.c.dataset_id == dataset.c.dataset_id, *view.jobs)
        .correlate(dataset)
        .scalar_subquery()
    )
    return select(
        dataset.c.dataset_id,
        dataset.c.namespace,
        dataset.c.name,
        dataset.c.governed,
        dataset.c.zone,
        func.coalesce(heard, dataset.c.last_seen, type_=dataset.c.last_seen.type).label("last_seen"),
        dataset.c.dropped_at,
    )


def _harmless(facets: Mapping[str, Any], dags: frozenset[str] | None) -> Mapping[str, Any]:
    if dags is None:
        return facets
    return {name: facet for name, facet in facets.items() if name not in TELLING_OF_OTHERS}
