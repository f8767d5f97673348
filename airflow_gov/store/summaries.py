"""All datasets at a glance, in one query whose cost per dataset is a few look-ups in indices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, BigInteger, Connection, Select, bindparam, cast, func, select, union

from airflow_gov.model.summary import DatasetSummary
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store.tables import contract, load, verdict, version, version_load
from airflow_gov.store.types import SafeText

_ORDER = list(Zone)


def summaries(connection: Connection) -> list[DatasetSummary]:
    """Every dataset that has a contract, a load or a version; by zone, then name."""
    rows = connection.execute(_QUERY).mappings()
    found = [DatasetSummary(**{**row, "dataset": DatasetName.parse(row["dataset"])}) for row in rows]
    return sorted(found, key=lambda summary: (_ORDER.index(summary.dataset.zone), summary.dataset.name))


def summary_of(connection: Connection, dataset: DatasetName) -> DatasetSummary:
    """One dataset, known or not."""
    row = connection.execute(_ONE, {"wanted": str(dataset)}).mappings().one()
    return DatasetSummary(**{**row, "dataset": dataset})


def _query(known: CTE) -> Select[Any]:
    current = select(func.max(version.c.version)).where(version.c.dataset == known.c.dataset)
    count = select(func.count()).select_from(version).where(version.c.dataset == known.c.dataset)
    now, checked, promised = version.alias("now"), verdict.alias("checked"), contract.alias("promised")
    last_verdict = (
        select(verdict.c.verdict_id)
        .where(verdict.c.dataset == known.c.dataset)
        .order_by(verdict.c.checked_at.desc(), verdict.c.verdict_id.desc())
        .limit(1)
    )
    last_contract = (
        select(contract.c.contract_hash)
        .where(contract.c.dataset == known.c.dataset)
        .order_by(contract.c.used_at.desc(), contract.c.contract_hash.desc())
        .limit(1)
    )
    return (
        select(
            known.c.dataset,
            count.scalar_subquery().label("versions"),
            now.c.version,
            now.c.snapshot_id,
            now.c.rows,
            now.c.size,
            now.c.files,
            now.c.published_at,
            cast(func.coalesce(_quarantined(known).scalar_subquery(), 0), BigInteger).label("quarantined"),
            checked.c.passed,
            checked.c.checked_at,
            checked.c.verdict_id,
            promised.c.owner,
            promised.c.steward,
        )
        .select_from(known)
        .outerjoin(now, (now.c.dataset == known.c.dataset) & (now.c.version == current.scalar_subquery()))
        .outerjoin(checked, checked.c.verdict_id == last_verdict.scalar_subquery())
        .outerjoin(
            promised,
            (promised.c.dataset == known.c.dataset)
            & (promised.c.contract_hash == last_contract.scalar_subquery()),
        )
    )


def _quarantined(known: Any) -> Select[Any]:
    # Maintenance and rollbacks publish no loads: what lies in quarantine is then the loads' before them.
    published = version_load.alias("published")
    last = select(func.max(published.c.version)).where(published.c.dataset == version_load.c.dataset)
    return (
        select(func.sum(load.c.rows_quarantined))
        .select_from(version_load)
        .join(load, (load.c.dataset == version_load.c.dataset) & (load.c.load_id == version_load.c.load_id))
        .where(
            version_load.c.dataset == known.c.dataset,
            version_load.c.version == last.scalar_subquery(),
        )
    )


_QUERY = _query(
    union(select(contract.c.dataset), select(load.c.dataset), select(version.c.dataset)).cte("known")
)
_ONE = _query(select(bindparam("wanted", type_=SafeText()).label("dataset")).cte("known"))
