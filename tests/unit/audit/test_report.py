"""The report of an audit: one file that shows everything as text, whatever it is and however much."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from airflow_gov.audit.explaining import Explained, explanations
from airflow_gov.audit.report import SHOWN, Section, render_report
from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.findings import Acknowledgement, Finding, FindingState, Severity, finding_key
from airflow_gov.model.zones import DatasetName, Zone
from support.records import T0

HOSTILE = (
    "<img src=x onerror=alert(1)> '); DROP TABLE x;-- </style><script>alert(1)</script> \u202e名 \ud800\x00"
)
RUN = AuditRun(
    audit_id="a1",
    kind=AuditKind.FULL,
    state=AuditState.FINISHED,
    zones=tuple(Zone),
    checks=("small-files", "execution-stuck", "stale"),
    started_at=T0,
    ended_at=T0 + timedelta(minutes=3),
    actor="ada",
    execution_id="e1",
    datasets=12,
    looked=34,
    new=5,
    open=5,
    by_severity={"error": 2, "warning": 3},
    plans={"raw-object-tampered": "the newest 100 and 1 of 30"},
)


def finding(number: int = 1, **changes: Any) -> Finding:
    check = changes.pop("check", "small-files")
    values = {
        "key": finding_key(check, str(number)),
        "check": check,
        "subject": f"clean.t{number}",
        "part": "",
        "zone": Zone.CLEAN,
        "dataset": DatasetName.parse(f"clean.t{number}"),
        "severity": Severity.WARNING,
        "message": f"clean.t{number} is wrong.",
        "details": {"files": number},
        "state": FindingState.NEW,
        "first_seen_at": T0,
        "last_seen_at": T0,
    }
    return Finding(**values | changes)


def rendered(*findings: Finding, run: AuditRun = RUN, **more: Any) -> str:
    return render_report(run, findings, made_at=T0, explained=explanations(), **more)


class Document(HTMLParser):
    """Headings, the cells of tables, and every tag and attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.headings: list[str] = []
        self._into = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "h2":
            self.headings.append("")
            self._into = True

    def handle_endtag(self, tag: str) -> None:
        self._into = self._into and tag != "h2"

    def handle_data(self, data: str) -> None:
        if self._into:
            self.headings[-1] += data


def test_findings_are_grouped_by_check_the_worst_first() -> None:
    html = rendered(
        finding(1),
        finding(2, check="execution-stuck", severity=Severity.CRITICAL, dataset=None, zone=None),
        finding(3),
    )
    assert Document(html).headings == [
        "Execution stuck in running 1",
        f"{explanations()['small-files'].title} 2",
        "Checks that found nothing 1",
        "What was looked at by sample",
    ]
    assert html.count(str(explanations()["small-files"].remedy)[:30]) == 1, "once per group"
    for fact in (
        "critical",
        "3 findings wait",
        "the newest 100 and 1 of 30",
        "clean.t3 is wrong.",
        "e1",
        "(default: 24)",
    ):
        assert fact in html


def test_an_audit_that_did_not_finish_has_no_report() -> None:
    for state in (AuditState.RUNNING, AuditState.INTERRUPTED):
        with pytest.raises(ValueError, match=state):
            rendered(run=replace(RUN, state=state))


def test_nothing_found_and_checks_that_failed_are_told() -> None:
    assert "Nothing is open" in rendered()
    html = rendered(run=replace(RUN, failed_checks={"stale": "ValueError: " + HOSTILE}))
    assert "1 check could not do its work" in html
    assert "ValueError: &lt;img" in html


def test_everything_is_text_and_nothing_runs_or_loads() -> None:
    known = Acknowledgement(HOSTILE, HOSTILE, T0, T0 + timedelta(days=1))
    hostile = finding(
        1,
        check=HOSTILE,
        subject=HOSTILE,
        message=HOSTILE,
        details={HOSTILE: HOSTILE, "list": [HOSTILE]},
        state=FindingState.ACKNOWLEDGED,
        acknowledgement=known,
    )
    run = replace(RUN, actor=HOSTILE, checks=(HOSTILE, "x" + HOSTILE), plans={HOSTILE: HOSTILE})
    html = render_report(
        run,
        [hostile],
        made_at=T0,
        explained={HOSTILE: Explained(HOSTILE, HOSTILE, HOSTILE, HOSTILE)},
        sections=[Section(HOSTILE, HOSTILE, (HOSTILE, "b"), ((HOSTILE, HOSTILE),))],
    )
    html.encode()
    document = Document(html)
    assert not {"script", "img", "iframe", "form", "a", "link", "base"} & set(document.tags)
    assert document.tags.count("style") == 1
    assert not [name for name, _ in document.attributes if name.startswith("on") or name in ("style", "src")]
    assert "\x00" not in html
    policy = dict(document.attributes)["content"]
    assert re.search(r"content=\"default-src &#39;none&#39;; style-src &#39;sha256-", html), policy


def test_the_trend_ends_with_this_audit() -> None:
    earlier = [
        replace(RUN, audit_id=f"a{number}", started_at=T0 - timedelta(days=number), by_severity=by_severity)
        for number, by_severity in ((3, {}), (2, {"critical": 1}), (1, {"info": 1000}))
    ]
    html = rendered(trend=[*earlier, RUN])
    assert "0 after the first of them, 5 after the last, 1,000 at most" in html
    heights = [float(each) for each in re.findall(r'<rect [^>]* height="([\d.]+)"', html)]
    assert heights[:2] == [0.0, 0.0]
    assert max(heights) == 44.0
    assert min(height for height in heights if height) == 2.0
    assert 'id="trend"' not in rendered(trend=[RUN])


def test_an_acknowledged_finding_is_not_counted_as_open() -> None:
    known = Acknowledgement("grace", "until the move", T0, T0 + timedelta(days=1))
    html = rendered(finding(1, state=FindingState.ACKNOWLEDGED, acknowledgement=known))
    assert "1 finding is acknowledged." in html
    assert "until the move" in html


def test_a_hundred_thousand_findings_are_counted_and_some_are_shown() -> None:
    some = [finding(number, check=f"check-{number % 10}", message="x" * 2_000) for number in range(100)]
    html = render_report(RUN, (each for _ in range(1_000) for each in some), made_at=T0, explained={})
    assert html.count(f"{'x' * 600}… (1,400 characters more)") == 10 * SHOWN
    assert html.count("9,900 more of this check are not shown") == 10
    assert "100,000 findings wait for somebody" in html
    assert len(html) < 3_000_000


def test_findings_that_are_not_shown_are_not_kept() -> None:
    one = finding()
    many = (replace(one, message=str(number).zfill(5_000)) for number in range(10_000))
    tracemalloc.start()
    render_report(RUN, many, made_at=T0, explained={})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000, "all messages together have 50 MB"
