"""Quality: rules are evaluated on a candidate, their results make the verdict.

Every kind of rules is a :class:`~airflow_gov.quality.rules.RuleEngine`. :func:`check_structure` runs the
one that every dataset has: what its contract says about structure. Other suites (ODCS quality rules,
Great Expectations) are further engines whose results are added to the same verdict.
"""

from airflow_gov.quality.rules import QueryEngine, RuleEngine
from airflow_gov.quality.structure import check_structure

__all__ = ["QueryEngine", "RuleEngine", "check_structure"]
