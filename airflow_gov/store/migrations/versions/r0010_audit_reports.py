"""The pages that show audits to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "gov_audit_report",
        sa.Column("audit_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("whole", sa.LargeBinary(), nullable=False),
        sa.Column("without_dags", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_gov_audit_report")),
    )
    op.create_index(op.f("ix_gov_audit_report_made_at"), "gov_audit_report", ["made_at"])


def downgrade() -> None:
    """Drop the table: findings and figures of audits stay, their pages are lost."""
    op.drop_table("gov_audit_report")
