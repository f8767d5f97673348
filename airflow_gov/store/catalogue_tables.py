"""The tables of the catalogue; see :mod:`airflow_gov.store.tables`.

They repeat what contracts, versions, verdicts, decisions, reviews and executions say, so that ten thousand
datasets can be searched, ranked, counted and paged. Every transaction that changes any of those refreshes
the rows of its datasets before it commits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    column,
    true,
)
from sqlalchemy import table as plain_table
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeDecorator

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime


class Words(TypeDecorator[Any]):
    """Words as the database searches them: a ``tsvector`` on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())


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
    # Whether it or a column of it has no description; whether it has no owner or no steward.
    Column("undocumented", Boolean, nullable=False, server_default=true()),
    Column("unowned", Boolean, nullable=False, server_default=true()),
    Column("first_published_at", UtcDateTime),
    Column("text_id", Integer),  # of its words
    Index(None, "text_id"),
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

#: What is searched, by the words that contracts bring. Each column has the words of the one before it and
#: more, so that one column answers whether all words are there. The database's own index over it, made by
#: the migration, is :data:`words_index` on SQLite and a GIN index for each column on PostgreSQL.
catalogue_text = Table(
    "gov_catalogue_text",
    metadata,
    Column("text_id", Integer, primary_key=True, autoincrement=True),
    Column("dataset", SafeText, nullable=False),
    Column("named", Words, nullable=False),  # the dataset's name
    Column("titled", Words, nullable=False),  # and its columns' names
    Column("told", Words, nullable=False),  # and everything else
    Column("undescribed", PlainJson, nullable=False),  # the columns without a description
    ForeignKeyConstraint(["dataset"], ["gov_catalogue.dataset"], ondelete="CASCADE"),
    Index(None, "dataset", unique=True),
)

#: SQLite's full-text index (FTS5); not there where the SQLite that made the store had none.
words_index = plain_table(
    "gov_catalogue_words", column("rowid"), column("named"), column("titled"), column("told")
)

#: How much a dataset is read. ``score``: its reads, each counted twice as much as one a half-life earlier;
#: so it need not be counted anew as time goes by. Also of datasets that are not catalogued (yet).
catalogue_use = Table(
    "gov_catalogue_use",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("reads", BigInteger, nullable=False),
    Column("score", Float, nullable=False),
    Column("last_read_at", UtcDateTime, nullable=False),
)

#: Which tasks read a dataset.
catalogue_reader = Table(
    "gov_catalogue_reader",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("dag_id", SafeText, primary_key=True),
    Column("task_id", SafeText, primary_key=True),
    Column("reads", BigInteger, nullable=False),
    Column("last_read_at", UtcDateTime, nullable=False),
    Column("execution_id", SafeText, nullable=False),
    Index(None, "dag_id"),
)
