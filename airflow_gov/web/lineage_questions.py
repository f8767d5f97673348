"""The questions people ask of lineage, as JSON."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import Response

from airflow_gov.lineage.differences import difference
from airflow_gov.lineage.focus import find_dataset
from airflow_gov.lineage.impact import column_impact, dataset_impact
from airflow_gov.lineage.origins import origin, row_origin
from airflow_gov.lineage.tracing import find_column
from airflow_gov.lineage.where_is import where_is
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.lineage_answers import answer, short, whole

if TYPE_CHECKING:
    from airflow_gov.model.graph import Column, Dataset
    from airflow_gov.store import Store

_READ = ["GET", "HEAD"]
_HIGHEST_VERSION = 2**31 - 1


def add_question_routes(router: APIRouter, store: Callable[[], "Store"]) -> None:
    """Add the routes.

    :param router: of lineage: it translates errors.
    :param store: gives the governance store.
    """

    @router.api_route("/impact", methods=_READ)
    def impact(viewer: CurrentViewer, dataset: str | None = None, column: str | None = None) -> Response:
        dags, found = viewer.readable_dags(), store()
        if column:
            return answer(column_impact(found, *_column(found, short(column, "column"), dags), dags=dags))
        return answer(dataset_impact(found, _dataset(found, short(dataset, "dataset"), dags), dags=dags))

    @router.api_route("/origin", methods=_READ)
    def origins(viewer: CurrentViewer, column: str | None = None, version: str | None = None) -> Response:
        dags, found = viewer.readable_dags(), store()
        number = whole(version, "version", 0, least=1, most=_HIGHEST_VERSION) or None
        wanted = _column(found, short(column, "column"), dags)
        return answer(origin(found, *wanted, version=number, dags=dags))

    @router.api_route("/where-is", methods=_READ)
    def whereabouts(viewer: CurrentViewer, column: str | None = None, tag: str | None = None) -> Response:
        dags, found = viewer.readable_dags(), store()
        if bool(column) == bool(tag):
            raise GovernanceError(Reason.PARAMETER_INVALID, "Say either column= or tag=.", parameter="column")
        if column:
            return answer(where_is(found, column=short(column, "column"), dags=dags))
        return answer(where_is(found, tag=short(tag, "tag"), dags=dags))

    @router.api_route("/row", methods=_READ)
    def row(viewer: CurrentViewer, dataset: str | None = None, load_id: str | None = None) -> Response:
        dags, found = viewer.readable_dags(), store()
        name = short(dataset, "dataset")
        return answer(row_origin(found, name, short(load_id, "load_id"), dags=dags))

    @router.api_route("/versions/diff", methods=_READ)
    def versions(
        viewer: CurrentViewer, dataset: str | None = None, a: str | None = None, b: str | None = None
    ) -> Response:
        dags, found = viewer.readable_dags(), store()
        wanted = _dataset(found, short(dataset, "dataset"), dags)
        return answer(difference(found, wanted, short(a, "a"), short(b, "b"), dags=dags))


def _dataset(store: "Store", text: str, dags: frozenset[str] | None) -> "Dataset":
    read = store.lineage.read
    return read.nodes.datasets([find_dataset(read, text, dags)], dags=dags)[0]


def _column(store: "Store", text: str, dags: frozenset[str] | None) -> "tuple[Dataset, Column]":
    column = find_column(store, text, dags=dags)
    return store.lineage.read.nodes.datasets([column.dataset_id], dags=dags)[0], column
