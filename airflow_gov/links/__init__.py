"""Extra links: buttons beside a task instance in Airflow."""

from airflow_gov.links.quality import QualityReportLink

__all__ = ["QualityReportLink"]
