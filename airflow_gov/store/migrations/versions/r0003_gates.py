"""What gates and stewards decide: decisions, waivers, reviews; rules told in full, reports, suite files."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Made in this order, dropped in the reverse.
TABLES = ("gov_decision", "gov_report", "gov_review", "gov_suite_file", "gov_waiver")


def upgrade() -> None:
    """Add the columns, make the tables."""
    for column in _rule_columns():
        op.add_column("gov_verdict_rule", column)
    op.add_column("gov_verdict", sa.Column("load_ids", sa.JSON(), nullable=False, server_default="[]"))
    op.create_index(op.f("ix_gov_load_state_updated_at"), "gov_load", ["state", "updated_at"])
    _make_decisions()
    _tell_older_decisions()
    _make_waivers()
    _make_reviews()
    op.create_table(
        "gov_report",
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"],
            ["gov_verdict.verdict_id"],
            name=op.f("fk_gov_report_gov_verdict"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_gov_report")),
    )
    op.create_table(
        "gov_suite_file",
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_hash"],
            ["gov_contract_file.contract_hash"],
            name=op.f("fk_gov_suite_file_gov_contract_file"),
        ),
        sa.PrimaryKeyConstraint("contract_hash", "name", name=op.f("pk_gov_suite_file")),
    )


def _rule_columns() -> list[sa.Column[Any]]:
    """What rules tell; the rows of older verdicts get the defaults."""
    return [
        sa.Column("check_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("dimension", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("rows_checked", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.BigInteger(), nullable=True),
        sa.Column("examples", sa.JSON(), nullable=False, server_default="[]"),
    ]


def _make_decisions() -> None:
    op.create_table(
        "gov_decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.Column("waiver_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_gov_decision")),
    )
    op.create_index(
        op.f("ix_gov_decision_dataset_snapshot_id_decided_at"),
        "gov_decision",
        ["dataset", "snapshot_id", "decided_at"],
    )


def _tell_older_decisions() -> None:
    """Gates let through what passed before decisions were kept; one may have died before it could say so.

    Without its decision, what such a gate committed to the lake would look written around the gates.
    """
    op.execute(
        """
        INSERT INTO gov_decision
            (decision_id, dataset, snapshot_id, contract_hash, verdict_id, ruling, decided_at, execution_id)
        SELECT verdict_id, dataset, snapshot_id, contract_hash, verdict_id, 'passed', checked_at, execution_id
        FROM gov_verdict AS told
        WHERE passed
        AND NOT EXISTS (
            SELECT 1 FROM gov_version AS known
            WHERE known.dataset = told.dataset AND known.snapshot_id = told.snapshot_id
        )
        AND NOT EXISTS (
            SELECT 1 FROM gov_verdict AS newer
            WHERE newer.dataset = told.dataset AND newer.snapshot_id = told.snapshot_id AND newer.passed
            AND (
                newer.checked_at > told.checked_at
                OR (newer.checked_at = told.checked_at AND newer.verdict_id > told.verdict_id)
            )
        )
        """
    )


def _make_waivers() -> None:
    op.create_table(
        "gov_waiver",
        sa.Column("waiver_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("load_ids", sa.JSON(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=False),
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("steward", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("waiver_id", name=op.f("pk_gov_waiver")),
    )
    op.create_index(op.f("ix_gov_waiver_dataset_expires_at"), "gov_waiver", ["dataset", "expires_at"])
    op.create_index(op.f("ix_gov_waiver_granted_at"), "gov_waiver", ["granted_at"])


def _make_reviews() -> None:
    op.create_table(
        "gov_review",
        sa.Column("review_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steward", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_gov_review")),
    )
    op.create_index(op.f("ix_gov_review_settled_dataset"), "gov_review", ["settled", "dataset"])
    op.create_index(op.f("ix_gov_review_dataset_opened_at"), "gov_review", ["dataset", "opened_at"])


def downgrade() -> None:
    """Drop the tables and the columns, and everything they hold."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index(op.f("ix_gov_load_state_updated_at"), "gov_load")
    op.drop_column("gov_verdict", "load_ids")
    for column in reversed(_rule_columns()):
        op.drop_column("gov_verdict_rule", column.name)
