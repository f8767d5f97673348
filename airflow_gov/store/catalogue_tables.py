"""The tables of the catalogue; see :mod:`airflow_gov.store.tables`.

They repeat what contracts, versions, verdicts, decisions and reviews say, one row per dataset, so that ten
thousand datasets can be searched, counted and paged. Every transaction that changes any of those refreshes
the rows of its datasets before it commits.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKeyConstraint, Index, Integer, Table

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

#: Datasets at a glance; quarantines are a number of their dataset.
catalogue = Table(
    "gov_catalogue",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("zone_order", Integer, nullable=False),
    Column("zone", SafeText, nullable=False),
    # As its contract in use says; empty until a task has used it since this table is there.
    Column("contract_hash", SafeText),
    Column("owner", SafeText),
    Column("stewards", PlainJson, nullable=False),
    Column("tags", PlainJson, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("columns", Integer, nullable=False),
    Column("max_age", Float),
    # Its current version.
    Column("versions", Integer, nullable=False),
    Column("version", Integer),
    Column("snapshot_id", BigInteger),
    Column("rows", BigInteger),
    Column("size", BigInteger),
    Column("files", Integer),
    Column("published_at", UtcDateTime),
    Column("quarantined", BigInteger, nullable=False),
    # The newest version that brought rows and stands, and until when it is fresh.
    Column("fresh_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    # Its newest verdict and what became of it.
    Column("standing", SafeText),
    Column("verdict_id", SafeText),
    Column("checked_at", UtcDateTime),
    Column("description", SafeText, nullable=False),
    Column("document", SafeText, nullable=False),  # what is searched, in lower case
    Index(None, "zone_order", "dataset"),
    Index(None, "zone_order", "owner", "standing"),
    Index(None, "published_at"),
    Index(None, "due_at"),
    Index(None, "standing", "checked_at"),
)

#: The tags of datasets and of their columns.
catalogue_tag = Table(
    "gov_catalogue_tag",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("tag", SafeText, primary_key=True),
    ForeignKeyConstraint(["dataset"], ["gov_catalogue.dataset"], ondelete="CASCADE"),
    Index(None, "tag"),
)
