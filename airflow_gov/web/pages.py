"""Renders the templates: autoescaped, nothing undefined."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from datetime import datetime


def render(template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page.

    :param template: its file in ``templates/``.
    :param status: HTTP status.
    :param context: what the template shows.
    """
    return HTMLResponse(_environment().get_template(template).render(status=status, **context), status)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("airflow_gov.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, size=_size, moment=_moment)
    return environment


# What is shown where no script runs; with one, host.js writes the same in the person's language.


def _number(value: int) -> str:
    return f"{value:,}"


def _size(value: int) -> str:
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}" if unit != "B" else f"{value} B"
        amount /= 1000
    return f"{amount:,.1f} TB"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
