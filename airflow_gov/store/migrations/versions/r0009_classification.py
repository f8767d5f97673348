"""What the scanner proposes for columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "gov_classification",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("sampled", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("overlooked", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version", name=op.f("pk_gov_classification")),
    )
    op.create_table(
        "gov_classification_proposal",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("recogniser", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset", "version"],
            ["gov_classification.dataset", "gov_classification.version"],
            name=op.f("fk_gov_classification_proposal_gov_classification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "dataset", "version", "position", name=op.f("pk_gov_classification_proposal")
        ),
    )
    op.create_index(
        op.f("ix_gov_classification_proposal_agreement_dataset"),
        "gov_classification_proposal",
        ["agreement", "dataset"],
    )


def downgrade() -> None:
    """Drop the tables: a scan fills them again."""
    op.drop_table("gov_classification_proposal")
    op.drop_table("gov_classification")
