"""What routes of lineage take and give: parameters of addresses read, answers as camelCase JSON."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.graph import Direction

if TYPE_CHECKING:
    from starlette.requests import Request

_UNKNOWN = frozenset(
    {
        Reason.COLUMN_UNKNOWN,
        Reason.DATASET_NAME_INVALID,
        Reason.DATASET_UNKNOWN,
        Reason.JOB_UNKNOWN,
        Reason.LOAD_UNKNOWN,
        Reason.VERSION_UNKNOWN,
    }
)
_UNAVAILABLE = frozenset(
    {
        Reason.CONFIGURATION_INVALID,
        Reason.DEPENDENCY_MISSING,
        Reason.STORE_SCHEMA,
        Reason.STORE_UNAVAILABLE,
    }
)
#: Fields that are left out where they say nothing: only comparisons have them.
_OPTIONAL = frozenset({"status", "changes"})
_LONGEST = 4_000
_MOST = 500
_WORD = re.compile(r"_([a-z])")
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


class LastEvent:
    """When the newest event that was ever shown arrived: the banner of a store that is down names it."""

    at: datetime | None = None


def answering(last: LastEvent) -> type[APIRoute]:
    """A class of routes that translates errors of ours, with JSON whatever is accepted.

    :param last: remembered between requests.
    """

    class LineageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except GovernanceError as error:
                    return _refused(error, last)

            return answer

    return LineageRoute


def _refused(error: GovernanceError, last: LastEvent) -> Response:
    told: dict[str, Any] = {"detail": error.message, "reason": error.reason.value}
    if error.reason in _UNKNOWN:
        return JSONResponse(told, 404)
    if error.reason is Reason.PARAMETER_INVALID:
        return JSONResponse(told | {"path": error.attributes.get("parameter")}, 422)
    if error.reason in _UNAVAILABLE:
        return JSONResponse(told | {"lastEventAt": last.at.isoformat() if last.at else None}, 503)
    return JSONResponse(told, 500)


def answer(value: Any) -> JSONResponse:
    """A value of the model as JSON."""
    return JSONResponse(plain(value))


def plain(value: Any) -> Any:
    """Dataclasses as objects with camelCase names, moments in ISO 8601 UTC; mappings as they are."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            _camel(field.name): plain(found)
            for field in dataclasses.fields(value)
            if (found := getattr(value, field.name)) or field.name not in _OPTIONAL
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def whole(text: str | None, name: str, default: int, *, least: int = 0, most: int) -> int:
    """A whole number of an address; more than the most is the most.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if text is None or text == "":
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise _invalid(name, text, "a whole number")
    number = int(text)
    if number < least:
        raise _invalid(name, text, f"at least {least}")
    return min(number, most)


def moment(text: str | None, name: str) -> datetime | None:
    """A moment of an address; without a zone it is UTC.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if not text:
        return None
    try:
        # A plus that was not encoded arrives as a space.
        at = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _invalid(name, text, "a moment as in 2026-03-01T06:00:00Z") from None


def short(text: str | None, name: str) -> str:
    """A text that has to be there, and is no longer than any name.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if not text:
        raise GovernanceError(Reason.PARAMETER_INVALID, f"{name} is missing.", parameter=name)
    if len(text) > _LONGEST:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{name} is longer than {_LONGEST:,} characters.", parameter=name
        )
    return text


def several(texts: Sequence[str], name: str) -> tuple[str, ...]:
    """Texts that a parameter gives once each.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if len(texts) > _MOST:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{name} is given more than {_MOST} times.", parameter=name
        )
    return tuple(short(text, name) for text in texts)


def expansions(text: str | None) -> tuple[tuple[str, Direction], ...]:
    """``d1:up,d7:down`` as pairs.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    found = []
    for word in (text or "").split(","):
        node, _, way = word.strip().partition(":")
        if not node and not way:
            continue
        if way not in Direction._value2member_map_:
            raise _invalid("expand", word, "ids with a direction, e.g. d1:up,j7:down")
        found.append((node, Direction(way)))
    if len(found) > 200:
        raise GovernanceError(Reason.PARAMETER_INVALID, "expand has more than 200 nodes.", parameter="expand")
    return tuple(found)


def _invalid(name: str, text: str, wanted: str) -> GovernanceError:
    return GovernanceError(
        Reason.PARAMETER_INVALID, f"{name}={text[:80]!r}: it has to be {wanted}.", parameter=name
    )


def _camel(name: str) -> str:
    return _WORD.sub(lambda match: match[1].upper(), name)
