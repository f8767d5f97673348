"""The catalogue is searched by words, knows who reads its datasets, and what they lack."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from airflow_gov.model.words import words_of
from airflow_gov.store.catalogue_reads import weight
from airflow_gov.store.catalogue_text import written

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PLACES = ("named", "titled", "told")
_INDEX = """
CREATE VIRTUAL TABLE gov_catalogue_words USING fts5 (
  named, titled, told, content='gov_catalogue_text', content_rowid='text_id', tokenize='ascii',
  detail='column', prefix='1 2 3')
"""


def upgrade() -> None:
    """Make the tables and fill them from what is there."""
    bind = op.get_bind()
    words = TSVECTOR() if bind.dialect.name == "postgresql" else sa.Text()
    text = op.create_table(
        "gov_catalogue_text",
        sa.Column("text_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        *(sa.Column(place, words, nullable=False) for place in _PLACES),
        sa.Column("undescribed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["gov_catalogue.dataset"],
            name=op.f("fk_gov_catalogue_text_gov_catalogue"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("text_id", name=op.f("pk_gov_catalogue_text")),
    )
    op.create_index(op.f("ix_gov_catalogue_text_dataset"), "gov_catalogue_text", ["dataset"], unique=True)
    use = op.create_table(
        "gov_catalogue_use",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", name=op.f("pk_gov_catalogue_use")),
    )
    reader = op.create_table(
        "gov_catalogue_reader",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "dag_id", "task_id", name=op.f("pk_gov_catalogue_reader")),
    )
    op.create_index(op.f("ix_gov_catalogue_reader_dag_id"), "gov_catalogue_reader", ["dag_id"])
    for name in ("undocumented", "unowned"):
        flag: sa.Column[bool] = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true())
        op.add_column("gov_catalogue", flag)
    op.add_column("gov_catalogue", sa.Column("first_published_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("gov_catalogue", sa.Column("text_id", sa.Integer(), nullable=True))
    _tell(bind, text)
    _count_reads(bind, use, reader)
    op.create_index(op.f("ix_gov_catalogue_text_id"), "gov_catalogue", ["text_id"])
    op.drop_column("gov_catalogue", "document")
    _index(bind)


def _tell(bind: sa.Connection, text: sa.Table) -> None:
    rows = []
    for dataset, document in bind.execute(sa.text("SELECT dataset, document FROM gov_catalogue")):
        named = words_of([dataset], parts=True)
        told = list(dict.fromkeys([*named, *words_of([document])]))
        values = (written(bind.dialect.name, place) for place in (named, named, told))
        rows.append({"dataset": dataset, "undescribed": [], **dict(zip(_PLACES, values, strict=True))})
    op.bulk_insert(text, rows)
    op.execute(_TOLD)


#: What contracts say of columns is told when a task uses them next, as only then are their texts read:
#: without its hash a contract counts as one that is not told yet.
_TOLD = """
UPDATE gov_catalogue SET
  contract_hash = NULL,
  undocumented = (description = ''),
  unowned = (owner IS NULL OR owner = '' OR CAST(stewards AS TEXT) = '[]'),
  first_published_at = (SELECT v.published_at FROM gov_version v
    WHERE v.dataset = gov_catalogue.dataset ORDER BY v.version LIMIT 1),
  text_id = (SELECT t.text_id FROM gov_catalogue_text t WHERE t.dataset = gov_catalogue.dataset)
"""
_READS = """
SELECT DISTINCT d.dataset, e.dag_id, e.task_id, e.execution_id, e.started_at
FROM gov_execution_data d JOIN gov_execution e ON e.execution_id = d.execution_id
WHERE d.role = 'source' AND d.columns_hash IS NOT NULL AND d.dataset IS NOT NULL
  AND d.dataset NOT LIKE '%\\_\\_quarantine' ESCAPE '\\'
"""


def _count_reads(bind: sa.Connection, use: sa.Table, reader: sa.Table) -> None:
    query = sa.text(_READS).columns(started_at=sa.DateTime(timezone=True))
    uses: dict[str, tuple[int, float, datetime]] = {}
    readers: dict[tuple[str, str, str], tuple[int, datetime, str]] = {}
    for dataset, dag_id, task_id, execution_id, started_at in bind.execute(
        query.execution_options(yield_per=1000)
    ):
        at = started_at if started_at.tzinfo else started_at.replace(tzinfo=UTC)
        reads, score, last = uses.get(dataset, (0, 0.0, at))
        uses[dataset] = (reads + 1, score + weight(at), max(last, at))
        count, newest, by = readers.get((dataset, dag_id, task_id), (0, at, execution_id))
        readers[dataset, dag_id, task_id] = (count + 1, *max((newest, by), (at, execution_id)))
    names = [column.name for column in use.columns]
    op.bulk_insert(use, [dict(zip(names, (key, *told), strict=True)) for key, told in uses.items()])
    names = [column.name for column in reader.columns]
    op.bulk_insert(reader, [dict(zip(names, (*key, *told), strict=True)) for key, told in readers.items()])


def _index(bind: sa.Connection) -> None:
    if bind.dialect.name == "postgresql":
        for place in _PLACES:
            op.execute(
                f"CREATE INDEX gov_catalogue_words_{place} ON gov_catalogue_text "
                f"USING gin ({place}) WITH (fastupdate = off)"
            )
    elif bind.execute(sa.text("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")).first():
        op.execute(_INDEX)
        op.execute("INSERT INTO gov_catalogue_words (gov_catalogue_words) VALUES ('rebuild')")


def downgrade() -> None:
    """Drop the tables. What is searched is the name, until a task uses the contract again."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE IF EXISTS gov_catalogue_words")
    for name in ("reader", "use", "text"):
        op.drop_table(f"gov_catalogue_{name}")
    op.drop_index(op.f("ix_gov_catalogue_text_id"), "gov_catalogue")
    for name in ("undocumented", "unowned", "first_published_at", "text_id"):
        op.drop_column("gov_catalogue", name)
    document = sa.Column("document", sa.Text(), nullable=False, server_default="")
    op.add_column("gov_catalogue", document)
    op.execute("UPDATE gov_catalogue SET document = dataset, contract_hash = NULL")
