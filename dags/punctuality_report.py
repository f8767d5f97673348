"""Starts when a new version of gold.carrier_punctuality is published, and only then."""

from __future__ import annotations

import logging

from airflow.sdk import DAG, task

from airflow_gov import dataset

PUNCTUALITY = dataset("gold.carrier_punctuality").asset

with DAG("punctuality_report", schedule=[PUNCTUALITY], tags=["airflow-gov"], doc_md=__doc__):

    @task(inlets=[PUNCTUALITY])
    def report(inlet_events) -> dict:
        published = inlet_events[PUNCTUALITY][-1].extra
        logging.getLogger(__name__).info(
            "Version %s is out: %s rows, verdict %s.",
            published["version"],
            published["rows"],
            published["verdict"],
        )
        return dict(published)

    report()
