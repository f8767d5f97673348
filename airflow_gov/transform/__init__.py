"""Engines: they turn tables and files into typed Parquet, in bounded memory, and touch nothing else."""

from airflow_gov.transform.engine import DuckEngine
from airflow_gov.transform.types import to_arrow_type, to_duckdb_type
from airflow_gov.transform.writing import Written

__all__ = ["DuckEngine", "Written", "to_arrow_type", "to_duckdb_type"]
