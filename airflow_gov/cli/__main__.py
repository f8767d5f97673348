"""`python -m airflow_gov.cli`."""

from __future__ import annotations

from airflow_gov.cli.main import main

main()
