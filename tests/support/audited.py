"""Audits in a store as if some had been made: one finding of a dataset, one of a Dag, one that is fixed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.findings import Observation, Severity, finding_key
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.store.audit_looks import Seen
from airflow_gov.store.audits import Ending, Holder
from support.records import T0

FLIGHTS, DELAYS = DatasetName.parse("clean.flights"), DatasetName.parse("gold.delays")
HOSTILE = "<img src=x onerror=\"document.title='run'\"> '); DROP TABLE x;-- \u202e名前"
CHECKS = ("small-files", "execution-stuck", "stale", "shadow-table")
SMALL = finding_key("small-files", str(FLIGHTS))
STUCK = finding_key("execution-stuck", "e1")
STRAY = finding_key("stale", HOSTILE)
GONE = finding_key("small-files", str(DELAYS))


def small(dataset: DatasetName, severity: Severity = Severity.WARNING) -> Seen:
    message = f"{dataset} has 900 files of 1 kB."
    details = {"files": 900, "execution_id": "e1", "tasks": ["secret.read"]}
    found = Observation("small-files", str(dataset), message, severity, dataset=dataset, details=details)
    return Seen("small-files", str(dataset), (found,))


def stuck(dag_id: str = "secret") -> Seen:
    details = {"dag_id": dag_id, "task_id": "t"}
    message = f"{dag_id}.t is running for days."
    found = Observation("execution-stuck", "e1", message, Severity.ERROR, details=details)
    return Seen("execution-stuck", "", (found,))


def stray() -> Seen:
    found = Observation(
        "stale", HOSTILE, HOSTILE, Severity.CRITICAL, zone=Zone.RAW, details={HOSTILE: [HOSTILE, 1]}
    )
    return Seen("stale", "raw", (found,))


def begin(store: Store, audit_id: str) -> None:
    run = AuditRun(
        audit_id=audit_id,
        kind=AuditKind.FULL,
        state=AuditState.RUNNING,
        zones=tuple(Zone),
        checks=CHECKS,
        started_at=T0,
        ended_at=None,
        actor="ada",
    )
    store.audits.begin(run, Holder("here", 1), timedelta(minutes=2))


def audit(store: Store, audit_id: str, *saw: Seen, **ending: Any) -> AuditRun:
    """One whole audit."""
    begin(store, audit_id)
    store.audits.observed(audit_id, saw)
    return store.audits.finish(audit_id, Ending(datasets=9, **ending))


def fill(store: Store, move: Callable[[], None], dag_id: str = "secret") -> None:
    """Two audits.

    :param move: moves the store's clock.
    """
    audit(store, "first", small(FLIGHTS), small(DELAYS))
    move()
    gone = Seen("small-files", str(DELAYS))
    audit(store, "second", small(FLIGHTS), gone, stuck(dag_id), stray(), failed_checks={"stale": HOSTILE})
    move()
