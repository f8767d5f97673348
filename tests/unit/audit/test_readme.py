"""The README names every check that comes with the package, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from airflow_gov.audit.registry import check_classes

README = (Path(__file__).parents[3] / "README.md").read_text("utf-8")


def test_the_readme_names_the_checks_there_are():
    table = README.partition("## Audits")[2].partition("`airflow-gov audit explain")[0]
    own = {name for name, check in check_classes().items() if check.__module__.startswith("airflow_gov.")}
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", table)) - {"airflow-gov"} == own
