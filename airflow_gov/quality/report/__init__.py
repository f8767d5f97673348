"""The report of a check, for people: one static page that needs nothing but itself."""

from airflow_gov.quality.report.rendering import render_report

__all__ = ["render_report"]
