"""From a verdict to a page of HTML: static, one file, nothing loaded, nothing run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from airflow_gov import __version__
from airflow_gov.model.verdicts import Ruling, Severity
from airflow_gov.quality.report.masking import Mask, Table
from airflow_gov.quality.report.trend import trend_of

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.verdicts import Decision, RuleResult, Verdict

#: The longest text a rule shows, in characters: expectations may list thousands of values.
MAX_TEXT = 600
#: Control characters, which HTML has no place for, and lone surrogates, which UTF-8 has none for.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Banner:
    """What the page says first.

    :param state: ``passed``, ``failed`` or ``noted``: how it is coloured, and which sign it has.
    :param word: in one or two words.
    :param sentence: what it means.
    """

    state: str
    word: str
    sentence: str


_RULINGS: Mapping[Ruling, Banner] = {
    Ruling.PASSED: Banner("passed", "Passed", "The gate let it through."),
    Ruling.WARNED: Banner("noted", "Published with warnings", "The gate let it through and told."),
    Ruling.WAIVED: Banner("noted", "Waived", "A steward let it through."),
    Ruling.REVIEW: Banner("noted", "In review", "Published; a steward confirms it or it is rolled back."),
    Ruling.REFUSED: Banner("failed", "Refused", "The gate did not publish it."),
}


def render_report(
    verdict: Verdict,
    contract: Contract,
    history: Sequence[Verdict],
    *,
    quarantined: Sequence[Mapping[str, Any]],
    decision: Decision | None,
) -> str:
    """Render the report of a verdict.

    Values of classified columns are masked, whatever the results and rows hold.

    :param verdict: the verdict.
    :param contract: the contract version it was given under.
    :param history: verdicts on the same dataset, for the trend.
    :param quarantined: some of the rows that were set aside: as they lie in the quarantine, or as they
        were in the dataset.
    :param decision: what a gate made of the verdict; None for a check alone.
    :returns: the HTML file's text.
    """
    style, mask = _style(), Mask(contract)
    html = (
        _environment()
        .get_template("report.html")
        .render(
            style=style,
            policy=f"default-src 'none'; style-src {_hash(style)}",
            software=f"airflow-gov {__version__}",
            verdict=verdict,
            contract=contract,
            decision=decision,
            banner=_banner(verdict, decision),
            results=sorted(verdict.results, key=_order),
            examples=[(result, mask.table(result.examples)) for result in verdict.results if result.examples],
            set_aside=mask.set_aside(quarantined) if quarantined else Table((), ()),
            trend=trend_of(verdict, history),
        )
    )
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", html)


def _order(result: RuleResult) -> int:
    """What blocks first, then what warns, then what held; each in the suite's order."""
    return 0 if result.blocks else 1 if not result.passed else 2


def _banner(verdict: Verdict, decision: Decision | None) -> Banner:
    if decision is not None:
        return _RULINGS[Ruling(decision.ruling)]
    state, word = ("passed", "Passed") if verdict.passed else ("failed", "Failed")
    return Banner(state, word, "No gate ruled on this verdict.")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("airflow_gov.quality.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, moment=_moment, shortened=_shortened)
    environment.globals["WARNING"] = Severity.WARNING
    return environment


@cache
def _style() -> Any:
    from markupsafe import Markup

    text = files(__package__).joinpath("templates", "report.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 - our own file


def _hash(text: str) -> str:
    """A style sheet as Content Security Policy Level 3 names it ("hash-source")."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"


def _shortened(text: str) -> str:
    left = len(text) - MAX_TEXT
    return text if left <= 0 else f"{text[:MAX_TEXT]}… ({left:,} characters more)"
