"""Proposals for a contract: a form, and the patch that it comes to. Nothing is stored, nothing is changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import Depends, HTTPException
from starlette.responses import Response

from airflow_gov.catalog.describing import kept_contract
from airflow_gov.catalog.proposing import Patch, Proposal, propose
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.datasets import GOVERNED, governed_header
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from fastapi import APIRouter

    from airflow_gov.web.access import Viewer
    from airflow_gov.web.dataset import Header

#: What is wrong with a proposal, and not with the page.
_ANSWERED = (
    Reason.COLUMN_UNKNOWN,
    Reason.CONTRACT_INVALID,
    Reason.CONTRACT_MISSING,
    Reason.PARAMETER_INVALID,
)


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it was sent; an empty field proposes nothing."""

    column: str = ""
    description: str = ""
    classification: str = ""
    tag: str = ""
    dataset_description: str = ""
    owner: str = ""
    steward: str = ""

    @property
    def proposal(self) -> Proposal:
        """What it proposes."""
        # Browsers send line ends as CR LF.
        told = (
            self.column,
            self.description.replace("\r\n", "\n"),
            self.classification,
            self.tag,
            self.dataset_description.replace("\r\n", "\n"),
            self.owner,
            self.steward,
        )
        return Proposal(*(each if each.strip() else None for each in told))


@dataclass(frozen=True, slots=True)
class ProposalView:
    """The page.

    :param form: as it was sent.
    :param patch: what it comes to; None where it cannot be.
    :param refused: why it cannot be.
    """

    form: Form
    patch: Patch | None = None
    refused: str | None = None


def _patch(site: Site, about: Header, form: Form) -> Patch:
    return propose(
        kept_contract(site.store(), about.dataset),
        about.dataset,
        form.proposal,
        today=site.clock().date(),
        folder=site.contracts_folder(),
        aliases=site.zone_aliases(),
    )


def _about(site: Site, viewer: Viewer, name: str) -> Header:
    about = governed_header(site, viewer, name)
    if about is None:
        raise HTTPException(404, "There is no such dataset, or none that has a contract.")
    return about


def add_proposal_routes(router: APIRouter, site: Site) -> None:
    """Add the routes; before those of the datasets' sections, which would take their addresses.

    :param router: guarded by its authentication.
    """

    @router.api_route("/datasets/{name}/propose", methods=READ)
    def page(viewer: CurrentViewer, name: str, form: Annotated[Form, Depends()]) -> Response:
        about = _about(site, viewer, name)
        try:
            view = ProposalView(form, _patch(site, about, form))
        except GovernanceError as error:
            if error.reason not in _ANSWERED:
                raise
            view = ProposalView(form, refused=error.message)
        answer = site.page(
            "dataset/propose.html",
            view,
            root="../../",
            about=about,
            section="schema",
            sections=GOVERNED,
            governed=True,
            name=name,
            query=urlencode({key: value for key, value in asdict(form).items() if value}),
            now=site.clock(),
        )
        answer.status_code = 422 if view.refused else 200
        return answer

    @router.api_route("/datasets/{name}/propose.patch", methods=READ)
    def download(viewer: CurrentViewer, name: str, form: Annotated[Form, Depends()]) -> Response:
        about = _about(site, viewer, name)
        patch = _patch(site, about, form)
        # Its name is a dataset's: letters, digits, underscores and a dot.
        shown = f'attachment; filename="{about.dataset}.patch"'
        return Response(patch.text.encode(), media_type="text/x-diff", headers={"Content-Disposition": shown})

    @router.api_route("/api/v1/datasets/{name}/propose", methods=READ)
    def answer(viewer: CurrentViewer, name: str, form: Annotated[Form, Depends()]) -> Response:
        return site.json(_patch(site, _about(site, viewer, name), form))
