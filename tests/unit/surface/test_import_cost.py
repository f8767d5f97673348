"""What a Dag file pays for importing our operators, and a task for opening the lake."""

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


LAKE = """
import sys
from pathlib import Path
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
governance = Governance(Settings.load({"AIRFLOW_HOME": sys.argv[1]}))
assert governance.lake.head(DatasetName.parse("clean.flights")) is None
assert "pyiceberg" in sys.modules
print(sorted({"boto3", "requests"} & set(sys.modules)))
"""


def test_a_lake_in_a_folder_loads_no_client_of_s3_or_http(tmp_path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LAKE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"
