"""The tables of lineage: events as they came, and the graph projected from them.

Jobs, datasets and columns have small numbers of our own, because the graph is walked by them. An edge that
a later run no longer has is not removed: ``until`` says when it ended, so that the graph can be seen as of
any moment. What is told by several events has ``stamps``: which event told each part, so that the newest
event counts, in whatever order they arrive.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

#: Until when a name holds that has not passed on.
NAME_HOLDS = datetime(9999, 12, 31, tzinfo=UTC)

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
    Column("stamps", PlainJson, nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("last_run_id", SafeText),  # the run that started last
    Column("last_run_at", UtcDateTime),
    # What all its edges without an end come from, if they come from one telling; since which start of a
    # generation nothing else was told; the earliest completion since then. Told again, it changes no edge.
    Column("telling_id", BigInteger),
    Column("telling_since", UtcDateTime),
    Column("telling_done", UtcDateTime),
    Index(None, "namespace", "name", unique=True),
    Index(None, "dag_id", "task_id"),
)

#: What a run of a job told of its lineage in all its events: inputs, outputs, column edges, by name. Runs
#: that told the same share a row.
telling = Table(
    "gov_lineage_telling",
    metadata,
    Column("telling_id", _Number, primary_key=True, autoincrement=True),
    Column("job_id", BigInteger, nullable=False),
    Column("hash", SafeText, nullable=False),
    Column("body", LargeBinary, nullable=False),  # see airflow_gov.store.lineage.tellings
    Index(None, "job_id", "hash", unique=True),
)

#: What events of jobs told without a run.
declaration = Table(
    "gov_lineage_declaration",
    metadata,
    Column("job_id", BigInteger, primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("telling_id", BigInteger, primary_key=True),
)

run = Table(
    "gov_lineage_run",
    metadata,
    Column("run_id", SafeText, primary_key=True),
    Column("job_id", BigInteger, nullable=False),
    Column("generation", SafeText, nullable=False),  # the parent run's id, else its own
    Column("telling_id", BigInteger),
    Column("state", SafeText, nullable=False),
    Column("state_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),  # of its first event
    Column("completed_at", UtcDateTime),  # of its first COMPLETE
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
    Column("stamps", PlainJson, nullable=False),
    Index(None, "job_id", "started_at"),
    Index(None, "dag_id", "dag_run_id", "task_id"),
    Index(None, "generation", "job_id"),
    Index(None, "started_at"),
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
    Column("stamps", PlainJson, nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("dropped_at", UtcDateTime),
    Index(None, "namespace", "name", unique=True),
    Index(None, "governed"),
    Index(None, "zone", "name"),
)

#: Every name of a dataset: its own, its symlinks, and those it had before it was renamed. What events told
#: under a former name before ``until`` is of this dataset; since then the name may be another's.
dataset_name = Table(
    "gov_lineage_dataset_name",
    metadata,
    Column("namespace", SafeText, primary_key=True),
    Column("name", SafeText, primary_key=True),
    Column("until", UtcDateTime, primary_key=True),  # NAME_HOLDS, but for a former name
    Column("kind", SafeText, nullable=False),  # own, symlink, former
    Column("dataset_id", BigInteger, nullable=False),
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
    Column("written_at", UtcDateTime),
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
    Column("position", Integer, primary_key=True),
    Column("column_name", SafeText, nullable=False),  # "" for the dataset's own
    Column("key", SafeText, nullable=False),
    Column("value", SafeText, nullable=False),
    Index(None, "dataset_id", "column_name"),
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
)

#: What a job reads and writes: the arrows of the drawing.
job_dataset = Table(
    "gov_lineage_job_dataset",
    metadata,
    Column("job_id", BigInteger, primary_key=True),
    Column("dataset_id", BigInteger, primary_key=True),
    Column("output", Boolean, primary_key=True),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Index(None, "dataset_id", "output"),
    Index(None, "job_id", "until"),
)

#: Dataset to dataset through a job.
edge = Table(
    "gov_lineage_edge",
    metadata,
    Column("source_id", BigInteger, primary_key=True),
    Column("target_id", BigInteger, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Index(None, "target_id", "source_id"),
    Index(None, "job_id", "until"),
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
    Column("until", UtcDateTime),
    Index(None, "target_id", "source_id"),
    Index(None, "job_id", "until"),
)

#: Numbers of the whole: ``identities`` rises whenever ids of ours change their meaning (datasets that turn
#: out to be one, names that pass on, tellings pruned); ``pruning`` is 1 in a transaction that prunes.
number = Table(
    "gov_lineage_number",
    metadata,
    Column("name", SafeText, primary_key=True),
    Column("value", BigInteger, nullable=False),
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
