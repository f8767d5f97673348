"""Fixtures that every test may use: an Airflow home of its own, PostgreSQL, an S3 server."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Airflow reads its home when it is imported, so it is set before any test module is: no test touches
# the home of whoever runs the tests.
_HOME = tempfile.mkdtemp(prefix="airflow-gov-tests-")
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=os.path.join(_HOME, "dags"),
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
)
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
