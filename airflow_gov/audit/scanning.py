"""What an audit scans before its checks look: contents that no scan has seen as they are promised now."""

from __future__ import annotations

import re
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
    from airflow_gov.model.classification import Scanned
    from airflow_gov.model.zones import DatasetName

#: Datasets that one audit scans, unless it is told otherwise.
SCANS = 100
#: A version that came after a scan this old is scanned, too.
AGAIN = timedelta(days=7)

#: Where the most people read comes first. Raw holds files; what is in them is in preprocessed.
_ORDER = (Zone.GOLD, Zone.CLEAN, Zone.WORK, Zone.PREPROCESSED, Zone.SENSITIVE)
_FILE = re.compile(r"[^\s'\"]+\.parquet")
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
    :param zones: those in which none is left.
    """

    most: int
    made: int = 0
    waiting: int = 0
    zones: frozenset[Zone] = frozenset()

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
    execution_id: str | None = None,
    failed: Callable[[DatasetName, Exception], None],
    on_progress: Callable[[DatasetName], None] = lambda _name: None,
) -> Scans:
    """Scan what is due in the audited zones, and keep what the scans propose.

    :param most: scan so many datasets; after as many that cannot be scanned no more are tried.
    :param actor: who asked for the audit; the log tells of each scan.
    :param execution_id: the execution in which the audit runs, if one does; for the log.
    :param failed: told of a dataset that cannot be scanned, and why.
    :param on_progress: told before every scan.
    """
    if not most:
        return Scans(most)
    made, in_vain, waiting = 0, 0, []
    for name in due(lake):
        # What can never be scanned stays due: it takes no place from the others, and no outage is tried out.
        if max(made, in_vain) >= most:
            waiting.append(name.zone)
            continue
        on_progress(name)
        try:
            scan(lake.governance, name, actor=actor, execution_id=execution_id)
            made += 1
        except GovernanceError as error:
            in_vain += 1
            if error.reason not in _GONE:
                failed(name, error)
        except Exception as error:  # noqa: BLE001 - whatever is in a table: the others are scanned all the same
            in_vain += 1
            failed(name, error)
    return Scans(most, made, len(waiting), frozenset(lake.zones) - frozenset(waiting))


def unreadable(name: DatasetName, error: Exception) -> GovernanceError:
    """What a dataset whose contents could not be read is told with: the file, and no value of it."""
    if isinstance(error, GovernanceError):
        return error
    file = _FILE.search(str(error))
    where = f"the data file {file.group()}" if file else "its data files"
    return GovernanceError(
        Reason.TABLE_UNREADABLE,
        f"{where[0].upper()}{where[1:]} cannot be read ({type(error).__name__}). Where the storage answers, "
        f"it is damaged: restore it, load {name} again, or roll back to a version that does not have it.",
        dataset=str(name),
    )


def due(lake: AuditedLake) -> list[DatasetName]:
    """Published datasets that are to be scanned: never scanned ones first, by zone, then the longest ago."""
    scans = lake.store.classifications.newest()
    order: dict[DatasetName, tuple[bool, int, str, str]] = {}
    for name in _published(lake):
        last = scans.get(name)
        if last is None:
            order[name] = (False, _ORDER.index(name.zone), "", name.name)
        elif _is_due(lake, name, last):
            order[name] = (True, _ORDER.index(name.zone), last.scanned_at.isoformat(), name.name)
    return sorted(order, key=order.__getitem__)


def _is_due(lake: AuditedLake, name: DatasetName, last: Scanned) -> bool:
    """Whether a dataset that was scanned is to be scanned again."""
    in_use = lake.contract_hashes.get(name)
    if last.contract_hash != in_use and (last.contract_hash is not None or _is_readable(lake, name)):
        return True
    # A clock may have been set back since.
    recent = lake.now - AGAIN < last.scanned_at <= lake.now
    return last.version != lake.summaries[name].version and not recent


def _is_readable(lake: AuditedLake, name: DatasetName) -> bool:
    """Whether the contract in use can be read: a scan without it would be made again and again."""
    try:
        return lake.dataset(name).contract is not None
    except GovernanceError:
        return False


def _published(lake: AuditedLake) -> Iterator[DatasetName]:
    for name in lake.names:
        summary = lake.summaries.get(name)
        if name.zone in _ORDER and not name.is_quarantine and summary is not None and summary.version:
            yield name
