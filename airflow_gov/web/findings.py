"""What audits found: searched and filtered, and each with its meaning and its life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import urlencode

from fastapi import Depends, HTTPException
from starlette.responses import Response

from airflow_gov.audit.explaining import Explained, explain
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import (
    OPEN_STATES,
    Finding,
    FindingsFacets,
    FindingsPage,
    FindingState,
    FindingsWanted,
    Severity,
)
from airflow_gov.model.serde import to_plain
from airflow_gov.model.uses import TaskTry
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import APIRouter

    from airflow_gov.model.findings import FindingEvent
    from airflow_gov.store import Store
    from airflow_gov.web.access import Viewer

#: Findings on a page, and on an answer of the API at most.
PAGE, MOST = 50, 500
#: What the filter of states calls the two that wait for somebody.
OPEN = "open"
_EXECUTION = "execution_id"


@dataclass(frozen=True, slots=True)
class FindingsView:
    """Some findings, and what was asked for.

    :param asked: the filters, by parameter; those that are not set are left out.
    :param page: what was found.
    :param facets: what other filters would find.
    :param after: where the page begins; None on the first one.
    """

    asked: Mapping[str, str]
    page: FindingsPage
    facets: FindingsFacets
    after: str | None = None

    def chips(self) -> Sequence[tuple[str, str, Sequence[tuple[str, str, int]]]]:
        """Parameter, heading and values of each filter; of a value its word and how many it finds."""
        states = [(state.value, state.value, count) for state, count in self.facets.states.items()]
        waiting = sum(self.facets.states.get(state, 0) for state in OPEN_STATES)
        worst = Severity.of_rank(len(Severity) - 1)
        least = [
            (each.value, each.value if each is worst else f"{each.value} or worse", count)
            for each, count in self.facets.least.items()
        ]
        zones = [(zone.value, zone.value, count) for zone, count in self.facets.zones.items()]
        checks = [(check, check, count) for check, count in self.facets.checks.items()]
        filters = (
            ("state", "State", [(OPEN, "open", waiting), *states] if states else []),
            ("severity", "Severity", least),
            ("zone", "Zone", zones),
            ("check", "Check", checks),
        )
        return [each for each in filters if each[2]]

    def address(self, **changes: str | None) -> str:
        """The address of these findings with other filters, from their first page.

        :param changes: parameters; None takes one away.
        """
        query = {**self.asked, **changes}
        told = urlencode({name: value for name, value in query.items() if value is not None})
        return f"audits?{told}" if told else "audits"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as FastAPI reads it from the address; what is empty is no filter.

    :param q: words in subject or message.
    :param state: a state, or :data:`OPEN`; default: all but fixed ones.
    :param severity: at least this bad.
    :param check: the id of a check.
    :param zone: a zone.
    :param dataset: a dataset.
    :param after: where the page begins.
    """

    q: str = ""
    state: str = ""
    severity: str = ""
    check: str = ""
    zone: str = ""
    dataset: str = ""
    after: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """Those that are set."""
        names = ("q", "state", "severity", "check", "zone", "dataset")
        told = {name: getattr(self, name).strip()[:500] for name in names}
        return {name: value for name, value in told.items() if value}

    def wanted(self, dags: frozenset[str] | None) -> FindingsWanted:
        """What is looked for.

        :param dags: the Dags that exist for the viewer; None: all.
        :raises GovernanceError: ``PARAMETER_INVALID`` for a value that a filter has not.
        """
        told = self.filters
        _check(told, "state", (OPEN, *(each.value for each in FindingState)))
        _check(told, "severity", tuple(each.value for each in Severity))
        _check(told, "zone", tuple(each.value for each in Zone))
        return FindingsWanted(
            states=_states(told.get("state")),
            checks=(told["check"],) if "check" in told else (),
            zones=(Zone(told["zone"]),) if "zone" in told else (),
            dataset=_dataset(told["dataset"]) if "dataset" in told else None,
            least=Severity(told.get("severity", Severity.INFO)),
            text=told.get("q", ""),
            dags=dags,
        )


def _states(name: str | None) -> tuple[FindingState, ...]:
    if name is None:
        return FindingsWanted().states
    return OPEN_STATES if name == OPEN else (FindingState(name),)


