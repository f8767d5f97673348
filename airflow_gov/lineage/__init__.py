"""Lineage: what OpenLineage is told, as the plain dicts that its JSON schemas describe."""

from airflow_gov.lineage.datasets import checked_dataset, published_dataset
from airflow_gov.lineage.quality_facets import assertions_facet, metrics_facet, test_run_facet

__all__ = ["assertions_facet", "checked_dataset", "metrics_facet", "published_dataset", "test_run_facet"]
