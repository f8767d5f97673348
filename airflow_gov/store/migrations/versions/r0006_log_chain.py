"""The log is a chain: every entry carries the hash of the one before it and its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from airflow_gov.model.log_chain import NO_HASH, canonical_json, entry_hash, moment_text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Entries that are chained at a time.
STEP = 1_000

_MOMENT = {
    "sqlite": "replace(log.at, ' ', 'T') || 'Z'",
    "postgresql": """to_char(log.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
}
_ENTRIES = """
SELECT log.sequence, {moment} AS at, log.action, log.subject, log.actor, log.execution_id,
  CAST(log.details AS TEXT) AS details
FROM gov_log AS log WHERE log.sequence > :after ORDER BY log.sequence LIMIT :step
"""
_CHAIN = "UPDATE gov_log SET previous_hash = :previous_hash, hash = :hash WHERE sequence = :sequence"
_TOLD = {
    "sqlite": """
        INSERT INTO gov_log (sequence, at, action, subject, actor, details, previous_hash, hash)
        VALUES (:sequence, :at, :action, :subject, :actor, :details, :previous_hash, :hash)
    """,
    "postgresql": """
        INSERT INTO gov_log (sequence, at, action, subject, actor, details, previous_hash, hash)
        VALUES (:sequence, CAST(:at AS TIMESTAMPTZ), :action, :subject, :actor, CAST(:details AS JSON),
          :previous_hash, :hash)
    """,
}
_LIFT = {
    "sqlite": "DROP TRIGGER gov_log_no_update",
    "postgresql": "ALTER TABLE gov_log DISABLE TRIGGER gov_log_no_change",
}
_SET = {
    "sqlite": """
        CREATE TRIGGER gov_log_no_update BEFORE UPDATE ON gov_log
        BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END
    """,
    "postgresql": "ALTER TABLE gov_log ENABLE TRIGGER gov_log_no_change",
}


def upgrade() -> None:
    """Add the columns, chain the entries that are there, and tell so in an entry of its own."""
    for name in ("previous_hash", "hash"):
        op.add_column("gov_log", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_gov_log_execution_id"), "gov_log", ["execution_id"])
    connection = op.get_bind()
    dialect = connection.dialect.name
    op.execute(_LIFT[dialect])
    last, last_hash = _chain(connection)
    op.execute(_SET[dialect])
    if last:
        connection.execute(sa.text(_TOLD[dialect]), _told(dialect, last, last_hash))


def downgrade() -> None:
    """Drop the columns: the entries stay."""
    op.drop_index(op.f("ix_gov_log_execution_id"), "gov_log")
    for name in ("hash", "previous_hash"):
        op.drop_column("gov_log", name)


def _chain(connection: sa.Connection) -> tuple[int, str]:
    """Write the chain of what is there; gives the place and the hash of the last entry."""
    entries = sa.text(_ENTRIES.format(moment=_MOMENT[connection.dialect.name]))
    last, last_hash = 0, NO_HASH
    while rows := connection.execute(entries, {"after": last, "step": STEP}).mappings().all():
        chained = []
        for row in rows:
            previous_hash, last_hash = last_hash, entry_hash(**row, previous_hash=last_hash)
            chained.append({"sequence": row["sequence"], "previous_hash": previous_hash, "hash": last_hash})
        connection.execute(sa.text(_CHAIN), chained)
        last = rows[-1]["sequence"]
    return last, last_hash


def _told(dialect: str, last: int, last_hash: str) -> dict[str, Any]:
    """The entry that says which entries are older than their chain."""
    now = moment_text(datetime.now(UTC))
    entry: dict[str, Any] = {
        "sequence": last + 1,
        "at": now,
        "action": "log.chained",
        "subject": "log",
        "actor": "airflow-gov db upgrade",
        "previous_hash": last_hash,
        "details": canonical_json({"chained_afterwards": last, "live_from": last + 1}),
    }
    kept_at = now.removesuffix("Z").replace("T", " ") if dialect == "sqlite" else now
    return {**entry, "at": kept_at, "hash": entry_hash(**entry, execution_id=None)}
