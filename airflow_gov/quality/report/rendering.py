"""From a verdict to a page of HTML: static, one file, nothing loaded, nothing run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_gov import __version__
from airflow_gov.model.verdicts import Ruling, Severity
from airflow_gov.quality.report import documents
from airflow_gov.quality.report.masking import Mask, Table
from airflow_gov.quality.report.trend import trend_of

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.verdicts import Decision, RuleResult, Verdict


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
    style, mask = documents.style(), Mask(contract)
    html = (
        documents.environment(__package__)
        .get_template("report.html")
        .render(
            style=style,
            policy=documents.policy(style),
            WARNING=Severity.WARNING,
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
    return documents.as_text(html)


def _order(result: RuleResult) -> int:
    """What blocks first, then what warns, then what held; each in the suite's order."""
    return 0 if result.blocks else 1 if not result.passed else 2


def _banner(verdict: Verdict, decision: Decision | None) -> Banner:
    if decision is not None:
        return _RULINGS[Ruling(decision.ruling)]
    state, word = ("passed", "Passed") if verdict.passed else ("failed", "Failed")
    return Banner(state, word, "No gate ruled on this verdict.")
