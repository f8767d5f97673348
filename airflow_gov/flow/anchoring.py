"""The log held against the lake: anchors are written there, and compared with what the database says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_gov.model.log import Anchor, LogVerification
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


def verify_log(
    governance: Governance, *, on_progress: Callable[[int, int], None] | None = None
) -> LogVerification:
    """Check the whole log against its chain and against the anchors in the lake.

    :param on_progress: told now and then how many entries were checked, and how many there are.
    """
    # The anchors first: one that is written meanwhile is ahead of no log that is read afterwards.
    anchors = governance.lake.anchors.list()
    return governance.store.log.verify(anchors, on_progress=on_progress)


def anchor(governance: Governance, *, on_progress: Callable[[int, int], None] | None = None) -> Anchor | None:
    """Hold the newest entry of the log in the lake, after checking what came since the anchor before.

    :param on_progress: told now and then how many entries were checked, and how many there are.
    :returns: the anchor, also when that entry was anchored already; None while the log is empty.
    :raises GovernanceError: ``LOG_BROKEN``: an anchor would vouch for a log that is not as it was written.
    """
    anchors = governance.lake.anchors.list()
    newest = anchors[-1] if anchors else None
    checked = governance.store.log.verify(anchors, after=newest, on_progress=on_progress)
    if checked.fault is not None:
        raise GovernanceError(
            Reason.LOG_BROKEN,
            f"The log is not anchored, it is {checked.fault.kind}: {checked.fault.message} "
            f"Find out who did so, and see: airflow-gov log verify",
            kind=checked.fault.kind.value,
            sequence=checked.fault.sequence,
        )
    if checked.hash is None:
        return None
    last = checked.entries + (newest.sequence - 1 if newest is not None else 0)
    if newest is not None and newest.sequence == last:
        return newest
    return governance.lake.anchors.write(last, checked.hash, governance.clock())


def anchor_or_warn(governance: Governance) -> Anchor | None:
    """The same at the end of something that must not fail for it."""
    try:
        return anchor(governance)
    except GovernanceError as error:
        log.warning("The log was not anchored: %s", error)
        return None
