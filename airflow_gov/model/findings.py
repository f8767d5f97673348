"""What audits find, and what becomes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName, Zone

#: The detail that says which Dag a finding names: only who may read that Dag sees the finding.
DAG_ID = "dag_id"
#: The details that name tasks or executions of whatever Dags: for those who may read every Dag. A check says
#: such names there and not in its message, or says which Dag they are of.
TASK_DETAILS = frozenset({"execution_id", "jobs", "tasks"})
#: The id of findings about checks that could not do their work.
CHECK_FAILED = "check-failed"
#: Characters of a message that are kept: lists show many of them, and a table may have thousands of columns.
LONGEST_MESSAGE = 2_000


class Severity(StrEnum):
    """How bad a finding is; from the least to the worst."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in that order, from 0."""
        return _RANKS[self]

    @classmethod
    def of_rank(cls, rank: int) -> Severity:
        """The severity at a place in that order."""
        return tuple(cls)[rank]


_RANKS: Mapping[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}


class FindingState(StrEnum):
    """Where a finding is in its life. ``reopened``: it was fixed and is there again, or what was
    acknowledged has expired or has become worse.
    """

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    FIXED = "fixed"
    REOPENED = "reopened"


#: The states in which a finding waits for somebody.
OPEN_STATES = (FindingState.NEW, FindingState.REOPENED)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a check saw in one audit.

    :param check: the check's id.
    :param subject: what it is about: a dataset, an object's URI, an execution; for people.
    :param message: what is wrong, in one sentence; without values of classified columns. The end of a very
        long one is cut off.
    :param severity: how bad it is.
    :param part: which of several things of the subject, e.g. a column or a snapshot.
    :param zone: the zone it lies in; the dataset's, where one is given.
    :param dataset: the dataset, where it is about one.
    :param details: facts; JSON-compatible, without values of classified columns.
    """

    check: str
    subject: str
    message: str
    severity: Severity
    part: str = ""
    zone: Zone | None = None
    dataset: DatasetName | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Checks of third parties make these: what no store could keep is refused where it is made.
        for name, kind in _KINDS.items():
            if not isinstance(getattr(self, name), kind):
                raise GovernanceError(
                    Reason.PARAMETER_INVALID,
                    f"The {name} of an observation of {self.check} is of {type(getattr(self, name))}, "
                    f"not of {kind}.",
                )
        if len(self.message) > LONGEST_MESSAGE:
            object.__setattr__(self, "message", f"{self.message[: LONGEST_MESSAGE - 1]}…")
        if self.dataset is not None and self.zone is None:
            object.__setattr__(self, "zone", self.dataset.zone)

    @property
    def key(self) -> str:
        """The finding it is an observation of: the same in every audit."""
        return finding_key(self.check, self.subject, self.part)


_KINDS: Mapping[str, Any] = {
    "check": str,
    "subject": str,
    "part": str,
    "message": str,
    "severity": Severity,
    "details": Mapping,
    "zone": Zone | None,
    "dataset": DatasetName | None,
}


def finding_key(check: str, subject: str, part: str = "") -> str:
    """20 hexadecimal characters that stand for one finding, whatever is told of it."""
    text = json.dumps([check, subject, part], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody knows of a finding and lets it be until a day.

    :param by: who.
    :param reason: why.
    :param at: when it was said.
    :param expires_at: until when it holds.
    """

    by: str
    reason: str
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What audits found, from the first time to the last.

    :param key: see :func:`finding_key`.
    :param check: the check's id.
    :param subject: what it is about.
    :param part: which part of it.
    :param zone: its zone.
    :param dataset: its dataset.
    :param severity: how bad it was when it was last seen.
    :param message: what was wrong then.
    :param details: facts of then.
    :param state: where it is in its life.
    :param first_seen_at: when an audit first found it.
    :param last_seen_at: when one last did.
    :param fixed_at: when one looked and it was gone.
    :param reopened: how often it came back.
    :param acknowledgement: who lets it be, while it is acknowledged.
    """

    key: str
    check: str
    subject: str
    part: str
    zone: Zone | None
    dataset: DatasetName | None
    severity: Severity
    message: str
    details: Mapping[str, Any]
    state: FindingState
    first_seen_at: datetime
    last_seen_at: datetime
    fixed_at: datetime | None = None
    reopened: int = 0
    acknowledgement: Acknowledgement | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody."""
        return self.state in OPEN_STATES

    @property
    def dag_id(self) -> str | None:
        """The Dag it names, if it names one: what its check says with that name among the details."""
        dag_id = self.details.get(DAG_ID)
        return None if dag_id is None else str(dag_id)

    @property
    def without_tasks(self) -> Finding:
        """The same without the names of tasks and executions."""
        if TASK_DETAILS.isdisjoint(self.details):
            return self
        told = {name: value for name, value in self.details.items() if name not in TASK_DETAILS}
        return replace(self, details=told)


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """One step in a finding's life.

    :param at: when.
    :param state: what it became.
    :param severity: how bad it was then.
    :param audit_id: the audit that saw it, if one did.
    :param by: who acknowledged it, if somebody did.
    :param reason: why.
    """

    at: datetime
    state: FindingState
    severity: Severity
    audit_id: str | None = None
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FindingsWanted:
    """Which findings; nothing said means all that are not fixed.

    :param states: in which states.
    :param checks: of which checks.
    :param failing: with `checks`: also that these checks could not do their work.
    :param zones: of which zones.
    :param zoneless: with `zones`: also those that are of no zone.
    :param dataset: of this dataset.
    :param least: at least this bad.
    :param text: with these words in subject or message.
    :param dags: of those that name a Dag, only these Dags'; None: whatever Dag they name.
    """

    states: tuple[FindingState, ...] = (
        FindingState.NEW,
        FindingState.REOPENED,
        FindingState.ACKNOWLEDGED,
    )
    checks: tuple[str, ...] = ()
    failing: bool = False
    zones: tuple[Zone, ...] = ()
    zoneless: bool = False
    dataset: DatasetName | None = None
    least: Severity = Severity.INFO
    text: str = ""
    dags: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class FindingsFacets:
    """How many findings there would be with another value of one filter; nothing of what there is none.

    :param states: by state.
    :param least: by the severity that they have at least, the worst first.
    :param checks: by check, most first.
    :param zones: by zone; those of no zone are left out.
    """

    states: Mapping[FindingState, int]
    least: Mapping[Severity, int]
    checks: Mapping[str, int]
    zones: Mapping[Zone, int]


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """Some findings, the worst first.

    :param findings: those of this page.
    :param total: how many there are on all pages.
    :param next: where the next page begins; None on the last.
    """

    findings: tuple[Finding, ...]
    total: int
    next: str | None = None
