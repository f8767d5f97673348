"""Finding datasets, jobs and columns by what people type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, literal, or_, select

from airflow_gov.model.graph import Found
from airflow_gov.model.lineage import ALL_ROWS
from airflow_gov.store.lineage.columns import contains
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import column, dataset, dataset_name, job, job_dataset
from airflow_gov.store.types import clean_text

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from airflow_gov.store.database import Database

#: The longest text that is searched for.
_LONGEST = 500


class Names:
    """Names. Everywhere `dags` are the Dags whose jobs exist for the caller; None: all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, text: str, *, dags: frozenset[str] | None, limit: int = 20) -> list[Found]:
        """Datasets, then jobs, then columns whose name has the text; the best first.

        :param text: at most 500 characters of it count; nothing in it is a wildcard.
        """
        wanted = clean_text(text.strip())[:_LONGEST]
        if not wanted:
            return []
        found: list[Found] = []
        for search in (self._datasets, self._jobs, self._columns):
            found += search(wanted, dags, limit - len(found))
            if len(found) >= limit:
                break
        return found

    def exact(self, text: str, *, dags: frozenset[str] | None, limit: int = 20) -> list[Found]:
        """The datasets that are called so: ``clean.flights``, a name, or ``namespace/name``."""
        wanted = clean_text(text)
        whole = dataset_name.c.namespace + "/" + dataset_name.c.name
        known = select(dataset_name.c.dataset_id).where(or_(dataset_name.c.name == wanted, whole == wanted))
        return self._found(dags, or_(dataset.c.governed == wanted, dataset.c.dataset_id.in_(known)), limit)

    def ending(self, text: str, *, dags: frozenset[str] | None, limit: int = 20) -> list[Found]:
        """The datasets one of whose names ends so, at a dot or a slash."""
        wanted = clean_text(text)
        ends = [
            name.endswith(separator + wanted, autoescape=True)
            for name in (dataset_name.c.name, dataset_name.c.namespace + "/" + dataset_name.c.name)
            for separator in (".", "/")
        ]
        known = select(dataset_name.c.dataset_id).where(or_(*ends))
        governed = dataset.c.governed.endswith(f".{wanted}", autoescape=True)
        return self._found(dags, or_(governed, dataset.c.dataset_id.in_(known)), limit)

    def jobs(self, text: str, *, dags: frozenset[str] | None, limit: int = 20) -> list[Found]:
        """The jobs that are called so: ``dag.task``, a name, or ``namespace/name``."""
        wanted = clean_text(text)
        told = job.c.dag_id + func.coalesce("." + job.c.task_id, "")
        same = (job.c.name == wanted, job.c.namespace + "/" + job.c.name == wanted, told == wanted)
        return self._list(dags, lambda view: _jobs(view, or_(*same), wanted).limit(limit))

    def labels(self, *, dags: frozenset[str] | None, limit: int = 20_000) -> list[str]:
        """What the datasets are called, for "did you mean"."""
        with self._database.read() as connection:
            view = View(connection, dags)
            label = func.coalesce(dataset.c.governed, dataset.c.name)
            query = select(label).where(*view.datasets).order_by(label).limit(limit)
            return list(connection.execute(query).scalars())

    def _datasets(self, text: str, dags: frozenset[str] | None, limit: int) -> list[Found]:
        known = select(dataset_name.c.dataset_id).where(
            or_(
                contains(dataset_name.c.name, text),
                func.lower(dataset_name.c.namespace + "/" + dataset_name.c.name) == text.lower(),
            )
        )
        which = or_(contains(dataset.c.governed, text), dataset.c.dataset_id.in_(known))
        return self._found(dags, which, limit, text)

    def _found(
        self, dags: frozenset[str] | None, which: ColumnElement[bool], limit: int, text: str = ""
    ) -> list[Found]:
        label = func.coalesce(dataset.c.governed, dataset.c.name)

        def query(view: View) -> Select[Any]:
            return (
                select(
                    literal("dataset"),
                    dataset.c.dataset_id,
                    dataset.c.namespace,
                    dataset.c.name,
                    label,
                    dataset.c.zone,
                    literal(None),
                )
                .where(which, *view.datasets)
                .order_by(*_best(label, text), label, dataset.c.dataset_id)
                .limit(limit)
            )

        return self._list(dags, query)

    def _jobs(self, text: str, dags: frozenset[str] | None, limit: int) -> list[Found]:
        return self._list(dags, lambda view: _jobs(view, contains(job.c.name, text), text).limit(limit))

    def _columns(self, text: str, dags: frozenset[str] | None, limit: int) -> list[Found]:
        label = func.coalesce(dataset.c.governed, dataset.c.name) + "." + column.c.name

        def query(view: View) -> Select[Any]:
            return (
                select(
                    literal("column"),
                    dataset.c.dataset_id,
                    dataset.c.namespace,
                    dataset.c.name,
                    label,
                    dataset.c.zone,
                    column.c.name,
                )
                .select_from(column)
                .join(dataset, dataset.c.dataset_id == column.c.dataset_id)
                .where(
                    or_(contains(column.c.name, text), contains(label, text)),
                    column.c.name != ALL_ROWS,
                    *view.datasets,
                    *view.columns,
                )
                .order_by(*_best(column.c.name, text), label, column.c.column_id)
                .limit(limit)
            )

        return self._list(dags, query)

    def _list(self, dags: frozenset[str] | None, query_of: Any) -> list[Found]:
        with self._database.read() as connection:
            query: Select[Any] = query_of(View(connection, dags))
            return [Found(*row) for row in connection.execute(query)]


def _jobs(view: View, which: ColumnElement[bool], text: str) -> Select[Any]:
    label = func.coalesce(job.c.dag_id + func.coalesce("." + job.c.task_id, ""), job.c.name)
    # What a Dag run's own job says is that of its tasks; it reads and writes nothing itself.
    idle = case(
        (select(job_dataset.c.job_id).where(job_dataset.c.job_id == job.c.job_id).exists(), 0), else_=1
    )
    return (
        select(
            literal("job"),
            job.c.job_id,
            job.c.namespace,
            job.c.name,
            label,
            literal(None),
            literal(None),
        )
        .where(which, *view.jobs)
        .order_by(*_best(label, text), idle, label, job.c.job_id)
    )


def _best(name: ColumnElement[str], text: str) -> list[ColumnElement[Any]]:
    """What is called so comes first, then what begins so."""
    if not text:
        return []
    lower = func.lower(name)
    return [
        case(
            (lower == text.lower(), 0),
            (lower.startswith(text.lower(), autoescape=True), 1),
            else_=2,
        )
    ]
