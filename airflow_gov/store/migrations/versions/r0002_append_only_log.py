"""The log is append-only: the database itself refuses to change or delete an entry."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE = (
    """
    CREATE TRIGGER gov_log_no_update BEFORE UPDATE ON gov_log
    BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END
    """,
    """
    CREATE TRIGGER gov_log_no_delete BEFORE DELETE ON gov_log
    BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END
    """,
    # INSERT OR REPLACE deletes the row in its way without firing the trigger above.
    """
    CREATE TRIGGER gov_log_no_replace BEFORE INSERT ON gov_log
    WHEN EXISTS (SELECT 1 FROM gov_log WHERE sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END
    """,
)

_POSTGRESQL = (
    """
    CREATE FUNCTION gov_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'gov_log is append-only'; END $$
    """,
    """
    CREATE TRIGGER gov_log_no_change BEFORE UPDATE OR DELETE ON gov_log
    FOR EACH ROW EXECUTE FUNCTION gov_log_refuse()
    """,
    """
    CREATE TRIGGER gov_log_no_truncate BEFORE TRUNCATE ON gov_log
    FOR EACH STATEMENT EXECUTE FUNCTION gov_log_refuse()
    """,
)

_TRIGGERS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
_UNDO = {
    "sqlite": (
        "DROP TRIGGER gov_log_no_update",
        "DROP TRIGGER gov_log_no_delete",
        "DROP TRIGGER gov_log_no_replace",
    ),
    "postgresql": ("DROP FUNCTION gov_log_refuse() CASCADE",),
}


def upgrade() -> None:
    """Make the triggers."""
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop the triggers."""
    for statement in _UNDO[op.get_bind().dialect.name]:
        op.execute(statement)
