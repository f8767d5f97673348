"""Where a page of a list begins: what the last row before it sorts by, as text for an address."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.store.types import clean_text


def write_cursor(*values: Any) -> str:
    """A cursor.

    :param values: JSON-compatible; what the list is sorted by.
    """
    text = json.dumps(values, separators=(",", ":")).encode()
    return urlsafe_b64encode(text).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """What a cursor says.

    :param kinds: of its values, in order.
    :raises GovernanceError: ``PARAMETER_INVALID`` when it is none of these.
    """
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if [type(value) for value in values] == list(kinds) and all(map(_is_storable, values)):
            return tuple(clean_text(value) if isinstance(value, str) else value for value in values)
    except (ValueError, TypeError, RecursionError):
        pass
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        "after: this is not where a page of the list begins. Take it from the page before, or leave it out.",
        parameter="after",
    )


def _is_storable(value: Any) -> bool:
    """Whether a database can compare with it: whole numbers have 64 bits there."""
    return not isinstance(value, int) or -(2**63) <= value < 2**63
