"""The governance database: what was done, by whom, to which data, and what is published.

SQLite in a file, or PostgreSQL, alike in all they do. :class:`Store` is the way in; :class:`Spool` keeps
records while it is down.
"""

from __future__ import annotations

from airflow_gov.store.schema import SchemaStatus
from airflow_gov.store.spool import Spool
from airflow_gov.store.store import Store

__all__ = ["SchemaStatus", "Spool", "Store"]
