"""Sensors: the gates between zones."""

from __future__ import annotations

from airflow_gov.sensors.gate import QualityGateSensor

__all__ = ["QualityGateSensor"]
