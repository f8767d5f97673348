"""What an audit is, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from airflow_gov.model.zones import Zone


class AuditKind(StrEnum):
    """Whether an audit looks at everything, or at what changed since the last one."""

    FULL = "full"
    INCREMENTAL = "incremental"


class AuditState(StrEnum):
    """How an audit stands. ``interrupted``: its process died; nothing of it counts."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One audit. All numbers are 0 until it is finished.

    :param audit_id: its id.
    :param kind: what it looks at.
    :param state: how it stands.
    :param zones: the zones it looks at.
    :param checks: the ids of its checks.
    :param started_at: when it began.
    :param ended_at: when it finished, or was found dead.
    :param actor: who asked for it.
    :param execution_id: the execution in which it ran, if one did.
    :param datasets: datasets of its zones.
    :param looked: pairs of check and dataset it looked at; the others are unchanged.
    :param new: findings it was the first to see.
    :param reopened: findings that it saw again, and those that were acknowledged and are not any more: their
        day has come, or they have become worse.
    :param fixed: findings that it saw to be gone.
    :param open: findings of all zones and checks that waited for somebody when it ended.
    :param acknowledged: findings that somebody let be then.
    :param by_severity: the open ones by severity.
    :param by_zone: the open ones by zone, ``""`` for those of none.
    :param failed_checks: ids of the checks that could not do their work, and why.
    :param plans: what checks say about what they looked at, by id: a sampling plan.
    """

    audit_id: str
    kind: AuditKind
    state: AuditState
    zones: tuple[Zone, ...]
    checks: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None
    actor: str
    execution_id: str | None = None
    datasets: int = 0
    looked: int = 0
    new: int = 0
    reopened: int = 0
    fixed: int = 0
    open: int = 0
    acknowledged: int = 0
    by_severity: Mapping[str, int] = field(default_factory=dict)
    by_zone: Mapping[str, int] = field(default_factory=dict)
    failed_checks: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrunedAudits:
    """How much was forgotten.

    :param audits: audits.
    :param reports: their pages.
    :param findings: findings that were fixed.
    :param events: steps of their lives.
    """

    audits: int
    reports: int
    findings: int
    events: int
