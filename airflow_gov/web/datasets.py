"""The routes of datasets: those of the lake by their name, those that only lineage knows by their number."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from fastapi import HTTPException
from fastapi.responses import RedirectResponse, Response

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import DatasetName
from airflow_gov.web import dataset, outside, schema
from airflow_gov.web.access import CurrentViewer, Viewer
from airflow_gov.web.neighbours import Neighbours, neighbours, neighbours_of
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import APIRouter

_NODE = re.compile(r"d([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page.

    :param heading: what people read.
    :param template: its file.
    :param read: reads it.
    """

    heading: str
    template: str
    read: Callable[[Any], Any]


def _lineage(asked: dataset.Asked) -> Neighbours:
    return neighbours_of(asked.store, str(asked.dataset), asked.dags)


def _lineage_outside(asked: outside.OutsideAsked) -> Neighbours:
    return neighbours(asked.store, asked.dataset_id, asked.dags)


#: By their name in addresses. The first one is the page itself.
GOVERNED: Mapping[str, Section] = {
    "schema": Section("Schema", "dataset/schema.html", schema.schema),
    "versions": Section("Versions", "dataset/versions.html", dataset.versions),
    "lineage": Section("Lineage", "dataset/lineage.html", _lineage),
    "quality": Section("Quality", "dataset/quality.html", dataset.quality),
    "executions": Section("Executions", "dataset/executions.html", dataset.executions),
    "files": Section("Files", "dataset/files.html", dataset.files),
}
OUTSIDE: Mapping[str, Section] = {
    "schema": Section("Schema", "outside/schema.html", outside.columns),
    "versions": Section("Versions", "outside/versions.html", outside.versions),
    "lineage": Section("Lineage", "dataset/lineage.html", _lineage_outside),
    "executions": Section("Runs", "outside/runs.html", outside.runs),
}


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """A page of a dataset.

    :param about: what stands above the section.
    :param section: the section's name in addresses.
    :param shown: what the section shows.
    """

    about: dataset.Header | outside.OutsideHeader
    section: str
    shown: Any


def dataset_page(site: Site, viewer: Viewer, name: str, section: str, after: str | None) -> DatasetPage | str:
    """Read a page.

    :param name: ``<zone>.<name>``, or ``d`` and the number in the graph.
    :returns: the page, or the name of the governed dataset that a number stands for.
    :raises HTTPException: 404 for what there is not, or not for the viewer.
    """
    store, dags = site.store(), viewer.readable_dags()
    number = _NODE.fullmatch(name)
    about = None if number else dataset.header(site, store, _parse(name), dags)
    if about is not None:
        asked = dataset.Asked(store, dags, about, after)
        return DatasetPage(about, section, _section(GOVERNED, section).read(asked))
    node = outside.find_node(store, int(number[1]), dags) if number else outside.find_named(store, name, dags)
    if node is None:
        _unknown()
    if number and node.governed and store.catalogue.get(_parse(node.governed)) is not None:
        return node.governed
    beyond = outside.outside_header(store, node, dags)
    read = _section(OUTSIDE, section).read
    return DatasetPage(beyond, section, read(outside.OutsideAsked(store, dags, beyond, after)))


def governed_header(site: Site, viewer: Viewer, name: str) -> dataset.Header | None:
    """What stands above every section of a dataset of the lake; None where there is none of that name.

    :raises HTTPException: 404 for what is no name of one.
    """
    return dataset.header(site, site.store(), _parse(name), viewer.readable_dags())


def _section(sections: Mapping[str, Section], name: str) -> Section:
    return sections.get(name) or _unknown()


def _parse(name: str) -> DatasetName:
    try:
        return DatasetName.parse(name)
    except GovernanceError as error:
        raise HTTPException(404, error.message) from error


def _unknown() -> NoReturn:
    raise HTTPException(404, "There is no such dataset, or no such page of it.")


def add_dataset_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    def answer(viewer: Viewer, name: str, section: str, after: str | None, root: str) -> Response:
        found = dataset_page(site, viewer, name, section, after or None)
        if isinstance(found, str):
            return RedirectResponse(f"{root}datasets/{found}" + ("" if root == "../" else f"/{section}"))
        governed = isinstance(found.about, dataset.Header)
        sections = GOVERNED if governed else OUTSIDE
        return site.page(
            sections[section].template,
            found.shown,
            root=root,
            about=found.about,
            section=section,
            sections=sections,
            governed=governed,
            name=name,
            first=after is None,
            now=site.clock(),
        )

    @router.api_route("/datasets/{name}", methods=READ)
    def start(viewer: CurrentViewer, name: str, after: str | None = None) -> Response:
        return answer(viewer, name, "schema", after, "../")

    @router.api_route("/datasets/{name}/{section}", methods=READ)
    def page(viewer: CurrentViewer, name: str, section: str, after: str | None = None) -> Response:
        return answer(viewer, name, section, after, "../../")

    @router.api_route("/api/v1/datasets/{name}", methods=READ)
    def start_json(viewer: CurrentViewer, name: str, after: str | None = None) -> Response:
        return json(viewer, name, "schema", after)

    @router.api_route("/api/v1/datasets/{name}/{section}", methods=READ)
    def json(viewer: CurrentViewer, name: str, section: str, after: str | None = None) -> Response:
        found = dataset_page(site, viewer, name, section, after or None)
        if isinstance(found, str):
            return RedirectResponse(f"{found}" if section == "schema" else f"../{found}/{section}")
        return site.json({"about": _plain_about(found.about), "section": section, section: found.shown})


def _plain_about(about: dataset.Header | outside.OutsideHeader) -> Any:
    if isinstance(about, outside.OutsideHeader):
        return about
    contract = about.contract
    told = None
    if contract is not None:
        told = {
            "id": contract.contract_id,
            "version": contract.version,
            "hash": contract.hash,
            "path": contract.path,
        }
    return {
        "entry": about.entry,
        "contract": told,
        "classifications": about.classifications,
        "usage": about.usage,
        "gaps": about.gaps,
        "undescribed": about.undescribed,
    }
