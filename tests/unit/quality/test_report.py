"""The report of a verdict: what it shows, what it never shows, and that nothing in it comes alive."""

from __future__ import annotations

import base64
import hashlib
import re
import string
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_gov.model.contract import Column
from airflow_gov.model.types import Primitive
from airflow_gov.model.verdicts import Decision, RuleResult, Ruling, Verdict
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.report import render_report
from airflow_gov.quality.report.masking import MAX_SAMPLE, Mask
from airflow_gov.quality.report.trend import LENGTH, trend_of
from support import records, reports

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066" + "ÄÖß漢字🛫" * 400,
    "a\x00b\x1b[31m\ud800",
)


class Page(HTMLParser):
    """What a browser would make of it: elements, their attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._raw = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def problems(self) -> list[str]:
        """What could run, load, submit or lead elsewhere."""
        alive = {"script", "iframe", "object", "embed", "link", "img", "base", "form", "a", "input", "use"}
        found = [tag for tag, _ in self.elements if tag in alive]
        for tag, attributes in self.elements:
            found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
            found += [
                f"{tag} {name}" for name in attributes if name in ("style", "src", "href", "xlink:href")
            ]
        return found


def render(
    verdict: Verdict | None = None,
    *,
    contract: Any = reports.CONTRACT,
    history: Any = (),
    quarantined: Any = (),
    decision: Decision | None = None,
) -> str:
    return render_report(
        verdict or reports.verdict(), contract, history, quarantined=quarantined, decision=decision
    )


def full() -> str:
    return render(history=reports.history(), quarantined=reports.set_aside(), decision=reports.decision())


def test_it_shows_every_rule_and_first_what_blocks() -> None:
    html = full()
    order = [html.index(f">{name}<") for name in ("delay_is_plausible", "carriers_are_known", "columns")]
    assert order == sorted(order)
    text = Page(html).text
    for result in reports.RESULTS:
        for part in (
            result.rule,
            result.expected,
            result.observed,
            result.description,
            result.dimension or "",
        ):
            assert " ".join(part.split()) in text
    assert "7 of 9 rules hold on 327,346 rows; 1 that failed blocks. The gate did not publish it." in text
    assert "12 of 327,346" in text


def test_it_says_who_what_and_when() -> None:
    text = Page(full()).text
    for part in ("clean.flights", "1001", "2.1.0", "2026-03-01 12:00:00 UTC", "grace@example.com", "e1"):
        assert part in text
    assert "Flight operations" in text
    assert "refused, 2026-03-01 12:00:01 UTC" in text


@pytest.mark.parametrize(
    ("ruling", "word"),
    [
        (Ruling.PASSED, "Passed"),
        (Ruling.WARNED, "Published with warnings"),
        (Ruling.WAIVED, "Waived"),
        (Ruling.REVIEW, "In review"),
        (Ruling.REFUSED, "Refused"),
    ],
)
def test_its_title_is_the_ruling(ruling: Ruling, word: str) -> None:
    html = render(decision=reports.decision(ruling, waiver_id="waiver-7"))
    assert f"<title>{word}: clean.flights – Quality report</title>" in html
    assert "waiver-7" in html


@pytest.mark.parametrize(("results", "word"), [(reports.RESULTS, "Failed"), (reports.RESULTS[:1], "Passed")])
def test_a_check_alone_has_no_ruling(results: tuple[RuleResult, ...], word: str) -> None:
    text = Page(render(reports.verdict(results=results))).text
    assert f"{word}: clean.flights" in text
    assert "No gate ruled on this verdict." in text
    assert "Ruling" not in text


def test_it_needs_nothing_but_itself() -> None:
    page = Page(full())
    assert page.problems() == []
    style = re.search(r"<style>(.*?)</style>", full(), re.DOTALL)
    assert style
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_its_own_policy_allows_its_style_alone() -> None:
    html = full()
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [
        attributes["content"]
        for tag, attributes in Page(html).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'"


def hostile_everywhere(text: str) -> str:
    """A report whose every text is this one."""
    result = RuleResult(
        text,
        passed=False,
        columns=(text, "flight_id"),
        expected=text,
        observed=text,
        failed_rows=1,
        severity=text,
        engine=text,
        check=text + "!",
        dimension=text,
        description=text,
        value=text,
        rows=2,
        examples=({text: text},),
    )
    verdict = reports.verdict(verdict_id=text, contract_hash=text, execution_id=text, results=(result,))
    contract = replace(
        reports.CONTRACT,
        columns=(Column(text, Primitive("string")),),
        description=text,
        owner=text,
        stewards=(text,),
        version=text,
        path=text,
    )
    return render(
        verdict,
        contract=contract,
        history=[replace(verdict, verdict_id="past", checked_at=verdict.checked_at - timedelta(hours=1))],
        quarantined=[{"reason": text, "content": text, "file": text, "column": text}, {text: text}],
        decision=reports.decision(execution_id=text + "!", waiver_id=text),
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(text: str) -> None:
    html = hostile_everywhere(text)
    page = Page(html)
    assert page.problems() == []
    assert html.count("<script") == html.count("<img") == 0
    assert html.count("</style>") == 1
    html.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", html)


@given(text=st.text(st.characters(codec=None), min_size=1) | st.text(string.printable, min_size=1))
@settings(max_examples=60, deadline=None)
def test_no_text_makes_elements(text: str) -> None:
    page = Page(hostile_everywhere(text))
    assert page.problems() == []
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in Page(hostile_everywhere("plain")).elements}


def test_classified_values_are_masked_wherever_they_come_from() -> None:
    leaky = reports.broke("leaky", "email", examples=({"flight_id": 7, "email": reports.SECRET},))
    aside = [
        *reports.set_aside(),
        {"email": reports.SECRET, "flight_id": 1, "unknown": reports.SECRET},
        {
            "reason": f"'{reports.SECRET}' is no date",
            "file": "a.csv",
            "column": "email",
            "content": reports.SECRET,
        },
    ]
    html = render(reports.verdict(results=(leaky,)), quarantined=aside)
    assert reports.SECRET not in html
    assert ">7<" in html
    assert html.count(">masked<") >= 7


def test_without_classified_columns_all_is_shown() -> None:
    contract = replace(reports.CONTRACT, columns=reports.CONTRACT.columns[:3])
    table = Mask(contract).set_aside([{"reason": "not a row", "content": "1;2;3"}])
    assert table.columns == ("Reason", "as delivered")
    assert [cell.text for cell in table.rows[0]] == ["not a row", "1;2;3"]


def test_rows_set_aside_are_few_and_short() -> None:
    rows = [{"reason": "r", "content": '{"carrier": "' + "x" * 10_000 + '"}'}] * 1_000
    assert len(Mask(reports.CONTRACT).set_aside(rows).rows) == MAX_SAMPLE
    assert len(render(quarantined=rows)) < 60_000


def test_long_texts_are_cut_and_say_so() -> None:
    long = reports.broke("in_set", "carrier", expected=f"one of {', '.join(map(str, range(5_000)))}")
    text = Page(render(reports.verdict(results=(long,)))).text
    assert "characters more)" in text
    assert len(text) < 6_000


def test_the_trend_ends_with_this_verdict() -> None:
    now = reports.verdict()
    later = replace(now, verdict_id="later", checked_at=now.checked_at + timedelta(days=1))
    trend = trend_of(now, [later, *reports.history(), now])
    assert len(trend.verdicts) == LENGTH
    assert trend.verdicts[-1] == now
    assert list(trend.verdicts) == sorted(trend.verdicts, key=lambda each: each.checked_at)
    assert trend.rows[1].values[-1] == 2
    assert trend.rows[2].values[-1] == 14


@given(counts=st.lists(st.integers(0, 10**12), min_size=2, max_size=LENGTH))
@settings(max_examples=50, deadline=None)
def test_every_bar_is_in_the_drawing_and_what_is_not_zero_is_seen(counts: list[int]) -> None:
    past = [
        reports.verdict(
            verdict_id=str(number),
            checked_at=records.T0 + timedelta(minutes=number),
            results=(reports.broke("r", "carrier", failed_rows=count),),
        )
        for number, count in enumerate(counts)
    ]
    row = trend_of(past[-1], past).rows[2]
    assert row.values == tuple(counts)
    for value, bar in zip(row.values, row.bars, strict=True):
        assert (bar.height > 0) == (value > 0)
        assert 0 <= bar.y <= bar.y + bar.height <= 40.01


def test_the_trend_is_also_told_in_words() -> None:
    html = full()
    labels = [a["aria-label"] for tag, a in Page(html).elements if tag == "svg" and a.get("role") == "img"]
    assert [str(label).partition(",")[0] for label in labels] == [
        "Rules that held",
        "Rules that failed",
        "Rows that broke them",
    ]
    assert str(labels[2]).endswith("; 14")
    assert html.count('<th scope="row"><time') == LENGTH


def test_a_first_verdict_has_no_trend() -> None:
    assert "This is the first verdict on this dataset." in render()


def test_a_dataset_without_rules_or_rows() -> None:
    empty = reports.verdict(results=(), rows=0, dataset=DatasetName.parse("work.x"), execution_id=None)
    text = Page(render(empty)).text
    assert "0 of 0 rules hold on 0 rows" in text
    assert "The contract has no rules." in text


def test_it_is_the_same_every_time() -> None:
    assert full() == full()
