"""Which checks there are: those of the package, and those of third parties."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from inspect import isabstract
from typing import TYPE_CHECKING, Any

from airflow_gov.audit import checks as built_in
from airflow_gov.audit.check import Check, DatasetCheck, LakeCheck
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Packages name their checks in this group: ``my-check = "my_package.checks:MyCheck"``.
ENTRY_POINTS = "airflow_gov.audit_checks"


def check_classes() -> Mapping[str, type[Check]]:
    """Every check by its id: the package's by name, then third parties'.

    :raises GovernanceError: ``CONFIGURATION_INVALID``: an entry point cannot be loaded, names no check, or
        one whose id is taken.
    """
    found = dict(built_in_checks())
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        check = _loaded(point)
        if found.setdefault(check.id, check) is not check:
            raise _unusable(point, f"its id {check.id!r} is that of {_name(found[check.id])}")
    return found


def make_checks(
    ids: Sequence[str] | None = None, settings: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Check]:
    """Checks, ready to look.

    :param ids: which; default: all.
    :param settings: of some of them, by id: keyword arguments.
    :raises GovernanceError: ``PARAMETER_INVALID``: there is no such check, or it has no such setting.
    """
    classes = check_classes()
    unknown = sorted({*(ids or ()), *(settings or {})} - set(classes))
    if unknown:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"There is no check {', '.join(map(repr, unknown))}: airflow-gov audit list --checks shows which "
            "there are.",
            checks=unknown,
        )
    wanted = dict.fromkeys(classes if ids is None else ids)
    return [_made(classes[name], (settings or {}).get(name, {})) for name in wanted]


def _made(check: type[Check], settings: Mapping[str, Any]) -> Check:
    try:
        return check(**settings)
    except (TypeError, ValueError) as error:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"The settings of the check {check.id}: {error}.", check=check.id
        ) from None


@cache
def built_in_checks() -> Mapping[str, type[Check]]:
    """The package's checks by id."""
    found: dict[str, type[Check]] = {}
    for module in pkgutil.iter_modules(built_in.__path__, f"{built_in.__name__}."):
        for check in _checks_of(module.name):
            found[check.id] = check
    return dict(sorted(found.items()))


def _checks_of(module: str) -> Iterator[type[Check]]:
    for value in vars(importlib.import_module(module)).values():
        if _is_check(value) and value.__module__ == module:
            yield value


def _is_check(value: object) -> bool:
    """Whether it is a check, and not only what several checks have in common."""
    if not isinstance(value, type) or not issubclass(value, DatasetCheck | LakeCheck) or isabstract(value):
        return False
    return isinstance(getattr(value, "id", None), str)


def _loaded(point: Any) -> type[Check]:
    try:
        value = point.load()
    except Exception as error:  # a stranger's module may raise anything when it is imported
        raise _unusable(point, f"{type(error).__name__}: {error}") from error
    if not _is_check(value):
        raise _unusable(point, "it is no DatasetCheck and no LakeCheck with an id")
    check: type[Check] = value
    return check


def _unusable(point: Any, why: str) -> GovernanceError:
    return GovernanceError(
        Reason.CONFIGURATION_INVALID,
        f"The audit check {point.name} = {point.value} of an installed package cannot be used: {why}. "
        "Mend or remove that package.",
        entry_point=point.name,
    )


def _name(check: type[Check]) -> str:
    return f"{check.__module__}:{check.__qualname__}"