def _check(told: Mapping[str, str], name: str, allowed: Sequence[str]) -> None:
    if name in told and told[name] not in allowed:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{name}: there is none of that name; name one of {', '.join(allowed)}."
        )


def _dataset(text: str) -> DatasetName:
    try:
        return DatasetName.parse(text)
    except GovernanceError as error:
        raise GovernanceError(Reason.PARAMETER_INVALID, f"dataset: {error.message}") from None


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding.

    :param finding: what was found.
    :param explained: what that means.
    :param history: its life, oldest step first.
    :param by: the execution it tells of, if there is one that exists for the viewer.
    :param may_acknowledge: whether the viewer may let it be.
    """

    finding: Finding
    explained: Explained
    history: tuple[FindingEvent, ...]
    by: TaskTry | None
    may_acknowledge: bool

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """What the check told beside its message."""
        told = self.finding.details.items()
        return [(name.replace("_", " "), value) for name, value in told if value not in (None, "", [], {})]


def found(store: Store, asked: Asked, dags: frozenset[str] | None, limit: int = PAGE) -> FindingsView:
    """Read a page of findings.

    :param dags: the Dags that exist for the viewer; None: all.
    """
    wanted, findings = asked.wanted(dags), store.audits.findings
    page = findings.page(wanted, after=asked.after or None, limit=limit)
    if dags is not None:
        shown = (each if each.dag_id else each.without_tasks for each in page.findings)
        page = replace(page, findings=tuple(shown))
    return FindingsView(asked.filters, page, findings.facets(wanted), asked.after or None)


def visible(store: Store, viewer: Viewer, key: str) -> Finding:
    """A finding, where it exists for the viewer.

    :raises HTTPException: 404.
    """
    finding = store.audits.findings.get(key)
    if finding is None or (finding.dag_id is not None and not viewer.may_read_dag(finding.dag_id)):
        _unknown()
    # One that names its Dag tells of nothing else.
    return finding if viewer.readable_dags() is None or finding.dag_id else finding.without_tasks


def _unknown() -> NoReturn:
    raise HTTPException(404, "There is no such finding.")


def finding_view(store: Store, viewer: Viewer, key: str) -> FindingView:
    """Read one finding.

    :raises HTTPException: 404.
    """
    finding = visible(store, viewer, key)
    execution_id = str(finding.details.get(_EXECUTION) or finding.subject)
    tries = store.uses.tries([execution_id], dags=viewer.readable_dags())
    return FindingView(
        finding,
        explain(finding.check),
        tuple(store.audits.findings.history(key)),
        tries.get(execution_id),
        finding.state is not FindingState.FIXED and viewer.may_govern(),
    )


def acknowledging(key: str) -> str:
    """What the form that lets a finding be is for; see :meth:`airflow_gov.web.forms.Forms.token`."""
    return f"acknowledge {key}"


def show_finding(site: Site, viewer: Viewer, key: str, root: str, **form: Any) -> Response:
    """The page of a finding.

    :param root: from the page's address to the application's start.
    :param form: ``refused``, why a form was, and ``reason`` and ``days``, what it said.
    """
    view = finding_view(site.store(), viewer, key)
    now = site.clock()
    token = site.forms.token(acknowledging(key), viewer.name, now) if view.may_acknowledge else ""
    told = {"refused": None, "reason": "", "days": "30d", **form}
    return site.page("finding.html", view, root=root, now=now, token=token, **told)


def add_finding_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/audits/findings/{key}", methods=READ)
    def page(viewer: CurrentViewer, key: str) -> Response:
        return show_finding(site, viewer, key, "../../")

    @router.api_route("/api/v1/audits/findings", methods=READ)
    def findings_json(
        viewer: CurrentViewer, asked: Annotated[Asked, Depends()], limit: int = PAGE
    ) -> Response:
        view = found(site.store(), asked, viewer.readable_dags(), max(1, min(limit, MOST)))
        facets = {"state": "states", "severity": "least", "check": "checks", "zone": "zones"}
        told = {name: to_plain(getattr(view.facets, field)) for name, field in facets.items()}
        return site.json({**to_plain(view.page), "facets": told})

    @router.api_route("/api/v1/audits/findings/{key}", methods=READ)
    def finding_json(viewer: CurrentViewer, key: str) -> Response:
        return site.json(finding_view(site.store(), viewer, key))
