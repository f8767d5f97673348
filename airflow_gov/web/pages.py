"""Renders the templates: autoescaped, nothing undefined."""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from datetime import datetime


def render(template: str, *, status: int = 200, root: str = "", **context: Any) -> HTMLResponse:
    """A page.

    :param template: its file in ``templates/``.
    :param status: HTTP status.
    :param root: from the page's address to the application's start, e.g. ``../../``.
    :param context: what the template shows.
    """
    html = _environment().get_template(template).render(status=status, root=root, **context)
    return HTMLResponse(html, status)


# The one page for strangers cannot load our static files: they are closed as well. Its few lines of
# style and script are allowed by their hash and nothing else is (CSP Level 3, "hash-source").
_STRANGERS_STYLE = "body{font:14px/1.5 system-ui,sans-serif;margin:16px 24px}h1{font-size:24px}"
_STRANGERS_SCRIPT = (
    "try{if(parent!==self&&parent.document.documentElement.classList.contains('dark'))"
    "document.documentElement.style.colorScheme='dark'}catch{}"
)


def render_session_ended() -> HTMLResponse:
    """The page for those who are not logged in: it tells nothing and loads nothing."""
    page = render(
        "session_ended.html",
        status=401,
        style=Markup(_STRANGERS_STYLE),  # noqa: S704 - a constant
        script=Markup(_STRANGERS_SCRIPT),  # noqa: S704 - a constant
    )
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {_hash(_STRANGERS_STYLE)}; script-src {_hash(_STRANGERS_SCRIPT)}; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return page


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("airflow_gov.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=_number, size=_size, moment=_moment, seconds=_seconds, segment=partial(quote, safe="")
    )
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


def _seconds(value: float) -> str:
    if value < 60:
        return f"{value:.3g} s"
    minutes, seconds = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
