"""Findings repaired, one after the other, each said in the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.audit.failures import told
from airflow_gov.audit.looking import raise_fatal
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import OPEN_STATES, FindingsWanted
from airflow_gov.model.loads import LogEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from airflow_gov.audit.check import Check
    from airflow_gov.model.audits import AuditRun
    from airflow_gov.model.findings import Finding
    from airflow_gov.model.zones import DatasetName, Zone
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one finding that was to be repaired.

    :param key: the finding's.
    :param check: the check's id.
    :param subject: what it is about.
    :param dataset: the dataset it is about.
    :param done: whether it was repaired.
    :param outcome: what was done, or why nothing was, in one sentence.
    """

    key: str
    check: str
    subject: str
    dataset: DatasetName | None
    done: bool
    outcome: str


def require_repairable(ids: Collection[str], checks: Sequence[Check]) -> None:
    """Refuse a repair that there is not.

    :param ids: checks whose findings are to be repaired.
    :param checks: those of the audit.
    :raises GovernanceError: ``PARAMETER_INVALID``, naming those that repair.
    """
    able = sorted(check.id for check in checks if check.repairs is not None)
    unable = sorted(set(ids) - set(able))
    if unable:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{', '.join(map(repr, unable))} repairs nothing in this audit; of its checks these do: "
            f"{', '.join(able) or 'none'}.",
            checks=unable,
        )


def repair(
    governance: Governance,
    check: Check,
    zones: Sequence[Zone],
    *,
    actor: str,
    execution_id: str | None = None,
) -> list[Repaired]:
    """Repair what a check found in these zones and nobody acknowledged.

    What cannot be repaired stays a finding; the others go on.

    :param actor: who asked for it; kept in the log.
    :param execution_id: the execution in which it happens, if one does.
    """
    wanted = FindingsWanted(states=OPEN_STATES, checks=(check.id,), zones=tuple(zones), zoneless=True)
    findings = list(governance.store.audits.findings.each(wanted))
    return [_repaired(governance, check, finding, actor, execution_id) for finding in findings]


def together(run: AuditRun, again: AuditRun) -> AuditRun:
    """An audit, and the one after its repairs, as one: what both found, and what is left now.

    :param run: the audit.
    :param again: the one that looked at what the repairs left, with the checks that repair.
    """
    failed = {check: why for check, why in run.failed_checks.items() if check not in again.checks}
    return replace(
        run,
        ended_at=again.ended_at,
        looked=run.looked + again.looked,
        new=run.new + again.new,
        reopened=run.reopened + again.reopened,
        fixed=run.fixed + again.fixed,
        open=again.open,
        acknowledged=again.acknowledged,
        by_severity=again.by_severity,
        by_zone=again.by_zone,
        failed_checks={**failed, **again.failed_checks},
        plans={**run.plans, **again.plans},
    )


def _repaired(
    governance: Governance, check: Check, finding: Finding, actor: str, execution_id: str | None
) -> Repaired:
    try:
        outcome, done = check.repair(finding, governance, actor), True
    except Exception as error:  # noqa: BLE001 - a stranger's check: told, and the next is repaired
        raise_fatal(error)
        outcome, done = told(error), False
        log.warning("%s of %s was not repaired: %s", finding.check, finding.subject, outcome)
    if done:
        governance.store.log.append(
            LogEntry(
                action="finding.repaired",
                subject=str(finding.dataset) if finding.dataset is not None else finding.subject,
                actor=actor,
                at=governance.clock(),
                details={
                    "finding": finding.key,
                    "check": finding.check,
                    "about": finding.subject,
                    "outcome": outcome,
                },
                execution_id=execution_id,
            )
        )
    return Repaired(finding.key, finding.check, finding.subject, finding.dataset, done, outcome)
