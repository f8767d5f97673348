"""Keeps the catalogue's rows as the contracts, versions, verdicts and reviews they repeat."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select, update

from airflow_gov.model.catalogue import Standing
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.promises import agreed_age
from airflow_gov.model.verdicts import ReviewState, Ruling
from airflow_gov.model.zones import Zone
from airflow_gov.store.catalogue_tables import catalogue as table
from airflow_gov.store.catalogue_tables import catalogue_tag
from airflow_gov.store.catalogue_text import write_words
from airflow_gov.store.gate_tables import decision, review
from airflow_gov.store.statements import insert
from airflow_gov.store.summaries import summary_of
from airflow_gov.store.tables import verdict, version

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.summary import DatasetSummary
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store.database import Database

_ORDER = {zone: position for position, zone in enumerate(Zone)}
_STANDINGS: dict[str, Standing] = {
    Ruling.PASSED: Standing.PASSED,
    Ruling.WARNED: Standing.WARNED,
    Ruling.WAIVED: Standing.WAIVED,
}
_REVIEWED = {ReviewState.OPEN: Standing.REVIEW, ReviewState.CONFIRMED: Standing.WAIVED}


def catalogued(database: Database, dataset: DatasetName, contract: Contract | None = None) -> None:
    """Refresh a dataset's row when this thread's transaction is about to commit.

    :param contract: its contract, where the transaction brings that into use.
    """
    if not dataset.is_quarantine:
        act = partial(_refresh, dataset=dataset, contract=contract)
        database.before_commit(f"catalogue {dataset}", act, anew=contract is not None)


def _refresh(connection: Connection, *, dataset: DatasetName, contract: Contract | None) -> None:
    # The row is locked before anything is read: of two transactions that change different things about a
    # dataset the second one waits, and then reads what the first one wrote.
    max_age = _lock(connection, dataset, contract)
    if contract is not None:
        _tag(connection, contract)
    summary = summary_of(connection, dataset)
    fresh_at = _fresh_at(connection, str(dataset), summary.version)
    values = {
        "versions": summary.versions,
        "version": summary.version,
        "snapshot_id": summary.snapshot_id,
        "rows": summary.rows,
        "size": summary.size,
        "files": summary.files,
        "published_at": summary.published_at,
        "quarantined": summary.quarantined,
        "fresh_at": fresh_at,
        "due_at": _due(fresh_at, max_age),
        "standing": _standing(connection, summary),
        "verdict_id": summary.verdict_id,
        "checked_at": summary.checked_at,
        "first_published_at": _first_published_at(connection, str(dataset)),
        "text_id": write_words(connection, dataset, contract),
    }
    connection.execute(update(table).where(table.c.dataset == str(dataset)).values(values))


def _lock(connection: Connection, dataset: DatasetName, contract: Contract | None) -> float | None:
    """Make the row or lock it, with what the contract says; gives the age it promises."""
    told = _told(contract) if contract is not None else {}
    empty = {"stewards": [], "tags": [], "personal": False, "columns": 0, "description": ""}
    key = {"dataset": str(dataset), "zone": dataset.zone.value, "zone_order": _ORDER[dataset.zone]}
    row = {**key, **empty, "versions": 0, "quarantined": 0, "undocumented": True, "unowned": True, **told}
    statement = insert(connection.dialect.name, table).values(row)
    locked = statement.on_conflict_do_update(index_elements=[table.c.dataset], set_=told or key)
    age: float | None = connection.execute(locked.returning(table.c.max_age)).scalar_one()
    return age


def _told(contract: Contract) -> dict[str, Any]:
    return {
        "contract_hash": contract.hash,
        "owner": contract.owner,
        "stewards": list(contract.stewards),
        "tags": _tags(contract),
        "personal": any(column.classified for column in contract.columns),
        "columns": len(contract.columns),
        "max_age": _max_age(contract),
        "description": contract.description,
        "undocumented": not all(map(str.strip, _descriptions(contract))),
        "unowned": not (contract.owner and contract.stewards),
    }


def _tags(contract: Contract) -> list[str]:
    return sorted({*contract.tags, *(tag for column in contract.columns for tag in column.tags)})


def _max_age(contract: Contract) -> float | None:
    try:
        return agreed_age(contract).total_seconds()
    except GovernanceError:  # nothing was agreed
        return None


def _descriptions(contract: Contract) -> list[str]:
    return [contract.description, *(column.description for column in contract.columns)]


def _tag(connection: Connection, contract: Contract) -> None:
    dataset = str(contract.dataset)
    connection.execute(delete(catalogue_tag).where(catalogue_tag.c.dataset == dataset))
    rows = [{"dataset": dataset, "tag": tag} for tag in _tags(contract)]
    if rows:
        connection.execute(catalogue_tag.insert(), rows)


def _due(fresh_at: datetime | None, max_age: float | None) -> datetime | None:
    if fresh_at is None or max_age is None:
        return None
    try:
        return fresh_at + timedelta(seconds=max_age)
    except OverflowError:  # for ever
        return None


def _first_published_at(connection: Connection, dataset: str) -> datetime | None:
    first = select(version.c.published_at).where(version.c.dataset == dataset).order_by(version.c.version)
    at: datetime | None = connection.execute(first.limit(1)).scalar()
    return at


def _fresh_at(connection: Connection, dataset: str, number: int | None) -> datetime | None:
    """When the rows of a version were published: maintenance and rollbacks bring no new ones."""
    while number is not None:
        columns = (version.c.kind, version.c.snapshot_id, version.c.published_at)
        this = (version.c.dataset == dataset, version.c.version == number)
        kind, snapshot_id, published_at = connection.execute(select(*columns).where(*this)).one()
        if kind == VersionKind.PUBLISH:
            at: datetime = published_at
            return at
        before = [version.c.dataset == dataset, version.c.version < number]
        if kind == VersionKind.ROLLBACK:
            before.append(version.c.snapshot_id == snapshot_id)
            number = connection.execute(select(func.min(version.c.version)).where(*before)).scalar()
        else:
            number = connection.execute(select(func.max(version.c.version)).where(*before)).scalar()
    return None


def _standing(connection: Connection, summary: DatasetSummary) -> Standing | None:
    if summary.passed is None:
        return None
    if summary.passed:
        return Standing.PASSED
    ruling = connection.execute(
        select(decision.c.ruling)
        .join(
            verdict,
            (verdict.c.dataset == decision.c.dataset) & (verdict.c.snapshot_id == decision.c.snapshot_id),
        )
        .where(verdict.c.verdict_id == summary.verdict_id, decision.c.verdict_id == summary.verdict_id)
        .order_by(decision.c.decided_at.desc())
        .limit(1)
    ).scalar()
    if ruling == Ruling.REVIEW:
        return _reviewed(connection, summary)
    return _STANDINGS.get(ruling or "", Standing.FAILED)


def _reviewed(connection: Connection, summary: DatasetSummary) -> Standing:
    state = connection.execute(
        select(review.c.state)
        .where(review.c.dataset == str(summary.dataset), review.c.verdict_id == summary.verdict_id)
        .order_by(review.c.opened_at.desc())
        .limit(1)
    ).scalar()
    # Decided to be published for review, and about to be.
    return Standing.REVIEW if state is None else _REVIEWED.get(state, Standing.FAILED)
