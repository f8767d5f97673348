"""Gold is read without Airflow and without this package: with PyIceberg, DuckDB and pandas."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# The demo may run for some minutes on a busy machine.
pytestmark = [pytest.mark.airflow, pytest.mark.timeout(700)]

PYICEBERG = """
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("airflow_gov", type="sql", uri=CATALOG)
    table = catalog.load_table("gold.carrier_punctuality")
    rows = table.scan(row_filter="carrier == 'UA'", selected_fields=("month", "flights")).to_arrow()
    print(rows.num_rows, sum(rows["flights"].to_pylist()))
"""

DUCKDB = """
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("airflow_gov", type="sql", uri=CATALOG)
    database = catalog.load_table("gold.carrier_punctuality").scan().to_duckdb("punctuality")
    print(*database.execute(
        "SELECT count(*), sum(flights) FROM punctuality WHERE carrier = 'UA'"
    ).fetchone())
"""

PANDAS = """
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("airflow_gov", type="sql", uri=CATALOG)
    frame = catalog.load_table("gold.carrier_punctuality").scan().to_pandas()
    united = frame[frame["carrier"] == "UA"]
    print(len(united), united["flights"].sum())
"""

A_VERSION = """
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("airflow_gov", type="sql", uri=CATALOG)
    table = catalog.load_table("gold.carrier_punctuality")
    version = table.snapshot_by_name("v1")
    rows = table.scan(row_filter="carrier == 'UA'", snapshot_id=version.snapshot_id).to_arrow()
    print(rows.num_rows, sum(rows["flights"].to_pylist()))
"""


@pytest.mark.parametrize(
    "script", [PYICEBERG, DUCKDB, PANDAS, A_VERSION], ids=["pyiceberg", "duckdb", "pandas", "a version"]
)
def test_reading_gold(demo, script) -> None:
    text = f"CATALOG = {demo.report['catalog']!r}\n{textwrap.dedent(script)}"
    text += "\nimport sys\nassert not {'airflow', 'airflow_gov'} & set(sys.modules)\n"
    answer = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    # United flew every month of 2013: 58,665 flights in the delivered file.
    assert answer.stdout.split() == ["12", "58665"]


def test_reading_gold_as_the_readme_shows(demo, tmp_path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    shown = next(
        block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "scan()" in block
    )
    (tmp_path / ".airflow-gov").symlink_to(demo.home)
    text = f"{shown}\nprint(len(frame), table.num_rows, connection.sql('FROM punctuality').shape[0])"
    answer = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["185", "185", "185"]
