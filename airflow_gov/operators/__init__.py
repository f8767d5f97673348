"""Operators that move data through the zones.

Every operator makes a *candidate*; a :class:`~airflow_gov.sensors.QualityGateSensor` publishes it.
:func:`promote` writes both in one line.
"""

from __future__ import annotations

from airflow_gov.operators.base import ZoneOperator
from airflow_gov.operators.ingest import RawIngestOperator
from airflow_gov.operators.maintenance import MaintenanceOperator
from airflow_gov.operators.preprocess import PreprocessOperator
from airflow_gov.operators.promote import Promotion, promote
from airflow_gov.operators.split import SensitiveSplitOperator
from airflow_gov.operators.transform import CleanOperator, GoldOperator, TransformOperator, WorkOperator

__all__ = [
    "CleanOperator",
    "GoldOperator",
    "MaintenanceOperator",
    "PreprocessOperator",
    "Promotion",
    "RawIngestOperator",
    "SensitiveSplitOperator",
    "TransformOperator",
    "WorkOperator",
    "ZoneOperator",
    "promote",
]
