"""What audits leave behind is kept for so long as is set, and not forever."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError

if TYPE_CHECKING:
    from airflow_gov.model.audits import PrunedAudits
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


def forget_old_audits(governance: Governance) -> PrunedAudits | None:
    """Take away audits, and findings that were fixed, of before the days that are kept.

    At the end of an audit, which must not fail for it: what could not be taken away goes the next time.

    :returns: how much; None where the store refused.
    """
    before = governance.clock() - timedelta(days=governance.settings.audit_retention_days)
    try:
        pruned = governance.store.audits.pruning.prune(before)
    except GovernanceError as error:
        log.warning("Audits of before %s were not taken away: %s", before.date(), error)
        return None
    if pruned.audits or pruned.findings:
        log.info(
            "Of before %s, %d audits and %d findings that were fixed were taken away.",
            before.date(),
            pruned.audits,
            pruned.findings,
        )
    return pruned
