"""Takes the executions out of what is told that do not exist for whoever is told it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from airflow_gov.model.loads import Version
from airflow_gov.model.verdicts import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Made = TypeVar("Made", Version, Verdict, Decision)


def without_unseen(made: Made, seen: Collection[str], dags: frozenset[str] | None) -> Made:
    """A version, verdict or decision, without the execution that made it unless that is seen.

    :param seen: the ids of the executions that exist for the viewer.
    :param dags: the Dags that exist for the viewer; None: all, also those of executions not recorded yet.
    """
    if dags is None or made.execution_id is None or made.execution_id in seen:
        return made
    return replace(made, execution_id=None)


def executions_of(made: Iterable[Version | Verdict | Decision]) -> set[str]:
    """The ids of the executions that made them."""
    return {each.execution_id for each in made if each.execution_id}
