"""Run by Alembic: applies the migrations on the connection that `schema.migrate` hands over."""

from __future__ import annotations

from alembic import context

from airflow_gov.store.schema import VERSION_TABLE
from airflow_gov.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
