"""Operators that move data through the zones.

Every operator makes a *candidate*; a :class:`~airflow_gov.sensors.QualityGateSensor` publishes it.
:func:`promote` writes both in one line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow_gov.operators.audit import ZoneAuditOperator
from airflow_gov.operators.base import ZoneOperator
from airflow_gov.operators.check import QualityCheckOperator
from airflow_gov.operators.deadlines import ReviewDeadlineOperator
from airflow_gov.operators.ingest import RawIngestOperator
from airflow_gov.operators.maintenance import MaintenanceOperator
from airflow_gov.operators.preprocess import PreprocessOperator
from airflow_gov.operators.promote import Promotion, promote
from airflow_gov.operators.split import SensitiveSplitOperator
from airflow_gov.operators.transform import CleanOperator, GoldOperator, TransformOperator, WorkOperator

if TYPE_CHECKING:
    from airflow_gov.operators.approval import StewardApprovalOperator

__all__ = [
    "CleanOperator",
    "GoldOperator",
    "MaintenanceOperator",
    "PreprocessOperator",
    "Promotion",
    "QualityCheckOperator",
    "RawIngestOperator",
    "ReviewDeadlineOperator",
    "SensitiveSplitOperator",
    "StewardApprovalOperator",
    "TransformOperator",
    "WorkOperator",
    "ZoneAuditOperator",
    "ZoneOperator",
    "promote",
]


def __getattr__(name: str) -> Any:
    # Airflow's human-in-the-loop takes a while to import: only the Dags that ask somebody pay for it.
    if name == "StewardApprovalOperator":
        return import_module("airflow_gov.operators.approval").StewardApprovalOperator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
