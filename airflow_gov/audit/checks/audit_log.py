"""The log of governed acts, held against its own chain and against its anchors in the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import LakeCheck
from airflow_gov.flow.anchoring import verify_log
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Observation


class AuditLogBroken(LakeCheck):
    """A log that is not as it was written."""

    id = "audit-log-broken"
    title = "Audit log was edited"
    severity = Severity.CRITICAL
    explanation = (
        "Every governed act is an entry that contains the hash of the one before it, and anchors in the lake "
        "hold how far the log had come. An entry that was changed, added, removed or moved afterwards breaks "
        "the chain: somebody with access to the database rewrote what happened."
    )
    remedy = (
        "airflow-gov log verify names the first entry that is not as it was written. Find out who could "
        "write to the database then, restore the log from a backup, and keep the broken one as evidence."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """The whole log, every time: what was edited may lie anywhere in it."""
        verified = verify_log(audited.governance)
        if verified.fault is not None:
            yield self.found(
                "audit log",
                verified.fault.message,
                part=verified.fault.kind,
                kind=str(verified.fault.kind),
                sequence=verified.fault.sequence,
            )
        if not verified.protected:
            yield self.found(
                "audit log",
                "The database's own protection of the log (its triggers) is not there any more.",
                part="protection",
                severity=Severity.ERROR,
            )
