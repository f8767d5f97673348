"""From an audit to a page of HTML: static, one file, nothing loaded, nothing run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_gov import __version__
from airflow_gov.audit.explaining import Explained, unknown
from airflow_gov.audit.trending import trend_of
from airflow_gov.model.audits import AuditState
from airflow_gov.model.findings import Finding, FindingState, Severity
from airflow_gov.quality.report import documents

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.audits import AuditRun

#: Findings of one check that are shown; the others are counted.
SHOWN = 100
#: Facts of a finding that are shown, and the longest text of one.
_FACTS, _FACT = 8, 160


@dataclass(frozen=True, slots=True)
class Section:
    """Something else that a report tells, as a table.

    :param heading: what it is.
    :param sentence: what it comes to.
    :param columns: what the columns are called; the first one names the row.
    :param rows: a text for each column.
    """

    heading: str
    sentence: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """How many findings there are, where a report is not given all of them.

    :param by_check: by check.
    :param by_severity: those that wait for somebody, by severity.
    :param acknowledged: those that somebody lets be.
    """

    by_check: Mapping[str, int]
    by_severity: Mapping[Severity, int]
    acknowledged: int

    @property
    def open(self) -> int:
        """Those that wait for somebody."""
        return sum(self.by_severity.values())


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one check.

    :param check: its id.
    :param explained: what they mean.
    :param total: how many there are.
    :param worst: how bad the worst is.
    :param findings: the worst of them.
    """

    check: str
    explained: Explained
    total: int
    worst: Severity
    findings: tuple[Finding, ...]

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - len(self.findings)


@dataclass(slots=True)
class _Collected:
    """What is kept of findings while they pass: some of each check, and numbers."""

    shown: dict[str, list[Finding]] = field(default_factory=dict)
    by_check: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[Severity] = field(default_factory=Counter)
    acknowledged: int = 0

    def add(self, finding: Finding) -> None:
        kept = self.shown.setdefault(finding.check, [])
        if len(kept) < SHOWN:
            kept.append(finding)
        self.by_check[finding.check] += 1
        self.acknowledged += finding.state is FindingState.ACKNOWLEDGED
        if finding.is_open:
            self.by_severity[finding.severity] += 1

    @property
    def totals(self) -> Totals:
        return Totals(self.by_check, self.by_severity, self.acknowledged)


def render_report(
    run: AuditRun,
    findings: Iterable[Finding],
    *,
    made_at: datetime,
    explained: Mapping[str, Explained],
    trend: Sequence[AuditRun] = (),
    totals: Totals | None = None,
    sections: Sequence[Section] = (),
) -> str:
    """Render the report of an audit that finished.

    Of each check at most :data:`SHOWN` findings are kept and shown, whatever their number.

    :param run: the audit.
    :param findings: what it left that is not fixed, the worst first.
    :param made_at: when they were read.
    :param explained: what the findings of each check mean.
    :param trend: audits that finished, oldest first.
    :param totals: how many findings there are; default: those given are all.
    :param sections: what else is to be told, e.g. the maturity of the lake.
    :raises ValueError: the audit has not finished: there is nothing that could be shown as its outcome.
    :returns: the HTML file's text.
    """
    if run.state is not AuditState.FINISHED:
        raise ValueError(f"the audit {run.audit_id} is {run.state}")
    collected = _Collected()
    for finding in findings:
        collected.add(finding)
    counted = totals or collected.totals
    groups = _groups(collected, counted, explained)
    sheet = documents.style(__package__)
    html = (
        documents.environment(__package__)
        .get_template("audit_report.html")
        .render(
            style=sheet,
            policy=documents.policy(sheet),
            software=f"airflow-gov {__version__}",
            run=run,
            made_at=made_at,
            totals=counted,
            severities=[each for each in reversed(Severity) if counted.by_severity.get(each)],
            groups=groups,
            clean=[
                (check, explained.get(check) or unknown(check))
                for check in run.checks
                if check not in collected.by_check and check not in run.failed_checks
            ],
            trend=trend_of(trend),
            sections=sections,
            facts=_facts,
        )
    )
    return documents.as_text(html)


def _groups(collected: _Collected, totals: Totals, explained: Mapping[str, Explained]) -> list[Group]:
    groups = [
        Group(
            check,
            explained.get(check) or unknown(check),
            max(totals.by_check.get(check, 0), len(findings)),
            max((finding.severity for finding in findings), key=lambda severity: severity.rank),
            tuple(sorted(findings, key=lambda each: -each.severity.rank)),
        )
        for check, findings in collected.shown.items()
    ]
    return sorted(groups, key=lambda group: (-group.worst.rank, -group.total, group.check))


def _facts(finding: Finding) -> list[tuple[str, str]]:
    """Some of what a check told beside its message."""
    told = [(name, value) for name, value in finding.details.items() if value not in (None, "", [], {})]
    return [(name.replace("_", " ")[:_FACT], _short(value)) for name, value in told[:_FACTS]]


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _FACT else f"{text[:_FACT]}…"
