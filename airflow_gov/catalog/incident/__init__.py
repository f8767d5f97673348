"""The drill of a breach: one page with where data lives, how it got there, who read it and whom to call."""

from airflow_gov.catalog.incident.answer import Asked, Incident, Read
from airflow_gov.catalog.incident.gathering import gather
from airflow_gov.catalog.incident.page import to_html
from airflow_gov.catalog.incident.subjects import SubjectKey

__all__ = ["Asked", "Incident", "Read", "SubjectKey", "gather", "to_html"]
