"""Audits: their runs, what they found, and what becomes of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_audit()
    _make_finding()
    op.create_table(
        "gov_finding_event",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Text(), nullable=True),
        sa.Column("said_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", "at", "state", name=op.f("pk_gov_finding_event")),
    )
    op.create_index(op.f("ix_gov_finding_event_at"), "gov_finding_event", ["at"])
    op.create_table(
        "gov_audit_observation",
        sa.Column("audit_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        *_seen(),
        sa.PrimaryKeyConstraint("audit_id", "key", name=op.f("pk_gov_audit_observation")),
    )
    op.create_table(
        "gov_audit_look",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("audit_id", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "check_id", name=op.f("pk_gov_audit_look")),
    )
    op.create_index(op.f("ix_gov_audit_look_audit_id"), "gov_audit_look", ["audit_id"])


def _make_audit() -> None:
    op.create_table(
        "gov_audit",
        sa.Column("audit_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("host_name", sa.Text(), nullable=False),
        sa.Column("host_pid", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("datasets", "looked", "new", "reopened", "fixed", "open", "acknowledged")
        ),
        *(
            sa.Column(name, sa.JSON(), nullable=False)
            for name in ("by_severity", "by_zone", "failed_checks", "plans")
        ),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_gov_audit")),
    )
    op.create_index(op.f("ix_gov_audit_state_started_at"), "gov_audit", ["state", "started_at"])
    op.create_index(op.f("ix_gov_audit_started_at"), "gov_audit", ["started_at"])


def _make_finding() -> None:
    op.create_table(
        "gov_finding",
        sa.Column("key", sa.Text(), nullable=False),
        *_seen(),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_reason", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gov_finding")),
    )
    for columns in (
        ["severity", "key"],
        ["check_id", "scope"],
        ["state", "severity", "key"],
        ["dataset"],
    ):
        op.create_index(op.f(f"ix_gov_finding_{'_'.join(columns)}"), "gov_finding", columns)


def _seen() -> list[sa.Column[object]]:
    return [
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
    ]


def downgrade() -> None:
    """Drop the tables: what audits found is lost."""
    for name in (
        "gov_audit_look",
        "gov_audit_observation",
        "gov_finding_event",
        "gov_finding",
        "gov_audit",
    ):
        op.drop_table(name)
