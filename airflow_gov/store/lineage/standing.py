"""What governance knows of the datasets of the lake that a graph shows, for all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, select

from airflow_gov.model.graph import Standing
from airflow_gov.model.verdicts import ReviewState, Ruling
from airflow_gov.store.gate_tables import decision, review
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.tables import contract, contract_file, verdict, version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Select

    from airflow_gov.store.database import Database

PASSED, FAILED, WAIVED, REVIEW = "passed", "failed", "waived", "review"


class Standings:
    """Versions, verdicts and contracts of many datasets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, names: Iterable[str], *, as_of: datetime | None = None) -> Mapping[str, Standing]:
        """By dataset (``<zone>.<name>``) how it stands, or stood at a moment."""
        wanted = sorted(set(names))
        if not wanted:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(_query(View(connection, None), wanted, as_of)).mappings()
            return {row["dataset"]: _standing(row) for row in rows}

    def versions(self, dataset: str, snapshots: Iterable[int]) -> Mapping[int, tuple[int, int, int]]:
        """By snapshot the number, the rows and the bytes of the version that brought it."""
        with self._database.read() as connection:
            query = (
                select(version.c.snapshot_id, version.c.version, version.c.rows, version.c.size)
                .where(
                    version.c.dataset == dataset,
                    View(connection, None).among(version.c.snapshot_id, snapshots),
                )
                .order_by(version.c.version.desc())
            )
            return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}

    def numbers(self, pairs: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """By dataset and snapshot the number of the version that brought it, for many datasets."""
        wanted = set(pairs)
        with self._database.read() as connection:
            view = View(connection, None)
            query = (
                select(version.c.dataset, version.c.snapshot_id, version.c.version)
                .where(
                    view.among(version.c.dataset, sorted({name for name, _ in wanted})),
                    view.among(version.c.snapshot_id, sorted({snapshot for _, snapshot in wanted})),
                )
                .order_by(version.c.version.desc())
            )
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def contract_texts(self, hashes: Iterable[str]) -> Mapping[str, str]:
        """The texts of these contracts."""
        with self._database.read() as connection:
            query = select(contract_file.c.contract_hash, contract_file.c.text).where(
                View(connection, None).among(contract_file.c.contract_hash, hashes)
            )
            return {row[0]: row[1] for row in connection.execute(query)}


def _query(view: View, names: list[str], as_of: datetime | None) -> Select[Any]:
    known = view.listed(names)
    now, checked, promised = version.alias("now"), verdict.alias("checked"), contract.alias("promised")
    number = select(version.c.version).where(version.c.dataset == known.c.value)
    newest = select(verdict.c.verdict_id).where(verdict.c.dataset == known.c.value)
    in_use = select(contract.c.contract_hash).where(contract.c.dataset == known.c.value)
    if as_of is not None:
        number = number.where(version.c.published_at <= as_of)
        newest = newest.where(verdict.c.checked_at <= as_of)
    ruled = (
        select(decision.c.ruling)
        .where(
            decision.c.dataset == checked.c.dataset,
            decision.c.snapshot_id == checked.c.snapshot_id,
            decision.c.verdict_id == checked.c.verdict_id,
        )
        .order_by(decision.c.decided_at.desc(), decision.c.decision_id.desc())
        .limit(1)
    )
    reviewed = (
        select(review.c.state)
        .where(review.c.dataset == checked.c.dataset, review.c.snapshot_id == checked.c.snapshot_id)
        .order_by(review.c.opened_at.desc())
        .limit(1)
    )
    return (
        select(
            known.c.value.label("dataset"),
            now.c.version,
            now.c.snapshot_id,
            now.c.rows,
            now.c.published_at,
            checked.c.verdict_id,
            case((checked.c.passed, PASSED), (checked.c.verdict_id.is_not(None), FAILED)).label("passed"),
            ruled.scalar_subquery().label("ruling"),
            reviewed.scalar_subquery().label("reviewed"),
            promised.c.contract_hash,
            promised.c.path,
            promised.c.owner,
        )
        .select_from(known)
        .outerjoin(
            now,
            (now.c.dataset == known.c.value)
            & (now.c.version == number.order_by(version.c.version.desc()).limit(1).scalar_subquery()),
        )
        .outerjoin(
            checked,
            checked.c.verdict_id
            == newest.order_by(verdict.c.checked_at.desc(), verdict.c.verdict_id.desc())
            .limit(1)
            .scalar_subquery(),
        )
        .outerjoin(
            promised,
            (promised.c.dataset == known.c.value)
            & (
                promised.c.contract_hash
                == in_use.order_by(contract.c.used_at.desc(), contract.c.contract_hash.desc())
                .limit(1)
                .scalar_subquery()
            ),
        )
    )


_OF_RULING = {
    Ruling.PASSED.value: PASSED,
    Ruling.WARNED.value: PASSED,
    Ruling.WAIVED.value: WAIVED,
    Ruling.REFUSED.value: FAILED,
}
_OF_REVIEW = {ReviewState.OPEN.value: REVIEW, ReviewState.CONFIRMED.value: PASSED}


def _standing(row: Any) -> Standing:
    return Standing(
        version=row["version"],
        snapshot_id=row["snapshot_id"],
        rows=row["rows"],
        published_at=row["published_at"],
        verdict=_verdict(row),
        verdict_id=row["verdict_id"],
        contract_hash=row["contract_hash"],
        contract_path=row["path"],
        owner=row["owner"],
    )


def _verdict(row: Any) -> str | None:
    if row["ruling"] == Ruling.REVIEW.value:
        # Between the decision and the review that follows it the version is as good as under review.
        return _OF_REVIEW.get(row["reviewed"], FAILED) if row["reviewed"] else REVIEW
    told: str | None = _OF_RULING.get(row["ruling"] or "", row["passed"])
    return told
