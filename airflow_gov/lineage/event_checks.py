"""Small checks of JSON values, put together to say what an event and its facets have to be like.

A check raises :class:`~airflow_gov.lineage.event_errors.EventError`, with the path as seen from the value,
and answers whether it met a null that stands for a member left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from airflow_gov.lineage.event_errors import EventError

Check = Callable[[Any], bool]

#: Bytes (UTF-8) of a namespace and of a name: together they fit into an index entry of PostgreSQL (2,704).
MAX_NAMESPACE = 600
MAX_NAME = 2_000

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:(\d\d)(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_LARGEST = 2**63
_ABSENT = object()
_KINDS = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


def wrong_kind(wanted: str, value: Any) -> EventError:
    """The error for a value of another type; it tells the type, not the value."""
    return EventError(f"has to be {wanted}, here it is {_KINDS.get(type(value), 'a number')}")


def missing() -> NoReturn:
    """Say that a member is missing; whoever holds the object adds its name.

    :raises EventError: always.
    """
    raise EventError("is missing")


def text(value: Any) -> bool:
    """Any string."""
    if type(value) is not str:
        raise wrong_kind("a string", value)
    return False


def boolean(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise wrong_kind("true or false", value)
    return False


def integer(value: Any) -> bool:
    """A whole number of 64 bits; ``5.0`` is one, as JSON Schema has it."""
    if type(value) is not int and not (type(value) is float and value.is_integer()):
        raise wrong_kind("a whole number", value)
    if not -_LARGEST <= value < _LARGEST:
        raise EventError("the number does not fit into 64 bits")
    return False


def bounded(most: int, *, least: int = 1) -> Check:
    """A name: so many bytes at most and at least, kept as it is whatever it holds.

    NUL and lone surrogates are refused: databases replace them, and two names would become one.
    """

    def check(value: Any) -> bool:
        if type(value) is not str:
            raise wrong_kind("a string", value)
        if len(value) < least:
            raise EventError("is empty")
        if (not value.isascii() or "\0" in value) and _NOT_TEXT.search(value):
            raise EventError("holds a NUL or half of a surrogate pair, which is no text")
        if len(value) > most or (not value.isascii() and len(value.encode()) > most):
            raise EventError(f"is longer than {most:,} bytes")
        return False

    return check


namespace, name = bounded(MAX_NAMESPACE), bounded(MAX_NAME)


def uuid(value: Any) -> bool:
    """A UUID in its usual writing (RFC 9562, section 4)."""
    if type(value) is not str:
        raise wrong_kind("a UUID", value)
    if not _UUID.fullmatch(value):
        raise EventError("is not a UUID (8-4-4-4-12 hexadecimal digits)")
    return False


def moment(value: Any) -> bool:
    """A date and time of RFC 3339, with its zone."""
    read_moment(value)
    return False


def read_moment(value: Any) -> datetime:
    """The moment in UTC, to the microsecond; a leap second is the second after."""
    if type(value) is not str:
        raise wrong_kind("a date and time", value)
    match = _MOMENT.fullmatch(value)
    if match is None:
        raise EventError(
            "is not a date and time of RFC 3339 with its zone, such as 2024-05-01T12:30:00.000Z "
            "or 2024-05-01T14:30:00+02:00"
        )
    leap = match[1] == "60"
    if leap:
        value = f"{value[:17]}59{value[19:]}"
    try:
        read = datetime.fromisoformat(value.upper()).astimezone(UTC)
        return read + timedelta(seconds=1) if leap else read
    except (ValueError, OverflowError):
        raise EventError("names a date or time that there is not") from None


def one_of(words: Collection[str]) -> Check:
    """One of these words."""
    allowed = frozenset(words)

    def check(value: Any) -> bool:
        if type(value) is not str:
            raise wrong_kind("a string", value)
        if value not in allowed:
            raise EventError(f"has to be one of {', '.join(sorted(allowed))}")
        return False

    return check


def each(check: Check) -> Check:
    """A list whose elements all pass."""

    def check_all(value: Any) -> bool:
        if type(value) is not list:
            raise wrong_kind("a list", value)
        nulls, index = False, 0
        try:
            for index, item in enumerate(value):  # noqa: B007 - told when one fails
                nulls |= check(item)
        except EventError as error:
            raise error.within(index) from None
        return nulls

    return check_all


def mapped(check: Check, *, key: Check = text) -> Check:
    """An object whose keys and values all pass."""

    def check_all(value: Any) -> bool:
        if type(value) is not dict:
            raise wrong_kind("an object", value)
        nulls, member = False, ""
        try:
            for member, item in value.items():
                key(member)
                nulls |= item is None or check(item)
        except EventError as error:
            raise error.within(member) from None
        return nulls

    return check_all


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members; others may stand beside them. Null leaves an optional one out."""
    needed, possible = tuple(required.items()), tuple((optional or {}).items())

    def check(value: Any) -> bool:
        if type(value) is not dict:
            raise wrong_kind("an object", value)
        nulls, member = False, ""
        try:
            for member, inner in needed:
                nulls |= inner(value[member]) if member in value else missing()
            for member, inner in possible:
                item = value.get(member, _ABSENT)
                if item is None:
                    nulls = True
                elif item is not _ABSENT:
                    nulls |= inner(item)
        except EventError as error:
            raise error.within(member) from None
        return nulls

    return check
