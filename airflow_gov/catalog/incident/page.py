"""From an answer to one file of HTML: static, nothing loaded, nothing run, to be printed and sent."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from airflow_gov import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

    from airflow_gov.catalog.incident.answer import Incident

#: Control characters, which HTML has no place for, and lone surrogates, which UTF-8 has none for.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def to_html(incident: Incident) -> str:
    """The whole document; every name in it is text.

    :param incident: what was put together.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    html = (
        _environment()
        .get_template("incident.html")
        .render(
            incident=incident,
            style=style,
            policy=f"default-src 'none'; style-src 'sha256-{digest}'",
            software=f"airflow-gov {__version__}",
        )
    )
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", html)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("airflow_gov.catalog.incident"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, moment=_moment)
    return environment


@cache
def _style() -> Any:
    from markupsafe import Markup

    text = files(__package__).joinpath("templates", "incident.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 - a file of this package


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
