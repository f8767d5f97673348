"""Quality: rules are evaluated on a snapshot, their results make the verdict.

:func:`check` evaluates what every dataset has, the rules of structure, and the suite of its contract: metrics
and SQL of the Open Data Contract Standard, expectations of Great Expectations, and rules about time.
"""

from airflow_gov.quality.checking import check, other_datasets
from airflow_gov.quality.rules import QueryEngine
from airflow_gov.quality.subject import Subject
from airflow_gov.quality.suites import rule_problems, suite_of

__all__ = [
    "QueryEngine",
    "Subject",
    "check",
    "other_datasets",
    "rule_problems",
    "suite_of",
]
