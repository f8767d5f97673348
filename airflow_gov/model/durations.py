"""Durations as people write them: ``24h``, ``7 days``, ISO 8601 (``P1DT12H``), or a number and a unit."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

_UNITS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 7 * 86400,
    "week": 7 * 86400,
    "mo": 365 * 86400 / 12,
    "month": 365 * 86400 / 12,
    "y": 365 * 86400,
    "yr": 365 * 86400,
    "year": 365 * 86400,
}
_SHORT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_NUMBER = r"(\d+(?:\.\d+)?)"
_ISO = re.compile(
    rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.IGNORECASE
)
_ISO_SECONDS = (7 * 86400, 86400, 3600, 60, 1)


def read_duration(value: Any, unit: Any = None) -> timedelta:
    """A duration.

    :param value: a text with its unit, or a number.
    :param unit: the number's unit, as ODCS `slaProperties` have it (``d``, ``day``, ``days``, …).
    :raises ValueError: when it is none, or not longer than nothing.
    """
    text = f"{value} {unit}" if isinstance(unit, str) else value
    seconds = _seconds(text) if isinstance(text, str) else None
    try:
        duration = timedelta(seconds=seconds or 0)
    except OverflowError:
        duration = timedelta()
    if not duration:
        raise ValueError(f"{text!r} is no duration: write e.g. 24h, 7d or P1DT12H")
    return duration


def _seconds(text: str) -> float | None:
    short = _SHORT.fullmatch(text.strip())
    if short is not None:
        word = short[2].lower()
        size = _UNITS.get(word, _UNITS.get(word.removesuffix("s")))
        return None if size is None else float(short[1]) * size
    iso = _ISO.fullmatch(text.strip())
    if iso is None:
        return None
    return sum(
        float(number) * size for number, size in zip(iso.groups(), _ISO_SECONDS, strict=True) if number
    )
