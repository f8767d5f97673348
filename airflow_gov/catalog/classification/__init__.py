"""What columns hold, proposed from their names, types and a sample of their values."""

from airflow_gov.catalog.classification.measuring import DEFAULT_SAMPLE, MOST_SAMPLE
from airflow_gov.catalog.classification.recognisers import RECOGNISERS, TAGS
from airflow_gov.catalog.classification.scanning import scan

__all__ = ["DEFAULT_SAMPLE", "MOST_SAMPLE", "RECOGNISERS", "TAGS", "scan"]
