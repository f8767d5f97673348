"""Sensors: the gates between zones, and those that wait for published data."""

from __future__ import annotations

from airflow_gov.sensors.freshness import DatasetFreshnessSensor
from airflow_gov.sensors.gate import QualityGateSensor
from airflow_gov.sensors.version import PublishedVersionSensor

__all__ = ["DatasetFreshnessSensor", "PublishedVersionSensor", "QualityGateSensor"]
