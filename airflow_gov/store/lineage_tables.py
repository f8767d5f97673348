"""The tables of lineage: events as they came, and the graph projected from them.

Jobs, datasets and columns have small numbers of our own, because the graph is walked by them. An edge that
a later run no longer has is not removed: ``until`` says when it ended, so that the graph can be seen as of
any moment.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

#: A number the database gives: SQLite does so for INTEGER only.
_Number = BigInteger().with_variant(Integer, "sqlite")

#: Events as they came, append-only; only pruning takes old ones away.
event = Table(
    "gov_lineage_event",
    metadata,
    Column("sequence", _Number, primary_key=True, autoincrement=True),
    Column("event_key", SafeText, nullable=False),
    Column("kind", SafeText, nullable=False),
    Column("event_type", SafeText),
    Column("event_time", UtcDateTime, nullable=False),
    Column("run_id", SafeText),
    Column("job_namespace", SafeText),
    Column("job_name", SafeText),
    Column("origin", SafeText, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib of the event's JSON
    Index(None, "event_key", unique=True),
    Index(None, "run_id"),
    Index(None, "event_time"),
)

job = Table(
    "gov_lineage_job",
    metadata,
    Column("job_id", _Number, primary_key=True, autoincrement=True),
    Column("namespace", SafeText, nullable=False),
    Column("name", SafeText, nullable=False),
    Column("dag_id", SafeText),
    Column("task_id", SafeText),
    Column("integration", SafeText),
    Column("job_type", SafeText),
    Column("processing", SafeText),
    Column("description", SafeText),
    Column("facets", PlainJson, nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("last_run_id", SafeText),
    Column("edges_hash", SafeText),  # of the edges its last telling run had: the same again changes none
    Column("edges_seen_at", UtcDateTime),
    Index(None, "namespace", "name", unique=True),
    Index(None, "dag_id", "task_id"),
)

run = Table(
    "gov_lineage_run",
    metadata,
    Column("run_id", SafeText, primary_key=True),
    Column("job_id", BigInteger, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("state_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("nominal_at", UtcDateTime),
    Column("parent_run_id", SafeText),
    Column("root_run_id", SafeText),
    Column("dag_id", SafeText),
    Column("dag_run_id", SafeText),
    Column("task_id", SafeText),
    Column("map_index", Integer),
    Column("try_number", Integer),
    Column("execution_id", SafeText),
    Column("error_message", SafeText),
    Column("facets", PlainJson, nullable=False),
    Index(None, "job_id", "started_at"),
    Index(None, "dag_id", "dag_run_id", "task_id"),
    Index(None, "parent_run_id"),
    Index(None, "execution_id"),
)

dataset = Table(
    "gov_lineage_dataset",
    metadata,
    Column("dataset_id", _Number, primary_key=True, autoincrement=True),
    Column("namespace", SafeText, nullable=False),
    Column("name", SafeText, nullable=False),
    Column("governed", SafeText),
    Column("zone", SafeText),
    Column("facets", PlainJson, nullable=False),
    Column("facets_at", UtcDateTime, nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("dropped_at", UtcDateTime),
    Index(None, "namespace", "name", unique=True),
    Index(None, "governed"),
    Index(None, "zone", "name"),
)

#: Every name of a dataset: its own, its symlinks, and those it had before it was renamed.
dataset_name = Table(
    "gov_lineage_dataset_name",
    metadata,
    Column("namespace", SafeText, primary_key=True),
    Column("name", SafeText, primary_key=True),
    Column("dataset_id", BigInteger, nullable=False),
    Column("kind", SafeText, nullable=False),  # own, symlink, former
    Index(None, "dataset_id"),
)

#: Versions that runs wrote or read.
dataset_version = Table(
    "gov_lineage_version",
    metadata,
    Column("dataset_id", BigInteger, primary_key=True),
    Column("version", SafeText, primary_key=True),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("run_id", SafeText),  # the run that wrote it
    Column("rows", BigInteger),
    Column("size", BigInteger),
    Column("files", BigInteger),
    Column("columns", PlainJson),  # [[name, type], …] where the event told the schema with it
    Index(None, "run_id"),
)

tag = Table(
    "gov_lineage_tag",
    metadata,
    Column("dataset_id", BigInteger, primary_key=True),
    Column("column_name", SafeText, primary_key=True),
    Column("key", SafeText, primary_key=True),
    Column("value", SafeText, nullable=False),
    Index(None, "key", "value"),
)

#: What a run read and wrote.
touch = Table(
    "gov_lineage_touch",
    metadata,
    Column("run_id", SafeText, primary_key=True),
    Column("dataset_id", BigInteger, primary_key=True),
    Column("output", Boolean, primary_key=True),
    Column("job_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("version", SafeText),
    Column("rows", BigInteger),
    Column("size", BigInteger),
    Column("files", BigInteger),
    Column("facets", PlainJson, nullable=False),
    Index(None, "dataset_id", "output", "at"),
    Index(None, "job_id", "at"),
)

#: What a job reads and writes: the arrows of the drawing.
job_dataset = Table(
    "gov_lineage_job_dataset",
    metadata,
    Column("job_id", BigInteger, primary_key=True),
    Column("dataset_id", BigInteger, primary_key=True),
    Column("output", Boolean, primary_key=True),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("edges_hash", SafeText, nullable=False),
    Index(None, "dataset_id", "output"),
)

#: Dataset to dataset through a job.
edge = Table(
    "gov_lineage_edge",
    metadata,
    Column("source_id", BigInteger, primary_key=True),
    Column("target_id", BigInteger, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("edges_hash", SafeText, nullable=False),
    Index(None, "target_id", "source_id"),
    Index(None, "job_id"),
)

#: Columns that datasets have, or that edges name. The name "" stands for all rows of the dataset.
column = Table(
    "gov_lineage_column",
    metadata,
    Column("column_id", _Number, primary_key=True, autoincrement=True),
    Column("dataset_id", BigInteger, nullable=False),
    Column("name", SafeText, nullable=False),
    Column("type", SafeText),
    Column("description", SafeText),
    Column("position", Integer),  # none: not in the newest schema
    Index(None, "dataset_id", "name", unique=True),
    Index(None, "name"),
)

#: Column to column through a job. ``direct``: at least one of the transformations is.
column_edge = Table(
    "gov_lineage_column_edge",
    metadata,
    Column("source_id", BigInteger, primary_key=True),
    Column("target_id", BigInteger, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
    Column("direct", Boolean, nullable=False),
    Column("masking", Boolean, nullable=False),
    Column("transformations", PlainJson, nullable=False),  # [[subtype, masking, description], …]
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("edges_hash", SafeText, nullable=False),
    Index(None, "target_id", "source_id"),
    Index(None, "job_id"),
)

#: Events that could not be taken in.
dead_letter = Table(
    "gov_lineage_dead_letter",
    metadata,
    Column("letter_id", _Number, primary_key=True, autoincrement=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("origin", SafeText, nullable=False),
    Column("token_id", SafeText),
    Column("path", SafeText, nullable=False),
    Column("reason", SafeText, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib; cut where it is too long
    Column("size", BigInteger, nullable=False),  # bytes before cutting
    Index(None, "received_at"),
)

#: Tokens of producers outside this Airflow. The secret is kept as its hash only.
token = Table(
    "gov_lineage_token",
    metadata,
    Column("token_id", SafeText, primary_key=True),
    Column("name", SafeText, nullable=False),
    Column("secret_hash", SafeText, nullable=False),
    Column("namespaces", PlainJson, nullable=False),
    Column("created_by", SafeText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("revoked_by", SafeText),
    Column("last_used_at", UtcDateTime),
)
