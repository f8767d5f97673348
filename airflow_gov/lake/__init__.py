"""The lake: Iceberg catalogue, raw objects, the candidate and publish protocol, maintenance."""

from __future__ import annotations

from airflow_gov.lake.lake import Lake
from airflow_gov.lake.maintenance import MaintenanceReport
from airflow_gov.lake.raw import RawObjects
from airflow_gov.lake.raw_comparing import IndexedObject, ListedObject, RawComparison, Sampling
from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.scanning import Scan
from airflow_gov.lake.staging import Staging
from airflow_gov.lake.stamps import FolderStamp
from airflow_gov.lake.summaries import SnapshotFacts
from airflow_gov.lake.table_facts import RefFacts, TableEntry, TableFacts

__all__ = [
    "FolderStamp",
    "IndexedObject",
    "Lake",
    "ListedObject",
    "MaintenanceReport",
    "RawComparison",
    "RawObjects",
    "RefFacts",
    "Sampling",
    "Scan",
    "SnapshotFacts",
    "Staging",
    "TableEntry",
    "TableFacts",
    "s3_client",
]
