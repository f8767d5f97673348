"""The tables of what gates and stewards decide; see :mod:`airflow_gov.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, Table

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

#: What a gate decided on a snapshot. Rows are added and never changed: the newest counts.
decision = Table(
    "gov_decision",
    metadata,
    Column("decision_id", SafeText, primary_key=True),
    Column("dataset", SafeText, nullable=False),
    Column("snapshot_id", BigInteger, nullable=False),
    Column("contract_hash", SafeText, nullable=False),
    Column("verdict_id", SafeText, nullable=False),
    Column("ruling", SafeText, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("execution_id", SafeText),
    Column("waiver_id", SafeText),
    Index(None, "dataset", "snapshot_id", "decided_at"),
)

#: Stewards' permissions to publish what breaks rules.
waiver = Table(
    "gov_waiver",
    metadata,
    Column("waiver_id", SafeText, primary_key=True),
    Column("dataset", SafeText, nullable=False),
    Column("load_ids", PlainJson, nullable=False),
    Column("contract_hash", SafeText, nullable=False),
    Column("verdict_id", SafeText, nullable=False),
    Column("rules", PlainJson, nullable=False),
    Column("reason", SafeText, nullable=False),
    Column("steward", SafeText, nullable=False),
    Column("granted_by", SafeText, nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "dataset", "expires_at"),
    Index(None, "granted_at"),
)

#: Versions that stewards confirm after the fact. ``settled``: nothing is left to do about it, because it
#: was confirmed or what was published has been taken back.
review = Table(
    "gov_review",
    metadata,
    Column("review_id", SafeText, primary_key=True),
    Column("dataset", SafeText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("snapshot_id", BigInteger, nullable=False),
    Column("verdict_id", SafeText, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("steward", SafeText),
    Column("decided_by", SafeText),
    Column("decided_at", UtcDateTime),
    Column("reason", SafeText),
    Column("settled", Boolean, nullable=False),
    Index(None, "settled", "dataset"),
    Index(None, "dataset", "opened_at"),
)

#: The page that shows a verdict to people.
report = Table(
    "gov_report",
    metadata,
    Column("verdict_id", SafeText, primary_key=True),
    Column("html", SafeText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["verdict_id"], ["gov_verdict.verdict_id"], ondelete="CASCADE"),
)
