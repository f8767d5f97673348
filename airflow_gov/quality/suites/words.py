"""Numbers, lists and times as people read them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

#: Most characters of arguments that are told.
_MAX_TEXT = 200


def number_text(value: Any) -> str:
    """A number with separators, or another value as JSON has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def share_text(part: int, whole: int) -> str:
    """A part of rows with its percentage, e.g. ``3 of 1,200 rows (0.25 %)``."""
    percent = f" ({100 * part / whole:.3g} %)" if whole else ""
    return f"{part:,} of {whole:,} rows{percent}"


def duration_text(seconds: float) -> str:
    """A duration by its largest unit and the next, e.g. ``1 day 3 h``."""
    left = timedelta(seconds=round(seconds))
    hours, rest = divmod(left.seconds, 3600)
    parts = [
        (left.days, "day" if left.days == 1 else "days"),
        (hours, "h"),
        (rest // 60, "min"),
        (rest % 60, "s"),
    ]
    first = next((index for index, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number:,} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint at the known word that is most like another, or an empty text."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def cut(text: str, length: int = _MAX_TEXT) -> str:
    """A text of no more characters than anyone reads."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def in_snake_case(name: str) -> str:
    """``maxAge`` and ``MaxAge`` as ``max_age``, ``KLDivergence`` as ``kl_divergence``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def in_camel_case(name: str) -> str:
    """``max_age`` as ``maxAge``."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)
