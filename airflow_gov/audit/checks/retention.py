"""Rows that are kept longer than their contract allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import Severity
from airflow_gov.model.promises import agreed_retention
from airflow_gov.model.sql_text import identifier
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.model.findings import Observation
    from airflow_gov.model.promises import Retention

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_VERSIONS = 100_000
_MOMENTS = ("date", "timestamp")


class RetentionOverdue(DatasetCheck):
    """A dataset with rows, or versions, past the retention that was agreed."""

    id = "retention-overdue"
    title = "Kept longer than agreed"
    severity = Severity.ERROR
    explanation = (
        "slaProperties of a contract say how long rows are kept (retention; an element names the column that "
        "says of when a row is, else it counts from its publication). Personal data that is kept longer has "
        "no lawful ground any more (GDPR, article 5(1)(e)). Old versions count: they can still be read."
    )
    remedy = (
        "Load the dataset without the rows whose time has passed, then run maintenance, so that old versions "
        "go; for raw, remove the deliveries. Or agree on another retention."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By what the contract in use says, counted in whole days (UTC)."""
        if audited.contract is None:
            return
        try:
            retention = agreed_retention(audited.contract)
        except GovernanceError as error:
            yield self.found_in(audited, f"{audited.name}: {error.message}", part="retention")
            return
        if retention is None or audited.table is None:
            return
        limit = _today(audited) - retention.kept_for
        yield from self._rows(audited, retention, limit)
        yield from self._versions(audited, limit)

    def token(self, audited: AuditedDataset) -> str:
        """The data, and the day."""
        return audited.state(_today(audited).date())

    def _rows(self, audited: AuditedDataset, retention: Retention, limit: datetime) -> Iterator[Observation]:
        """The oldest rows that readers see."""
        if audited.table is None or audited.head is None or not audited.head.rows:
            return
        if audited.zone is Zone.RAW:
            count, oldest = _older(audited, "delivered_at", limit)
        elif retention.column is not None:
            kind = next((each.type for each in audited.table.columns if each.name == retention.column), "")
            if not kind.startswith(_MOMENTS):
                yield self.found_in(
                    audited,
                    f"{audited.name}: its retention counts from {retention.column}, which is no date and no "
                    "time in the table.",
                    part="retention",
                )
                return
            count, oldest = _older(audited, retention.column, limit)
        else:
            count, oldest = _published_before(audited, limit)
        if count and oldest is not None:
            yield self.found_in(
                audited,
                f"{audited.name} has {count:,} rows of before {limit.date()}, the oldest of {oldest.date()}.",
                part="rows",
                rows=count,
                oldest=oldest.isoformat(),
                limit=limit.isoformat(),
            )

    def _versions(self, audited: AuditedDataset, limit: datetime) -> Iterator[Observation]:
        """Snapshots from before the limit that are not what readers see."""
        assert audited.table is not None  # noqa: S101 - observe() calls it for tables alone
        old = [
            snapshot
            for snapshot in audited.table.snapshots
            if snapshot.rows and snapshot.committed_at < limit and snapshot.snapshot_id != audited.table.head
        ]
        if old:
            yield self.found_in(
                audited,
                f"{audited.name} keeps {len(old):,} versions and candidates from before {limit.date()}.",
                part="versions",
                versions=len(old),
                oldest=old[0].committed_at.isoformat(),
                limit=limit.isoformat(),
            )


def _today(audited: AuditedDataset) -> datetime:
    return audited.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _older(audited: AuditedDataset, column: str, limit: datetime) -> tuple[int, datetime | None]:
    """How many rows are of before a moment, and of when the oldest is."""
    assert audited.head is not None  # noqa: S101 - only what is published has rows
    name = identifier(column)
    scan = audited.audited.lake.scan(audited.name, audited.head.snapshot_id)
    statement = (
        f"SELECT count(*), epoch_us(min({name})) FROM data "  # noqa: S608 - names only, and quoted
        f"WHERE isfinite({name}) AND epoch_us({name}) < {(limit - _EPOCH) // timedelta(microseconds=1)}"
    )
    with audited.governance.engine.query_tables({"data": scan}) as query:
        ((count, oldest),) = query(statement)
    return count, None if oldest is None else _EPOCH + timedelta(microseconds=oldest)


def _published_before(audited: AuditedDataset, limit: datetime) -> tuple[int, datetime | None]:
    """How many rows were published before a moment and are still there, by their loads."""
    assert audited.head is not None  # noqa: S101 - only what is published has rows
    published = {
        load_id: version.published_at
        for version in audited.store.versions.list(audited.name, limit=_MOST_VERSIONS)
        if version.published_at < limit
        for load_id in version.load_ids
    }
    if not published:
        return 0, None
    scan = audited.audited.lake.scan(audited.name, audited.head.snapshot_id)
    name = identifier(LOAD_ID_COLUMN)
    with audited.governance.engine.query_tables({"data": scan}) as query:
        found = query(f"SELECT {name}, count(*) FROM data GROUP BY ALL")  # noqa: S608 - names only, and quoted
    old = [(published[load_id], rows) for load_id, rows in found if load_id in published]
    return sum(rows for _, rows in old), min((at for at, _ in old), default=None)
