"""What can be set of a check: the keyword arguments of its ``__init__``, explained by its docstring."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow_gov.audit.check import Check

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
#: A ``:param`` of a docstring with the lines that belong to it.
_PARAM = re.compile(r"^:param (\w+):((?:.|\n(?![:\n]))*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that can be set.

    :param name: its name.
    :param default: what it is otherwise.
    :param meaning: what it does; empty where nobody says so.
    """

    name: str
    default: Any = None
    meaning: str = ""

    def __str__(self) -> str:
        meaning = f": {self.meaning}" if self.meaning else ""
        return f"{self.name}{meaning} (default: {self.default})"


def settings_of(check: type[Check]) -> tuple[Setting, ...]:
    """The settings of a check, in order."""
    told = {name: " ".join(text.split()).rstrip(".") for name, text in _PARAM.findall(_docs(check))}
    return tuple(
        Setting(each.name, None if each.default is each.empty else each.default, told.get(each.name, ""))
        for each in inspect.signature(check).parameters.values()
        if each.kind in _NAMED
    )


def require_settings(check: type[Check], names: Collection[str]) -> None:
    """Refuse settings that a check has not.

    :raises GovernanceError: ``PARAMETER_INVALID``, naming those it has.
    """
    if any(each.kind is each.VAR_KEYWORD for each in inspect.signature(check).parameters.values()):
        return
    known = [setting.name for setting in settings_of(check)]
    unknown = [repr(name) for name in names if name not in known]
    if unknown:
        there_are = f"it has {', '.join(known)}" if known else "it has none"
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The check {check.id} has no setting {', '.join(unknown)}: {there_are}.",
            check=check.id,
        )


def _docs(check: type[Check]) -> str:
    return f"{inspect.getdoc(check) or ''}\n\n{inspect.getdoc(check.__init__) or ''}"
