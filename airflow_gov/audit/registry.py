"""Which checks there are: those of the package, and those of third parties."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Collection
from functools import cache
from importlib.metadata import entry_points
from inspect import isabstract
from typing import TYPE_CHECKING, Any

from airflow_gov.audit import checks as built_in
from airflow_gov.audit.check import Check, DatasetCheck, LakeCheck
from airflow_gov.audit.check_settings import require_settings
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import CHECK_FAILED, Severity
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Observation

#: Packages name their checks in this group: ``my-check = "my_package.checks:MyCheck"``.
ENTRY_POINTS = "airflow_gov.audit_checks"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_classes() -> Mapping[str, type[Check]]:
    """Every check by its id: the package's by name, then third parties'.

    In place of one that cannot be used (its package cannot be imported, it lacks something, its id is taken)
    stands a check that says so when it is to look: the others go on.
    """
    found = dict(built_in_checks())
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        check, problem = _loaded(point)
        if check is not None and found.get(check.id, check) is not check:
            problem = f"its id {check.id!r} is that of {_name(found[check.id])}"
        if check is None or problem:
            check = unusable(_free(point.name, found), _told(point, problem))
        found[check.id] = check
    return found


def make_checks(
    ids: Sequence[str] | None = None, settings: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Check]:
    """Checks, ready to look.

    :param ids: which; default: all.
    :param settings: of some of them, by id: keyword arguments.
    :raises GovernanceError: ``PARAMETER_INVALID``: there is no such check, or it has no such setting; or none
        is named, so that nothing would be looked at.
    """
    if ids is not None and not ids:
        raise GovernanceError(Reason.PARAMETER_INVALID, "checks: name one check or more; None: all.")
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
    require_settings(check, settings)
    try:
        return check(**settings)
    except Exception as error:  # noqa: BLE001 - a stranger's class may raise anything
        if settings and isinstance(error, TypeError | ValueError):
            raise GovernanceError(
                Reason.PARAMETER_INVALID, f"The settings of the check {check.id}: {error}.", check=check.id
            ) from None
        return unusable(check.id, f"The check {check.id} cannot be made: {type(error).__name__}: {error}.")()


def installed_checks() -> frozenset[str] | None:
    """The ids of all checks; None while one cannot be used, for its id is not known then."""
    classes = check_classes()
    usable = all(each.__module__ != __name__ for each in classes.values())
    return frozenset(classes) if usable else None


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
    return isinstance(value, type) and _problem_of(value) is None


def _problem_of(value: object) -> str | None:
    """Why it cannot be used as a check; None: it can."""
    if not isinstance(value, type) or not issubclass(value, DatasetCheck | LakeCheck) or isabstract(value):
        return "it is no DatasetCheck and no LakeCheck that can be made"
    id_ = getattr(value, "id", None)
    if not isinstance(id_, str) or not _ID.fullmatch(id_) or id_ == CHECK_FAILED:
        return f"it has no id of letters, digits, hyphens, dots and underscores, or the reserved one: {id_!r}"
    if not isinstance(getattr(value, "severity", None), Severity):
        return "its severity is no airflow_gov.model.findings.Severity"
    if value.looks_at is not None and not _are_zones(value.looks_at):
        return "its looks_at holds no zones"
    texts = ("title", "explanation", "remedy", *(["repairs"] if value.repairs is not None else []))
    lacking = [name for name in texts if not isinstance(getattr(value, name, None), str)]
    return f"it has no {', '.join(lacking)}" if lacking else None


def _are_zones(value: object) -> bool:
    return isinstance(value, Collection) and all(isinstance(each, Zone) for each in value)


def _loaded(point: Any) -> tuple[type[Check] | None, str | None]:
    """What an entry point names, or why that cannot be used."""
    try:
        value = point.load()
    except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything when it is imported
        return None, f"{type(error).__name__}: {error}"
    problem = _problem_of(value)
    return (None, problem) if problem else (value, None)


def unusable(check_id: str, why: str) -> type[Check]:
    """A check that stands for one that cannot be used: when it is to look it says why it cannot."""

    def observe(_self: LakeCheck, _audited: AuditedLake) -> Iterator[Observation]:
        raise GovernanceError(Reason.CONFIGURATION_INVALID, why, check=check_id)

    told = {
        "__module__": __name__,
        "__init__": lambda _self, **_settings: None,
        "id": check_id,
        "title": "Check that cannot be used",
        "severity": Severity.ERROR,
        "explanation": f"{why} What it would find is not known.",
        "remedy": "Mend or remove the package that it comes from.",
        "observe": observe,
    }
    return type("Unusable", (LakeCheck,), told)


def _told(point: Any, problem: str | None) -> str:
    return (
        f"The audit check {point.name} = {point.value} of an installed package cannot be used: {problem}. "
        "Mend or remove that package."
    )


def _free(name: str, taken: Mapping[str, type[Check]]) -> str:
    """An id for what stands for an entry point: its name, where no check is called so."""
    id_ = re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("._-")[:80] or "check"
    while id_ in taken or id_ == CHECK_FAILED:
        id_ += "-unusable"
    return id_


def _name(check: type[Check]) -> str:
    return f"{check.__module__}:{check.__qualname__}"
