"""Which columns a result's columns come from: of SQL, of Ibis, of files, and as declared."""

from airflow_gov.transform.column_lineage.aside import incomplete
from airflow_gov.transform.column_lineage.sql import sql_lineage

__all__ = ["incomplete", "sql_lineage"]
