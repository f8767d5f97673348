"""A check with the id of another."""

from __future__ import annotations

from airflow_gov.audit.checks.small_files import SmallFiles


class Twin(SmallFiles):
    """The same id, another class."""
