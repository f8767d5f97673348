"""What a Dag file pays for importing our operators."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {
    "alembic",
    "duckdb",
    "fastapi",
    "great_expectations",
    "ibis",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pyiceberg",
}
PROGRAM = """
import json, sys
import airflow.sdk
from airflow.sdk import DAG, task, TaskGroup, BaseOperator, BaseSensorOperator, BaseHook, Variable, Asset
before = set(sys.modules)
import airflow_gov.operators, airflow_gov.sensors, airflow_gov.decorators.zone
from airflow_gov import dataset
new = {name.partition('.')[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(new)))
"""


def test_operators_and_sensors_load_nothing_heavy_that_the_sdk_did_not():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert set(json.loads(ran.stdout.splitlines()[-1])) & HEAVY == set()
