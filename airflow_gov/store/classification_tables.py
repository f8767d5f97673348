"""The tables of what the scanner proposes; see :mod:`airflow_gov.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKeyConstraint, Index, Integer, Table

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

#: The newest scan of each version of a dataset.
classification = Table(
    "gov_classification",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("snapshot_id", BigInteger, nullable=False),
    Column("contract_hash", SafeText),
    Column("rows", BigInteger, nullable=False),
    Column("sampled", BigInteger, nullable=False),
    Column("columns", Integer, nullable=False),
    Column("scanned_at", UtcDateTime, nullable=False),
    Column("overlooked", PlainJson, nullable=False),
)

#: What it proposes for columns. No values are in it.
proposal = Table(
    "gov_classification_proposal",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("column_name", SafeText, nullable=False),
    Column("tag", SafeText, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("agreement", SafeText, nullable=False),
    Column("evidence", PlainJson, nullable=False),
    Column("recogniser", SafeText, nullable=False),
    Column("source", SafeText, nullable=False),
    ForeignKeyConstraint(
        ["dataset", "version"],
        ["gov_classification.dataset", "gov_classification.version"],
        ondelete="CASCADE",
    ),
    Index(None, "agreement", "dataset"),
)
