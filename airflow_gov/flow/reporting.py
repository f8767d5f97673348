"""The report of a check, made and kept; that it cannot be made stops nothing."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.verdicts import Decision, Verdict
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: How many verdicts the trend goes back.
TREND = 30
#: How many rows that were set aside it shows.
SAMPLE = 20


def keep_report(
    governance: Governance, verdict: Verdict, contract: Contract, decision: Decision | None = None
) -> None:
    """Render the report of a verdict and keep it, in place of an earlier one.

    :param decision: what a gate made of the verdict; None for a check alone.
    """
    try:
        from airflow_gov.quality.report import render_report

        html = render_report(
            verdict,
            contract,
            governance.store.verdicts.list(verdict.dataset, TREND),
            quarantined=_sample(governance, verdict),
            decision=decision,
        )
        governance.store.reports.put(verdict.verdict_id, html, governance.clock())
    except Exception:
        # A report is for people to look at: the verdict stands without it.
        log.warning("The report of verdict %s cannot be made.", verdict.verdict_id, exc_info=True)


def _sample(governance: Governance, verdict: Verdict) -> Sequence[dict[str, Any]]:
    """Some of the rows that gates set aside of these loads; the report masks what is classified."""
    from airflow_gov.flow.quarantining import aside_id

    quarantine, found = verdict.dataset.quarantine, list[dict[str, Any]]()
    head = governance.lake.head(quarantine) if verdict.load_ids else None
    if head is None:
        return []
    for load_id in verdict.load_ids:
        scan = governance.lake.scan(quarantine, head, load_id=aside_id(load_id))
        rows = (row for batch in scan.to_reader() for row in batch.slice(0, SAMPLE).to_pylist())
        found.extend(itertools.islice(rows, SAMPLE - len(found)))
    return found
