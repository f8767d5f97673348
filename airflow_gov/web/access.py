"""Who asks, and what they may see: injected by whoever mounts the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol, cast

from fastapi import Depends, HTTPException, Request

#: A FastAPI dependency that gives a :class:`Viewer`, or raises ``HTTPException`` (401, 403).
ViewerDependency = Callable[..., Any]

_NAME = "airflow_gov_viewer"


class Viewer(Protocol):
    """A person, or a program with a person's token, who may read assets and so the datasets.

    What belongs to a Dag they may not read (executions, runs, jobs) does not exist for them: not as a name,
    not in a count, and asking for it by its id is answered as if there were none.
    """

    @property
    def name(self) -> str:
        """Their name in Airflow."""

    def may_read_dag(self, dag_id: str) -> bool:
        """Whether they may read the Dag."""

    def may_govern(self) -> bool:
        """Whether they may say what is to be done about datasets: let a finding be, for example."""

    def readable_dags(self) -> frozenset[str] | None:
        """The Dags they may read; None: every one. Asked of Airflow once in a request."""


def guarded_by(viewer: ViewerDependency) -> Callable[..., Any]:
    """The dependency that guards routes and keeps the viewer for :data:`CurrentViewer`.

    :param viewer: gives the viewer, or refuses the request.
    """

    def guard(request: Request, found: Annotated[Any, Depends(viewer)]) -> None:
        setattr(request.state, _NAME, found)

    # Under postponed annotations FastAPI cannot see `viewer` inside of this function.
    guard.__annotations__ = {"request": Request, "found": Annotated[Any, Depends(viewer)]}
    return guard


def current_viewer(request: Request) -> Viewer:
    """Who asks.

    :raises HTTPException: 401, on a route that was not guarded.
    """
    found = getattr(request.state, _NAME, None)
    if found is None:
        raise HTTPException(401, "Not authenticated")
    return cast("Viewer", found)


#: The parameter of a route that wants to know who asks.
CurrentViewer = Annotated[Viewer, Depends(current_viewer)]
