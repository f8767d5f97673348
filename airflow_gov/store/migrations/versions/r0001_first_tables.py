"""The first tables: executions, loads, versions, verdicts, contracts and the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Made in this order, dropped in the reverse.
TABLES = (
    "gov_column_set",
    "gov_contract_file",
    "gov_execution",
    "gov_load",
    "gov_log",
    "gov_verdict",
    "gov_version",
    "gov_contract",
    "gov_execution_data",
    "gov_verdict_rule",
    "gov_version_load",
    "gov_execution_file",
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "gov_column_set",
        sa.Column("columns_hash", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("columns_hash", "position", name=op.f("pk_gov_column_set")),
    )
    op.create_index(op.f("ix_gov_column_set_name"), "gov_column_set", ["name"])
    op.create_table(
        "gov_contract_file",
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contract_hash", name=op.f("pk_gov_contract_file")),
    )
    op.create_table(
        "gov_execution",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("logical_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_interval_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_interval_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("partition_key", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("error_type", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_reason", sa.Text(), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.Text(), nullable=True),
        sa.Column("os_user", sa.Text(), nullable=False),
        sa.Column("triggered_by", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("host_name", sa.Text(), nullable=False),
        sa.Column("host_ip", sa.Text(), nullable=True),
        sa.Column("host_pid", sa.Integer(), nullable=True),
        sa.Column("host_instance", sa.Text(), nullable=True),
        sa.Column("host_executor", sa.Text(), nullable=True),
        sa.Column("git_repository", sa.Text(), nullable=True),
        sa.Column("git_commit", sa.Text(), nullable=True),
        sa.Column("git_branch", sa.Text(), nullable=True),
        sa.Column("git_tag", sa.Text(), nullable=True),
        sa.Column("git_dirty", sa.Boolean(), nullable=True),
        sa.Column("git_path", sa.Text(), nullable=True),
        sa.Column("git_source", sa.Text(), nullable=False),
        sa.Column("git_missing", sa.Text(), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), nullable=True),
        sa.Column("rows_written", sa.BigInteger(), nullable=True),
        sa.Column("rows_inserted", sa.BigInteger(), nullable=True),
        sa.Column("rows_updated", sa.BigInteger(), nullable=True),
        sa.Column("rows_deleted", sa.BigInteger(), nullable=True),
        sa.Column("rows_quarantined", sa.BigInteger(), nullable=True),
        sa.Column("bytes_written", sa.BigInteger(), nullable=True),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("openlineage_run_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_gov_execution")),
    )
    op.create_index(op.f("ix_gov_execution_dag_id_started_at"), "gov_execution", ["dag_id", "started_at"])
    op.create_index(
        op.f("ix_gov_execution_run_id_dag_id_task_id_map_index"),
        "gov_execution",
        ["run_id", "dag_id", "task_id", "map_index"],
    )
    op.create_index(op.f("ix_gov_execution_started_at"), "gov_execution", ["started_at"])
    op.create_index(op.f("ix_gov_execution_status_started_at"), "gov_execution", ["status", "started_at"])
    op.create_index(op.f("ix_gov_execution_task_id_started_at"), "gov_execution", ["task_id", "started_at"])
    op.create_table(
        "gov_load",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("load_id", sa.Text(), nullable=False),
        sa.Column("load_key", sa.JSON(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("write_mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("base_snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("candidate_snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), nullable=True),
        sa.Column("rows_written", sa.BigInteger(), nullable=True),
        sa.Column("rows_inserted", sa.BigInteger(), nullable=True),
        sa.Column("rows_updated", sa.BigInteger(), nullable=True),
        sa.Column("rows_deleted", sa.BigInteger(), nullable=True),
        sa.Column("rows_quarantined", sa.BigInteger(), nullable=True),
        sa.Column("load_group", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "load_id", name=op.f("pk_gov_load")),
    )
    op.create_index(op.f("ix_gov_load_dag_id_run_id_dataset"), "gov_load", ["dag_id", "run_id", "dataset"])
    op.create_index(op.f("ix_gov_load_load_group"), "gov_load", ["load_group"])
    op.create_table(
        "gov_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_gov_log")),
    )
    op.create_index(op.f("ix_gov_log_action_sequence"), "gov_log", ["action", "sequence"])
    op.create_index(op.f("ix_gov_log_at"), "gov_log", ["at"])
    op.create_index(op.f("ix_gov_log_subject_sequence"), "gov_log", ["subject", "sequence"])
    op.create_table(
        "gov_verdict",
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_gov_verdict")),
    )
    op.create_index(op.f("ix_gov_verdict_dataset_checked_at"), "gov_verdict", ["dataset", "checked_at"])
    op.create_index(
        op.f("ix_gov_verdict_dataset_snapshot_id_checked_at"),
        "gov_verdict",
        ["dataset", "snapshot_id", "checked_at"],
    )
    op.create_table(
        "gov_version",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("verdict_id", sa.Text(), nullable=True),
        sa.Column("contract_hash", sa.Text(), nullable=True),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("parent_snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version", name=op.f("pk_gov_version")),
    )
    op.create_index(op.f("ix_gov_version_dataset_snapshot_id"), "gov_version", ["dataset", "snapshot_id"])
    op.create_table(
        "gov_contract",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("contract_version", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("steward", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_hash"],
            ["gov_contract_file.contract_hash"],
            name=op.f("fk_gov_contract_gov_contract_file"),
        ),
        sa.PrimaryKeyConstraint("dataset", "contract_hash", name=op.f("pk_gov_contract")),
    )
    op.create_index(op.f("ix_gov_contract_dataset_used_at"), "gov_contract", ["dataset", "used_at"])
    op.create_table(
        "gov_execution_data",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("load_id", sa.Text(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("database", sa.JSON(), nullable=True),
        sa.Column("columns_hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["gov_execution.execution_id"],
            name=op.f("fk_gov_execution_data_gov_execution"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("execution_id", "position", name=op.f("pk_gov_execution_data")),
    )
    op.create_index(op.f("ix_gov_execution_data_columns_hash"), "gov_execution_data", ["columns_hash"])
    op.create_index(
        op.f("ix_gov_execution_data_dataset_execution_id"), "gov_execution_data", ["dataset", "execution_id"]
    )
    op.create_table(
        "gov_verdict_rule",
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.Column("failed_rows", sa.BigInteger(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"],
            ["gov_verdict.verdict_id"],
            name=op.f("fk_gov_verdict_rule_gov_verdict"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verdict_id", "position", name=op.f("pk_gov_verdict_rule")),
    )
    op.create_table(
        "gov_version_load",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["gov_version.dataset", "gov_version.version"],
            name=op.f("fk_gov_version_load_gov_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dataset", "version", "position", name=op.f("pk_gov_version_load")),
    )
    op.create_index(
        op.f("ix_gov_version_load_dataset_load_id_version"),
        "gov_version_load",
        ["dataset", "load_id", "version"],
    )
    op.create_table(
        "gov_execution_file",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("data_position", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["execution_id", "data_position"],
            ["gov_execution_data.execution_id", "gov_execution_data.position"],
            name=op.f("fk_gov_execution_file_gov_execution_data"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "execution_id", "data_position", "position", name=op.f("pk_gov_execution_file")
        ),
    )


def downgrade() -> None:
    """Drop the tables and everything they hold."""
    for table in reversed(TABLES):
        op.drop_table(table)
