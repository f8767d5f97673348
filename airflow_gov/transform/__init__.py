"""Engines: they turn tables and files into typed Parquet, in bounded memory, and touch nothing else."""

from airflow_gov.transform.engine import DuckEngine
from airflow_gov.transform.files.inspecting import FileShape, inspect_file
from airflow_gov.transform.files.plain import LocalFile
from airflow_gov.transform.files.reading import ReadResult
from airflow_gov.transform.quarantine import QUARANTINE_COLUMNS
from airflow_gov.transform.splitting import TOKEN_SUFFIX
from airflow_gov.transform.types import from_duckdb_type, to_arrow_type, to_duckdb_type
from airflow_gov.transform.writing import Written

__all__ = [
    "QUARANTINE_COLUMNS",
    "TOKEN_SUFFIX",
    "DuckEngine",
    "FileShape",
    "LocalFile",
    "ReadResult",
    "Written",
    "from_duckdb_type",
    "inspect_file",
    "to_arrow_type",
    "to_duckdb_type",
]
