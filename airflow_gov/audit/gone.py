"""What was found where nobody looks any more: it is fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.store.audit_looks import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.audit.check import Check
    from airflow_gov.audit.failures import Failures
    from airflow_gov.store.findings import Findings


def gone(
    lake: AuditedLake, findings: Findings, checks: Sequence[Check], failures: Failures
) -> Iterator[Seen]:
    """Places in the audited zones at which checks found something and will not look again.

    These are datasets that neither the store nor the lake knows any more, and what a check of the whole lake
    found that is one of datasets now, or the other way round.

    :param lake: what is audited.
    :param findings: what was found until now.
    :param checks: the checks that look; what others found stays.
    :param failures: those that could not, of which nothing is fixed by that.
    """
    names = set(map(str, lake.names))
    of_datasets = {check.id: isinstance(check, DatasetCheck) for check in checks}
    for check, scope in findings.scopes(of_datasets):
        zone, dot, _ = scope.partition(".")
        moved = bool(dot) is not of_datasets[check] and check not in failures.by_check
        is_gone = bool(dot) and scope not in names
        if (moved or is_gone) and zone in ("", *lake.zones):
            yield Seen(check, scope)
