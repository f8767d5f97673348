"""What is wrong with an OpenLineage event, and where in it."""

from __future__ import annotations

import json
import re
from typing import Self

from airflow_gov.model.errors import GovernanceError, Reason

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Longest key quoted in a path, in characters.
_KEY_LENGTH = 200


class EventError(GovernanceError):
    """An event that cannot be taken.

    :param problem: what is wrong and what is wanted; quotes no values, which may be personal.
    :param path: where, as a JSON path (RFC 9535): ``$.inputs[0].name``.
    """

    def __init__(self, problem: str, path: str = "$") -> None:
        super().__init__(Reason.EVENT_INVALID, f"{path}: {problem}", path=path, problem=problem)

    @property
    def path(self) -> str:
        """Where in the event."""
        return str(self.attributes["path"])

    @property
    def problem(self) -> str:
        """What is wrong there."""
        return str(self.attributes["problem"])

    def within(self, step: str | int) -> Self:
        """The same error, seen from the object or list that holds the place.

        :param step: the key or the index.
        """
        return type(self)(self.problem, "$" + _step(step) + self.path[1:])


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN_KEY.fullmatch(step):
        return f".{step}"
    short = step if len(step) <= _KEY_LENGTH else step[:_KEY_LENGTH] + "…"
    return f"[{json.dumps(short)}]"
