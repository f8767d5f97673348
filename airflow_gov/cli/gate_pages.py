"""Candidates, verdicts and reviews, as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from airflow_gov.cli import output
from airflow_gov.flow.deciding import rule_name
from airflow_gov.flow.standing import Stand, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.model.verdicts import Decision, Review, RuleResult, Verdict, Waiver

_STYLES = {
    Stand.FAILED: "bold red",
    Stand.OVERDUE: "bold red",
    Stand.REVIEW: "yellow",
    Stand.WAIVED: "yellow",
    Stand.PASSED: "green",
}


def print_standing(
    candidates: Sequence[Standing], reviews: Sequence[tuple[Stand, Review]], waivers: Sequence[Waiver]
) -> None:
    """What waits, and for whom."""
    if not (candidates or reviews or waivers):
        output.print_table([], [], empty="Nothing waits.")
        return
    if candidates:
        output.print_heading("Candidates")
        output.print_table(
            ["dataset*", "gate", "rows#", "written", "rules that block", "load*", "verdict*"],
            (_candidate(each) for each in candidates),
            empty="",
        )
    if reviews:
        output.print_heading("Reviews")
        output.print_table(
            ["dataset*", "version#", "state", "published", "deadline", "review*", "verdict*"],
            (_review(stand, review) for stand, review in reviews),
            empty="",
        )
    if waivers:
        output.print_heading("Waivers")
        output.print_table(
            ["dataset*", "rules", "steward", "until", "reason", "load*"],
            (
                [
                    each.dataset,
                    list(each.rules),
                    each.steward,
                    each.expires_at,
                    each.reason,
                    list(each.load_ids),
                ]
                for each in waivers
            ),
            empty="",
        )


def print_verdict(
    verdict: Verdict, decision: Decision | None, waivers: Sequence[Waiver], review: Review | None
) -> None:
    """A verdict, rule by rule, and what became of it."""
    output.console().print(f"{verdict.dataset}: verdict {verdict.verdict_id}", style="bold")
    output.console().print()
    output.print_facts(
        {
            "verdict": output.outcome(verdict.passed),
            "checked": verdict.checked_at,
            "snapshot": str(verdict.snapshot_id),
            "loads": list(verdict.load_ids),
            "rows": verdict.rows,
            "contract": verdict.contract_hash,
            "execution": verdict.execution_id,
            "decision": f"{decision.ruling} at {output.moment(decision.decided_at)}" if decision else None,
            "review": _review_facts(review),
            "waivers": [_waiver_facts(waiver) for waiver in waivers],
        }
    )
    output.print_heading("Rules")
    output.print_table(
        ["rule", "columns", "expected", "observed", "rows that broke it#", "", "by"],
        (_rule(result) for result in verdict.results),
        empty="",
    )
    for result in verdict.failures:
        if result.examples:
            output.print_heading(f"Keys of rows that break {rule_name(result)}")
            _print_examples(result.examples)


def print_overdue(found: Sequence[Review], *, taken_back: bool) -> None:
    """Versions that nobody confirmed in time."""
    output.print_table(
        ["dataset*", "version#", "state", "published", "deadline", "review*"],
        (
            [each.dataset, each.version, each.state.value, each.opened_at, each.deadline, each.review_id]
            for each in found
        ),
        empty="Nothing is overdue.",
    )
    if found and taken_back:
        output.console(stderr=True).print("Taken back. See: airflow-gov datasets versions DATASET")


def _candidate(each: Standing) -> list[Any]:
    verdict = each.verdict
    return [
        each.load.dataset,
        _stand(each.stand),
        each.load.counts.written,
        each.load.updated_at,
        [rule_name(result) for result in verdict.blocking] if verdict else None,
        each.load.load_id,
        verdict.verdict_id if verdict else None,
    ]


def _review(stand: Stand, review: Review) -> list[Any]:
    return [
        review.dataset,
        review.version,
        _stand(stand),
        review.opened_at,
        review.deadline,
        review.review_id,
        review.verdict_id,
    ]


def _rule(result: RuleResult) -> list[Any]:
    outcome = output.outcome(result.passed)
    if not result.passed and not result.blocks:
        outcome = Text("warning", style="yellow")
    return [
        result.rule,
        ", ".join(result.columns),
        result.expected,
        result.observed,
        result.failed_rows,
        outcome,
        result.engine,
    ]


def _print_examples(examples: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for example in examples for name in example))
    output.print_table(columns, ([example.get(name) for name in columns] for example in examples), empty="")


def _review_facts(review: Review | None) -> str | None:
    if review is None:
        return None
    if review.decided_at is None:
        return f"{review.review_id}, open until {output.moment(review.deadline)}"
    who = f" by {review.steward}" if review.steward else ""
    return f"{review.review_id}, {review.state}{who} at {output.moment(review.decided_at)}: {review.reason}"


def _waiver_facts(waiver: Waiver) -> str:
    return (
        f"{', '.join(waiver.rules)} by {waiver.steward} ({waiver.granted_by}) "
        f"until {output.moment(waiver.expires_at)}: {waiver.reason}"
    )


def _stand(stand: Stand) -> Text:
    return Text(stand.value, style=_STYLES.get(stand, ""))
