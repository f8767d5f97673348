"""What all reports share: one file of HTML that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

#: The longest text a report shows, in characters: expectations may list thousands of values.
MAX_TEXT = 600
#: Control characters, which HTML has no place for, and lone surrogates, which UTF-8 has none for.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@cache
def environment(package: str) -> Environment:
    """What renders the templates of a package: autoescaped, nothing undefined.

    :param package: its templates lie in its folder ``templates``.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(__package__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=_number, moment=_moment, shortened=_shortened)
    return made


@cache
def style(*packages: str) -> Any:
    """The style sheet of reports.

    :param packages: whose ``templates/report.css`` is added to that of all reports.
    """
    from markupsafe import Markup

    sheets = (files(each).joinpath("templates", "report.css") for each in (__package__, *packages))
    text = "".join(sheet.read_text("utf-8") for sheet in sheets)
    return Markup(text)  # noqa: S704 - our own files


def policy(sheet: str) -> str:
    """The policy of a document with this style sheet and nothing else: Content Security Policy Level 3
    ("hash-source").
    """
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"


def as_text(html: str) -> str:
    """The document without what no document can hold."""
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", html)


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"


def _shortened(text: str) -> str:
    left = len(text) - MAX_TEXT
    return text if left <= 0 else f"{text[:MAX_TEXT]}… ({left:,} characters more)"
