"""The graph of lineage as JSON: what the Lineage tab asks for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from airflow_gov.lineage.column_pages import column_page
from airflow_gov.lineage.comparing import compare
from airflow_gov.lineage.details import dataset_detail, job_detail
from airflow_gov.lineage.drawn import Graph, JobNode, column_key, dataset_key, job_key
from airflow_gov.lineage.exporting import (
    DRAWN,
    Format,
    column_events,
    columns_of,
    exported_events,
)
from airflow_gov.lineage.focus import Focus, find_dataset, find_job, parse_focus
from airflow_gov.lineage.graph import MAX_DEPTH, MAX_NODES, Extent, draw, draw_path
from airflow_gov.lineage.tracing import MAX_COLUMNS, find_column, trace
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.lineage_answers import (
    LastEvent,
    answer,
    answering,
    expansions,
    moment,
    plain,
    several,
    short,
    whole,
)
from airflow_gov.web.lineage_questions import add_question_routes
from airflow_gov.web.verdicts import REPORT_HEADERS

if TYPE_CHECKING:
    from airflow_gov.model.graph import Dataset, Found
    from airflow_gov.store import Store

_READ = ["GET", "HEAD"]
_From = Annotated[str | None, Query(alias="from")]
_Names = Annotated[Sequence[str], Query()]


def add_lineage_routes(router: APIRouter, store: Callable[[], "Store"]) -> None:
    """Add the routes under ``/api/v1/lineage``.

    :param router: guarded by its authentication.
    :param store: gives the governance store.
    """
    last = LastEvent()
    inner = APIRouter(prefix="/api/v1/lineage", route_class=answering(last))
    _add_graphs(inner, store, last)
    _add_columns(inner, store)
    _add_nodes(inner, store)
    _add_export(inner, store)
    add_question_routes(inner, store)
    router.include_router(inner)


def _add_graphs(router: APIRouter, store: Callable[[], "Store"], last: LastEvent) -> None:
    @router.api_route("/graph", methods=_READ)
    def graph(
        viewer: CurrentViewer,
        focus: str | None = None,
        up: str | None = None,
        down: str | None = None,
        as_of: str | None = None,
        limit: str | None = None,
        expand: str | None = None,
    ) -> Response:
        extent = replace(extent_of(up, down, as_of, limit), expand=expansions(expand))
        drawn = draw(store(), _focus(focus), extent, dags=viewer.readable_dags())
        last.at = drawn.last_event_at or last.at
        return answer(drawn)

    @router.api_route("/compare", methods=_READ)
    def compared(
        viewer: CurrentViewer,
        focus: str | None = None,
        a: str | None = None,
        b: str | None = None,
        up: str | None = None,
        down: str | None = None,
        limit: str | None = None,
    ) -> Response:
        dags, extent = viewer.readable_dags(), extent_of(up, down, None, limit)
        runs = (short(a, "a"), short(b, "b"))
        return answer(compare(store(), _focus(focus), *runs, extent, dags=dags))

    @router.api_route("/path", methods=_READ)
    def path(viewer: CurrentViewer, start: _From = None, to: str | None = None) -> Response:
        way, drawn = draw_path(store(), short(start, "from"), short(to, "to"), dags=viewer.readable_dags())
        return answer({"nodes": way, "graph": drawn})


def _add_columns(router: APIRouter, store: Callable[[], "Store"]) -> None:
    @router.api_route("/columns", methods=_READ)
    def columns(
        viewer: CurrentViewer,
        dataset: str | None = None,
        as_of: str | None = None,
        q: str = "",
        first: _Names = (),
        after: str | None = None,
        limit: str | None = None,
    ) -> Response:
        dags, found = viewer.readable_dags(), store()
        page = column_page(
            found,
            _dataset(found, short(dataset, "dataset"), dags),
            dags=dags,
            as_of=moment(as_of, "as_of"),
            text=q[:500],
            first=several(first, "first"),
            after=after,
            limit=whole(limit, "limit", 10, least=1, most=1_000),
        )
        return answer(page)

    @router.api_route("/trace", methods=_READ)
    def traced(
        viewer: CurrentViewer,
        column: str | None = None,
        up: str | None = None,
        down: str | None = None,
        as_of: str | None = None,
        limit: str | None = None,
        direct: bool = False,
    ) -> Response:
        dags, found = viewer.readable_dags(), store()
        return answer(
            trace(
                found,
                find_column(found, short(column, "column"), dags=dags),
                dags=dags,
                up=whole(up, "up", 10, most=MAX_DEPTH),
                down=whole(down, "down", 10, most=MAX_DEPTH),
                as_of=moment(as_of, "as_of"),
                limit=whole(limit, "limit", 300, least=1, most=MAX_COLUMNS),
                direct=direct,
            )
        )


def _add_nodes(router: APIRouter, store: Callable[[], "Store"]) -> None:
    @router.api_route("/search", methods=_READ)
    def search(viewer: CurrentViewer, q: str = "", limit: str | None = None) -> Response:
        most = whole(limit, "limit", 20, least=1, most=200)
        found = store().lineage.read.names.search(q, dags=viewer.readable_dags(), limit=most)
        return answer({"results": [_found(each) for each in found]})

    @router.api_route("/runs", methods=_READ)
    def runs(
        viewer: CurrentViewer,
        dag_id: str | None = None,
        before: str | None = None,
        limit: str | None = None,
    ) -> Response:
        found = store().lineage.read.runs.dag_runs(
            short(dag_id, "dag_id"),
            dags=viewer.readable_dags(),
            before=moment(before, "before"),
            limit=whole(limit, "limit", 50, least=1, most=500),
        )
        return answer({"runs": found})

    @router.api_route("/datasets/{dataset}", methods=_READ)
    def one_dataset(viewer: CurrentViewer, dataset: str, as_of: str | None = None) -> Response:
        dags, found, at = viewer.readable_dags(), store(), moment(as_of, "as_of")
        return _detail(dataset_detail(found, _dataset(found, dataset, dags), dags=dags, as_of=at))

    @router.api_route("/jobs/{job}", methods=_READ)
    def one_job(viewer: CurrentViewer, job: str, as_of: str | None = None) -> Response:
        dags, found, at = viewer.readable_dags(), store(), moment(as_of, "as_of")
        return _detail(job_detail(found, find_job(found.lineage.read, job, dags), dags=dags, as_of=at))


def _add_export(router: APIRouter, store: Callable[[], "Store"]) -> None:
    @router.api_route("/export", methods=_READ)
    def export(
        viewer: CurrentViewer,
        focus: str | None = None,
        format: str | None = None,  # noqa: A002 - the parameter's name
        up: str | None = None,
        down: str | None = None,
        as_of: str | None = None,
        limit: str | None = None,
        columns: bool = False,
    ) -> Response:
        dags, found = viewer.readable_dags(), store()
        wanted, about = _format(format), _focus(focus)
        drawn = draw(found, about, extent_of(up, down, as_of, limit), dags=dags)
        headers = {"Content-Disposition": f'attachment; filename="lineage.{wanted.suffix}"'}
        told = columns_of(found, drawn, dags=dags, limit=wanted.most_column_edges) if columns else None
        if told is not None:
            headers["X-Lineage-Columns"] = told.said
        if wanted is Format.OPENLINEAGE:
            events = exported_events(found, runs=_runs(found, about, drawn, dags), dags=dags)
            lines = chain(events, column_events(drawn, told)) if told else events
            return StreamingResponse(lines, media_type=wanted.media_type, headers=headers)
        if wanted is Format.HTML:
            headers |= REPORT_HEADERS
        return Response(DRAWN[wanted](drawn, told), media_type=wanted.media_type, headers=headers)


def extent_of(up: str | None, down: str | None, as_of: str | None, limit: str | None) -> Extent:
    """The extent that an address asks for.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    return Extent(
        up=whole(up, "up", 2, most=MAX_DEPTH),
        down=whole(down, "down", 2, most=MAX_DEPTH),
        as_of=moment(as_of, "as_of"),
        limit=whole(limit, "limit", 300, least=1, most=MAX_NODES),
    )


