"""Lineage: events as they came, and the graph of jobs, runs, datasets and columns projected from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: A number the database gives: SQLite does so for INTEGER only.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "gov_lineage_event",
    "gov_lineage_telling",
    "gov_lineage_declaration",
    "gov_lineage_dead_letter",
    "gov_lineage_token",
    "gov_lineage_number",
    "gov_lineage_job",
    "gov_lineage_run",
    "gov_lineage_touch",
    "gov_lineage_dataset",
    "gov_lineage_dataset_name",
    "gov_lineage_version",
    "gov_lineage_tag",
    "gov_lineage_column",
    "gov_lineage_job_dataset",
    "gov_lineage_edge",
    "gov_lineage_column_edge",
)

#: Set inside a transaction that prunes, and by nothing else.
_PRUNING = "EXISTS (SELECT 1 FROM gov_lineage_number WHERE name = 'pruning' AND value = 1)"

_SQLITE = (
    """
    CREATE TRIGGER gov_lineage_event_no_update BEFORE UPDATE ON gov_lineage_event
    BEGIN SELECT RAISE(ABORT, 'gov_lineage_event is append-only'); END
    """,
    f"""
    CREATE TRIGGER gov_lineage_event_no_delete BEFORE DELETE ON gov_lineage_event WHEN NOT {_PRUNING}
    BEGIN SELECT RAISE(ABORT, 'gov_lineage_event is append-only: events go by pruning only'); END
    """,
    # INSERT OR REPLACE deletes the row in its way without firing the trigger above.
    """
    CREATE TRIGGER gov_lineage_event_no_replace BEFORE INSERT ON gov_lineage_event
    WHEN EXISTS (
        SELECT 1 FROM gov_lineage_event WHERE event_key = NEW.event_key OR sequence = NEW.sequence
    )
    BEGIN SELECT RAISE(ABORT, 'gov_lineage_event is append-only'); END
    """,
)

_POSTGRESQL = (
    f"""
    CREATE FUNCTION gov_lineage_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND {_PRUNING} THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'gov_lineage_event is append-only: events go by pruning only';
    END $$
    """,
    """
    CREATE TRIGGER gov_lineage_event_no_change BEFORE UPDATE OR DELETE ON gov_lineage_event
    FOR EACH ROW EXECUTE FUNCTION gov_lineage_event_refuse()
    """,
    """
    CREATE TRIGGER gov_lineage_event_no_truncate BEFORE TRUNCATE ON gov_lineage_event
    FOR EACH STATEMENT EXECUTE FUNCTION gov_lineage_event_refuse()
    """,
)


def upgrade() -> None:
    """Make the tables, and the triggers that keep events as they came."""
    _make_what_was_told()
    _make_jobs_and_runs()
    _make_datasets()
    _make_edges()
    numbers = sa.table("gov_lineage_number", sa.column("name"), sa.column("value"))
    op.bulk_insert(numbers, [{"name": "identities", "value": 0}, {"name": "pruning", "value": 0}])
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables and everything they hold."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION gov_lineage_event_refuse()")


def _make_what_was_told() -> None:
    op.create_table(
        "gov_lineage_event",
        sa.Column("sequence", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("job_namespace", sa.Text(), nullable=True),
        sa.Column("job_name", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_gov_lineage_event")),
    )
    op.create_index(op.f("ix_gov_lineage_event_event_key"), "gov_lineage_event", ["event_key"], unique=True)
    op.create_index(op.f("ix_gov_lineage_event_event_time"), "gov_lineage_event", ["event_time"])
    op.create_index(op.f("ix_gov_lineage_event_run_id"), "gov_lineage_event", ["run_id"])
    op.create_table(
        "gov_lineage_telling",
        sa.Column("telling_id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("telling_id", name=op.f("pk_gov_lineage_telling")),
    )
    op.create_index(
        op.f("ix_gov_lineage_telling_job_id_hash"), "gov_lineage_telling", ["job_id", "hash"], unique=True
    )
    op.create_table(
        "gov_lineage_declaration",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("telling_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "at", "telling_id", name=op.f("pk_gov_lineage_declaration")),
    )
    op.create_table(
        "gov_lineage_dead_letter",
        sa.Column("letter_id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_gov_lineage_dead_letter")),
    )
    op.create_index(
        op.f("ix_gov_lineage_dead_letter_received_at"), "gov_lineage_dead_letter", ["received_at"]
    )
    op.create_table(
        "gov_lineage_token",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("namespaces", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_gov_lineage_token")),
    )
    op.create_table(
        "gov_lineage_number",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gov_lineage_number")),
    )


def _make_jobs_and_runs() -> None:
    op.create_table(
        "gov_lineage_job",
        sa.Column("job_id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("integration", sa.Text(), nullable=True),
        sa.Column("job_type", sa.Text(), nullable=True),
        sa.Column("processing", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("facets", sa.JSON(), nullable=False),
        sa.Column("stamps", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_run_id", sa.Text(), nullable=True),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("telling_id", sa.BigInteger(), nullable=True),
        sa.Column("telling_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("telling_done", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_gov_lineage_job")),
    )
    op.create_index(op.f("ix_gov_lineage_job_dag_id_task_id"), "gov_lineage_job", ["dag_id", "task_id"])
    op.create_index(
        op.f("ix_gov_lineage_job_namespace_name"), "gov_lineage_job", ["namespace", "name"], unique=True
    )
    op.create_table(
        "gov_lineage_run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("telling_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nominal_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parent_run_id", sa.Text(), nullable=True),
        sa.Column("root_run_id", sa.Text(), nullable=True),
        sa.Column("dag_id", sa.Text(), nullable=True),
        sa.Column("dag_run_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("map_index", sa.Integer(), nullable=True),
        sa.Column("try_number", sa.Integer(), nullable=True),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("facets", sa.JSON(), nullable=False),
        sa.Column("stamps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_gov_lineage_run")),
    )
    op.create_index(
        op.f("ix_gov_lineage_run_dag_id_dag_run_id_task_id"),
        "gov_lineage_run",
        ["dag_id", "dag_run_id", "task_id"],
    )
    op.create_index(op.f("ix_gov_lineage_run_execution_id"), "gov_lineage_run", ["execution_id"])
    op.create_index(op.f("ix_gov_lineage_run_generation_job_id"), "gov_lineage_run", ["generation", "job_id"])
    op.create_index(op.f("ix_gov_lineage_run_job_id_started_at"), "gov_lineage_run", ["job_id", "started_at"])
    op.create_index(op.f("ix_gov_lineage_run_started_at"), "gov_lineage_run", ["started_at"])
    op.create_table(
        "gov_lineage_touch",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.Boolean(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("files", sa.BigInteger(), nullable=True),
        sa.Column("facets", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "dataset_id", "output", name=op.f("pk_gov_lineage_touch")),
    )
    op.create_index(
        op.f("ix_gov_lineage_touch_dataset_id_output_at"), "gov_lineage_touch", ["dataset_id", "output", "at"]
    )


def _make_datasets() -> None:
    op.create_table(
        "gov_lineage_dataset",
        sa.Column("dataset_id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("governed", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("facets", sa.JSON(), nullable=False),
        sa.Column("stamps", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_gov_lineage_dataset")),
    )
    op.create_index(op.f("ix_gov_lineage_dataset_governed"), "gov_lineage_dataset", ["governed"])
    op.create_index(
        op.f("ix_gov_lineage_dataset_namespace_name"),
        "gov_lineage_dataset",
        ["namespace", "name"],
        unique=True,
    )
    op.create_index(op.f("ix_gov_lineage_dataset_zone_name"), "gov_lineage_dataset", ["zone", "name"])
    op.create_table(
        "gov_lineage_dataset_name",
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("namespace", "name", "until", name=op.f("pk_gov_lineage_dataset_name")),
    )
    op.create_index(
        op.f("ix_gov_lineage_dataset_name_dataset_id"), "gov_lineage_dataset_name", ["dataset_id"]
    )
    op.create_table(
        "gov_lineage_version",
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("files", sa.BigInteger(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("dataset_id", "version", name=op.f("pk_gov_lineage_version")),
    )
    op.create_index(op.f("ix_gov_lineage_version_run_id"), "gov_lineage_version", ["run_id"])
    op.create_table(
        "gov_lineage_tag",
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "position", name=op.f("pk_gov_lineage_tag")),
    )
    op.create_index(
        op.f("ix_gov_lineage_tag_dataset_id_column_name"), "gov_lineage_tag", ["dataset_id", "column_name"]
    )
    op.create_index(op.f("ix_gov_lineage_tag_key_value"), "gov_lineage_tag", ["key", "value"])
    op.create_table(
        "gov_lineage_column",
        sa.Column("column_id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("column_id", name=op.f("pk_gov_lineage_column")),
    )
    op.create_index(
        op.f("ix_gov_lineage_column_dataset_id_name"),
        "gov_lineage_column",
        ["dataset_id", "name"],
        unique=True,
    )
    op.create_index(op.f("ix_gov_lineage_column_name"), "gov_lineage_column", ["name"])


def _make_edges() -> None:
    op.create_table(
        "gov_lineage_job_dataset",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "dataset_id", "output", name=op.f("pk_gov_lineage_job_dataset")),
    )
    op.create_index(
        op.f("ix_gov_lineage_job_dataset_dataset_id_output"),
        "gov_lineage_job_dataset",
        ["dataset_id", "output"],
    )
    op.create_index(
        op.f("ix_gov_lineage_job_dataset_job_id_until"), "gov_lineage_job_dataset", ["job_id", "until"]
    )
    op.create_table(
        "gov_lineage_edge",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "target_id", "job_id", name=op.f("pk_gov_lineage_edge")),
    )
    op.create_index(op.f("ix_gov_lineage_edge_job_id_until"), "gov_lineage_edge", ["job_id", "until"])
    op.create_index(
        op.f("ix_gov_lineage_edge_target_id_source_id"), "gov_lineage_edge", ["target_id", "source_id"]
    )
    op.create_table(
        "gov_lineage_column_edge",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("masking", sa.Boolean(), nullable=False),
        sa.Column("transformations", sa.JSON(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "target_id", "job_id", name=op.f("pk_gov_lineage_column_edge")),
    )
    op.create_index(
        op.f("ix_gov_lineage_column_edge_job_id_until"), "gov_lineage_column_edge", ["job_id", "until"]
    )
    op.create_index(
        op.f("ix_gov_lineage_column_edge_target_id_source_id"),
        "gov_lineage_column_edge",
        ["target_id", "source_id"],
    )
