"""`airflow-gov demo`: the example Dags on real data, in an Airflow home of their own."""

from __future__ import annotations

from airflow_gov.cli.demo.command import demo

__all__ = ["demo"]
