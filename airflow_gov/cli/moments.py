"""Times as options of commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A time, or how long ago: ``2026-01-31``, ``2026-01-31T12:00:00Z``, ``90m``, ``24h``, ``7d``, ``2w``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time, with its zone."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if text[-1:] in _AGO and text[:-1].isdecimal():
                return datetime.now(UTC) - timedelta(**{_AGO[text[-1]]: int(text[:-1])})
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is no time: write 24h, 7d, 2026-01-31 or 2026-01-31T12:00:00Z", param, ctx)
