"""The form of a log entry that is hashed, and how its hash chains it to the entry before.

An entry's hash is the SHA-256 (hexadecimal) of the UTF-8 bytes of one JSON array without white space::

    ["airflow-gov log 1", sequence, at, action, subject, actor, execution_id, previous_hash, details]

in exactly this order, written as RFC 8785 writes it: strings between quotes with ``"``, ``\\`` and control
characters escaped (the short escape where JSON has one, else ``\\u00xx``) and all other Unicode as it is;
the number of the entry in decimal digits; ``null`` for no execution. ``at`` is the moment in UTC with six
digits of microseconds, ``2026-01-31T12:00:00.000000Z``. ``previous_hash`` is the hash of the entry before,
and 64 zeros for the first one. ``details`` comes last and is the JSON text that the database keeps, byte for
byte: so no change of it, not of a blank, goes unseen, and it need not be parsed to be checked.

:func:`canonical_json` is how that text is written: an object's keys in the order of their code points, no
white space, Unicode as it is, whole numbers in full, other numbers as Python writes them (the shortest digits
that are read back as the same number), NaN and the infinities as the strings ``"nan"``, ``"inf"`` and
``"-inf"``. Entries from before there was a chain keep the text they had.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any

#: The version of this form, the first element of what is hashed.
FORMAT = "airflow-gov log 1"
#: What the first entry has for the hash of the one before.
NO_HASH = "0" * 64


def canonical_json(value: Any) -> str:
    """JSON in the one form in which an entry's details are written.

    :param value: of dicts with string keys, lists, strings, numbers, booleans and None.
    """
    try:
        return _dump(value)
    except ValueError:
        return _dump(_finite(value))


def moment_text(at: datetime) -> str:
    """A moment as it is hashed.

    :raises ValueError: it has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def entry_bytes(
    sequence: int,
    at: str,
    action: str,
    subject: str,
    actor: str,
    execution_id: str | None,
    previous_hash: str,
    details: str,
) -> bytes:
    """What of an entry is hashed.

    :param at: as :func:`moment_text` gives it.
    :param details: the JSON text as it is kept.
    :raises TypeError: something is no text, as only a tampered database has it.
    """
    quoted = encode_basestring
    execution = "null" if execution_id is None else quoted(execution_id)
    return (
        f'["{FORMAT}",{sequence},{quoted(at)},{quoted(action)},{quoted(subject)},{quoted(actor)},'
        f"{execution},{quoted(previous_hash)}," + details + "]"
    ).encode("utf-8", "surrogateescape")


def entry_hash(
    sequence: int,
    at: str,
    action: str,
    subject: str,
    actor: str,
    execution_id: str | None,
    previous_hash: str,
    details: str,
) -> str:
    """The hash of an entry; parameters as for :func:`entry_bytes`."""
    hashed = entry_bytes(sequence, at, action, subject, actor, execution_id, previous_hash, details)
    return sha256(hashed).hexdigest()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
