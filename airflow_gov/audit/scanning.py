"""What an audit scans before its checks look: contents that no scan has seen as they are promised now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.catalog.classification.measuring import DEFAULT_SAMPLE
from airflow_gov.catalog.classification.scanning import scan
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.zones import DatasetName

#: Datasets that one audit scans, unless it is told otherwise.
SCANS = 100
#: A version that came after a scan this old is scanned, too.
AGAIN = timedelta(days=7)

#: Where the most people read comes first. Raw holds files; what is in them is in preprocessed.
_ORDER = (Zone.GOLD, Zone.CLEAN, Zone.WORK, Zone.PREPROCESSED, Zone.SENSITIVE)
#: What other checks tell of.
_GONE = frozenset(
    {Reason.DATASET_UNKNOWN, Reason.SOURCE_UNPUBLISHED, Reason.TABLE_UNREADABLE, Reason.VERSION_UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class Scans:
    """What an audit scanned.

    :param most: how many datasets it might scan.
    :param made: how many it scanned.
    :param waiting: how many are left for the next audits.
    """

    most: int
    made: int = 0
    waiting: int = 0

    def __str__(self) -> str:
        if not self.most:
            return "none is made, those that were made count"
        return (
            f"{DEFAULT_SAMPLE:,} rows of up to {self.most:,} datasets in an audit: those never scanned, with "
            f"another contract since, or published anew {AGAIN.days} days after; {self.made:,} scanned now, "
            f"{self.waiting:,} wait"
        )


def scan_due(
    lake: AuditedLake,
    most: int,
    *,
    actor: str,
    failed: Callable[[DatasetName, Exception], None],
    on_progress: Callable[[DatasetName], None] = lambda _name: None,
) -> Scans:
    """Scan what is due in the audited zones, and keep what the scans propose.

    :param most: scan so many datasets; what is not there or cannot be read is passed over and not counted.
    :param actor: who asked for the audit; the log tells of each scan.
    :param failed: told of a dataset that cannot be scanned, and why.
    :param on_progress: told before every scan.
    """
    made, waiting = 0, 0
    for name in due(lake) if most else ():
        if made == most:
            waiting += 1
            continue
        on_progress(name)
        try:
            scan(lake.governance, name, actor=actor)
            made += 1
        except GovernanceError as error:
            if error.reason not in _GONE:
                failed(name, error)
        except Exception as error:  # noqa: BLE001 - whatever is in a table: the others are scanned all the same
            failed(name, error)
    return Scans(most, made, waiting)


def due(lake: AuditedLake) -> list[DatasetName]:
    """Published datasets that are to be scanned: by zone, never scanned ones first, then the longest ago."""
    scans = lake.store.classifications.newest()
    order: dict[DatasetName, tuple[int, str, str]] = {}
    for name in _published(lake):
        last = scans.get(name)
        if last is None:
            order[name] = (_ORDER.index(name.zone), "", name.name)
            continue
        promised = last.contract_hash is not None and last.contract_hash != lake.contract_hashes.get(name)
        anew = last.version != lake.summaries[name].version and last.scanned_at <= lake.now - AGAIN
        if promised or anew:
            order[name] = (_ORDER.index(name.zone), last.scanned_at.isoformat(), name.name)
    return sorted(order, key=order.__getitem__)


def _published(lake: AuditedLake) -> Iterator[DatasetName]:
    for name in lake.names:
        summary = lake.summaries.get(name)
        if name.zone in _ORDER and not name.is_quarantine and summary is not None and summary.version:
            yield name
