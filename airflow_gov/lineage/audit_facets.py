"""An audit as a facet of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.lineage.facets import Facet, own_facet

if TYPE_CHECKING:
    from airflow_gov.model.audits import AuditRun


def audit_facet(run: AuditRun) -> Facet:
    """Our own facet of a run: what an audit looked at and how much it found; no finding itself."""
    return own_facet(
        "AirflowGovAuditRunFacet",
        "1-0-0",
        auditId=run.audit_id,
        kind=run.kind.value,
        zones=[zone.value for zone in run.zones],
        checks=list(run.checks),
        datasets=run.datasets,
        looked=run.looked,
        new=run.new,
        reopened=run.reopened,
        fixed=run.fixed,
        open=run.open,
        acknowledged=run.acknowledged,
        bySeverity=dict(run.by_severity),
        failedChecks=sorted(run.failed_checks),
    )