def _focus(text: str | None) -> Focus:
    return parse_focus(short(text, "focus"))


def _format(text: str | None) -> Format:
    if text is None or text not in Format._value2member_map_:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"format: it has to be one of {', '.join(Format)}.", parameter="format"
        )
    return Format(text)


def _dataset(store: "Store", text: str, dags: frozenset[str] | None) -> "Dataset":
    read = store.lineage.read
    return read.nodes.datasets([find_dataset(read, text, dags)], dags=dags)[0]


def _runs(store: "Store", focus: Focus, drawn: Graph, dags: frozenset[str] | None) -> set[str]:
    """The runs that the graph shows: all tries of those in focus, the newest of the others."""
    found = {node.run_id for node in drawn.nodes if isinstance(node, JobNode) and node.run_id}
    if focus.dag_id is not None and focus.dag_run_id is not None:
        runs = store.lineage.read.runs.of_dag_run(
            focus.dag_id, focus.dag_run_id, focus.task_id, focus.map_index, dags=dags
        )
        found |= {run.run_id for run in runs}
    return found


def _detail(detail: Any) -> Response:
    """A node and what its panel shows, as one object."""
    told = plain(detail)
    return answer(told.pop("node") | told)


def _found(found: "Found") -> dict[str, Any]:
    key = (dataset_key if found.kind != "job" else job_key)(found.number)
    if found.column is not None:
        key = column_key(found.number, found.column)
    told = {
        "id": key,
        "type": found.kind,
        "label": found.label,
        "namespace": found.namespace,
        "zone": found.zone,
    }
    return told | ({"dataset": dataset_key(found.number)} if found.kind == "column" else {})
