"""The tables of the governance store.

Every name begins with ``gov_``: the store may share its database with Airflow's metadata or the lake's
catalogue. What is searched is normalised; what is only read back whole (parameters, pinned sources) is
JSON. The migrations make these tables; a test holds the two equal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
)

from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _counts() -> list[Column[int]]:
    """The columns of :class:`~airflow_gov.model.loads.RowCounts`."""
    names = ("read", "written", "inserted", "updated", "deleted", "quarantined")
    return [Column(f"rows_{name}", BigInteger) for name in names]


#: One try of one task.
execution = Table(
    "gov_execution",
    metadata,
    Column("execution_id", SafeText, primary_key=True),
    Column("dag_id", SafeText, nullable=False),
    Column("run_id", SafeText, nullable=False),
    Column("task_id", SafeText, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("logical_date", UtcDateTime),
    Column("data_interval_start", UtcDateTime),
    Column("data_interval_end", UtcDateTime),
    Column("partition_key", SafeText),
    Column("operator", SafeText, nullable=False),
    Column("action", SafeText, nullable=False),
    Column("meaning", SafeText, nullable=False),
    Column("status", SafeText, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("duration", Float),
    Column("error_type", SafeText),
    Column("error_message", SafeText),
    Column("error_reason", SafeText),
    Column("parameters", PlainJson, nullable=False),
    Column("code", SafeText),
    Column("code_hash", SafeText),
    Column("os_user", SafeText, nullable=False),
    Column("triggered_by", SafeText),
    Column("owner", SafeText),
    Column("team", SafeText),
    Column("host_name", SafeText, nullable=False),
    Column("host_ip", SafeText),
    Column("host_pid", Integer),
    Column("host_instance", SafeText),
    Column("host_executor", SafeText),
    Column("git_repository", SafeText),
    Column("git_commit", SafeText),
    Column("git_branch", SafeText),
    Column("git_tag", SafeText),
    Column("git_dirty", Boolean),
    Column("git_path", SafeText),
    Column("git_source", SafeText, nullable=False),
    Column("git_missing", SafeText),
    *_counts(),
    Column("bytes_written", BigInteger),
    Column("versions", PlainJson, nullable=False),
    Column("openlineage_run_id", SafeText),
    Index(None, "run_id", "dag_id", "task_id", "map_index"),
    Index(None, "dag_id", "started_at"),
    Index(None, "task_id", "started_at"),
    Index(None, "status", "started_at"),
    Index(None, "started_at"),
)

#: What an execution read or wrote, in its order.
execution_data = Table(
    "gov_execution_data",
    metadata,
    Column("execution_id", SafeText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("role", SafeText, nullable=False),
    Column("dataset", SafeText),
    Column("snapshot_id", BigInteger),
    Column("version", Integer),
    Column("load_id", SafeText),
    Column("rows", BigInteger),
    Column("database", PlainJson),
    Column("columns_hash", SafeText),
    ForeignKeyConstraint(["execution_id"], ["gov_execution.execution_id"], ondelete="CASCADE"),
    Index(None, "dataset", "execution_id"),
    Index(None, "columns_hash"),
)

#: The files of one piece of data.
execution_file = Table(
    "gov_execution_file",
    metadata,
    Column("execution_id", SafeText, primary_key=True),
    Column("data_position", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("uri", SafeText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("rows", BigInteger),
    Column("sha256", SafeText),
    ForeignKeyConstraint(
        ["execution_id", "data_position"],
        ["gov_execution_data.execution_id", "gov_execution_data.position"],
        ondelete="CASCADE",
    ),
)

#: Column lists, each kept once under its hash: executions of one dataset nearly always see the same
#: columns, and a row per execution and column would outgrow everything else. "Who read column x of y"
#: is execution_data joined on columns_hash; "when did the columns change" is a change of the hash.
column_set = Table(
    "gov_column_set",
    metadata,
    Column("columns_hash", SafeText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", SafeText, nullable=False),
    Column("type", SafeText, nullable=False),
    Index(None, "name"),
)

#: What one task run puts into one dataset. No foreign key to the execution: its record may still be spooled.
load = Table(
    "gov_load",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("load_id", SafeText, primary_key=True),
    Column("load_key", PlainJson, nullable=False),
    Column("dag_id", SafeText, nullable=False),
    Column("run_id", SafeText, nullable=False),
    Column("task_id", SafeText, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("execution_id", SafeText, nullable=False),
    Column("write_mode", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("contract_hash", SafeText, nullable=False),
    Column("sources", PlainJson, nullable=False),
    Column("base_snapshot_id", BigInteger),
    Column("candidate_snapshot_id", BigInteger),
    *_counts(),
    Column("load_group", SafeText),
    Column("leased_until", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "dag_id", "run_id", "dataset"),
    Index(None, "load_group"),
    Index(None, "state", "updated_at"),
)

#: What main of a dataset was: a row per publication, rollback or maintenance; the highest is current.
version = Table(
    "gov_version",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("snapshot_id", BigInteger, nullable=False),
    Column("tag", SafeText, nullable=False),
    Column("kind", SafeText, nullable=False),
    Column("verdict_id", SafeText),
    Column("contract_hash", SafeText),
    Column("execution_id", SafeText),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("parent_snapshot_id", BigInteger),
    Column("published_at", UtcDateTime, nullable=False),
    Index(None, "dataset", "snapshot_id"),
)

#: The loads a version published.
version_load = Table(
    "gov_version_load",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("load_id", SafeText, nullable=False),
    ForeignKeyConstraint(
        ["dataset", "version"], ["gov_version.dataset", "gov_version.version"], ondelete="CASCADE"
    ),
    Index(None, "dataset", "load_id", "version"),
)

#: The result of checking one snapshot against one contract version.
verdict = Table(
    "gov_verdict",
    metadata,
    Column("verdict_id", SafeText, primary_key=True),
    Column("dataset", SafeText, nullable=False),
    Column("snapshot_id", BigInteger, nullable=False),
    Column("contract_hash", SafeText, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("execution_id", SafeText),
    Column("load_ids", PlainJson, nullable=False, server_default="[]"),
    Index(None, "dataset", "snapshot_id", "checked_at"),
    Index(None, "dataset", "checked_at"),
)

#: The result of each rule of a verdict.
verdict_rule = Table(
    "gov_verdict_rule",
    metadata,
    Column("verdict_id", SafeText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("rule", SafeText, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("columns", PlainJson, nullable=False),
    Column("expected", SafeText, nullable=False),
    Column("observed", SafeText, nullable=False),
    Column("failed_rows", BigInteger),
    Column("severity", SafeText, nullable=False),
    Column("engine", SafeText, nullable=False),
    Column("check_name", SafeText, nullable=False, server_default=""),
    Column("dimension", SafeText),
    Column("description", SafeText, nullable=False, server_default=""),
    Column("value", PlainJson),
    Column("rows_checked", BigInteger),
    Column("missing", BigInteger),
    Column("examples", PlainJson, nullable=False, server_default="[]"),
    ForeignKeyConstraint(["verdict_id"], ["gov_verdict.verdict_id"], ondelete="CASCADE"),
)

#: The text of a contract file, once per hash; one file may hold the contracts of several datasets.
contract_file = Table(
    "gov_contract_file",
    metadata,
    Column("contract_hash", SafeText, primary_key=True),
    Column("text", SafeText, nullable=False),
)

#: The suite files a contract names, as they were when it was kept.
suite_file = Table(
    "gov_suite_file",
    metadata,
    Column("contract_hash", SafeText, primary_key=True),
    Column("name", SafeText, primary_key=True),
    Column("text", SafeText, nullable=False),
    ForeignKeyConstraint(["contract_hash"], ["gov_contract_file.contract_hash"]),
)

#: Which contract versions a dataset had. ``used_at``: when it last became the one in use.
contract = Table(
    "gov_contract",
    metadata,
    Column("dataset", SafeText, primary_key=True),
    Column("contract_hash", SafeText, primary_key=True),
    Column("path", SafeText, nullable=False),
    Column("contract_id", SafeText, nullable=False),
    Column("contract_version", SafeText, nullable=False),
    Column("owner", SafeText),
    Column("steward", SafeText),
    Column("used_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["contract_hash"], ["gov_contract_file.contract_hash"]),
    Index(None, "dataset", "used_at"),
)

#: Governed acts, append-only: triggers of the database refuse to change or delete a row, and each row is
#: chained to the one before it, see :mod:`airflow_gov.model.log_chain`.
log = Table(
    "gov_log",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", SafeText, nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("actor", SafeText, nullable=False),
    Column("details", PlainJson, nullable=False),
    Column("execution_id", SafeText),
    Column("previous_hash", SafeText, nullable=False, server_default=""),
    Column("hash", SafeText, nullable=False, server_default=""),
    Index(None, "subject", "sequence"),
    Index(None, "action", "sequence"),
    Index(None, "at"),
    Index(None, "execution_id"),
)
