"""A Dag whose load dies by kill -9 in its first try. Run as a program, this is the process that dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pyarrow as pa
from airflow.sdk import DAG

from airflow_gov.operators import GoldOperator
from airflow_gov.sensors import QualityGateSensor
from support.steps import SteppedRun

MARKER = "AIRFLOW_GOV_TESTS_KILLED"
RUN_ID = "once"


def load_or_die(totals: pa.Table) -> pa.Table:
    """The table as it is; the process that asks first is killed."""
    marker = Path(os.environ[MARKER])
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return totals


def killed_dag() -> DAG:
    """``load`` with one retry, and its ``gate``."""
    with DAG("killed", schedule=None) as dag:
        load = GoldOperator(
            task_id="load", source="clean.totals", target="gold.totals", transform=load_or_die, retries=1
        )
        QualityGateSensor(task_id="gate", candidate=load.output)
    return dag


if __name__ == "__main__":
    SteppedRun(killed_dag(), RUN_ID).step("load")
