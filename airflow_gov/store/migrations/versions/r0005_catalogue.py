"""The catalogue: one row per dataset that can be searched, counted and paged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ZONES = ("raw", "preprocessed", "clean", "gold", "sensitive", "work")

#: The newest versions and verdicts of datasets that were there before. What their contracts say is added
#: when a task uses them next: only then are their texts read.
_FILL = """
INSERT INTO gov_catalogue (
  dataset, zone_order, zone, owner, stewards, tags, personal, columns, versions, version, snapshot_id, rows,
  size, files, published_at, quarantined, fresh_at, standing, verdict_id, checked_at, description, document)
SELECT
  known.dataset, {order}, substr(known.dataset, 1, {dot} - 1), promised.owner, '[]', '[]', false, 0,
  (SELECT count(*) FROM gov_version v WHERE v.dataset = known.dataset), now.version, now.snapshot_id,
  now.rows, now.size, now.files, now.published_at,
  CAST(coalesce((SELECT sum(l.rows_quarantined) FROM gov_version_load p
    JOIN gov_load l ON l.dataset = p.dataset AND l.load_id = p.load_id
    WHERE p.dataset = known.dataset AND p.version = (SELECT max(x.version) FROM gov_version_load x
      WHERE x.dataset = known.dataset)), 0) AS BIGINT),
  now.published_at, CASE WHEN checked.passed IS NULL THEN NULL WHEN checked.passed THEN 'passed'
    ELSE 'failed' END, checked.verdict_id, checked.checked_at, '', known.dataset
FROM (SELECT dataset FROM gov_contract UNION SELECT dataset FROM gov_version
      UNION SELECT dataset FROM gov_verdict) known
LEFT JOIN gov_version now ON now.dataset = known.dataset
  AND now.version = (SELECT max(v.version) FROM gov_version v WHERE v.dataset = known.dataset)
LEFT JOIN gov_verdict checked ON checked.verdict_id = (
  SELECT c.verdict_id FROM gov_verdict c WHERE c.dataset = known.dataset
  ORDER BY c.checked_at DESC, c.verdict_id DESC LIMIT 1)
LEFT JOIN gov_contract promised ON promised.dataset = known.dataset AND promised.contract_hash = (
  SELECT c.contract_hash FROM gov_contract c WHERE c.dataset = known.dataset
  ORDER BY c.used_at DESC, c.contract_hash DESC LIMIT 1)
WHERE known.dataset NOT LIKE '%\\_\\_quarantine' ESCAPE '\\'
"""


def upgrade() -> None:
    """Make the tables and fill them."""
    op.create_table(
        "gov_catalogue",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("zone_order", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("contract_hash", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("stewards", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("max_age", sa.Float(), nullable=True),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("files", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("fresh_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("standing", sa.Text(), nullable=True),
        sa.Column("verdict_id", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", name=op.f("pk_gov_catalogue")),
    )
    for columns in (
        ["zone_order", "dataset"],
        ["zone_order", "owner", "standing"],
        ["published_at"],
        ["due_at"],
        ["standing", "checked_at"],
    ):
        op.create_index(op.f(f"ix_gov_catalogue_{'_'.join(columns)}"), "gov_catalogue", columns)
    op.create_table(
        "gov_catalogue_tag",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["gov_catalogue.dataset"],
            name=op.f("fk_gov_catalogue_tag_gov_catalogue"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dataset", "tag", name=op.f("pk_gov_catalogue_tag")),
    )
    op.create_index(op.f("ix_gov_catalogue_tag_tag"), "gov_catalogue_tag", ["tag"])
    dot = (
        "instr(known.dataset, '.')"
        if op.get_bind().dialect.name == "sqlite"
        else "strpos(known.dataset, '.')"
    )
    zone = f"substr(known.dataset, 1, {dot} - 1)"
    order = " ".join(f"WHEN '{name}' THEN {position}" for position, name in enumerate(_ZONES))
    op.execute(sa.text(_FILL.format(dot=dot, order=f"CASE {zone} {order} END")))


def downgrade() -> None:
    """Drop the tables: what they hold is told elsewhere."""
    op.drop_table("gov_catalogue_tag")
    op.drop_table("gov_catalogue")
