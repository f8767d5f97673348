"""Great Expectations itself: what is not pushed down, on batches of rows.

Nothing of it is imported before a rule needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.reference.building import build
from airflow_gov.quality.reference.evaluating import evaluate_reference

if TYPE_CHECKING:
    from airflow_gov.model.rules import Rule

__all__ = ["evaluate_reference", "validate_reference"]


def validate_reference(rule: Rule) -> str | None:
    """Tell what is wrong with a rule that Great Expectations is to evaluate.

    :param rule: an expectation that is not pushed down.
    :returns: the problem in Great Expectations' own words, or None.
    :raises GovernanceError: ``DEPENDENCY_MISSING`` where Great Expectations is not installed.
    """
    try:
        build(rule)
    except GovernanceError as error:
        if error.reason is not Reason.RULE_INVALID:
            raise
        return str(error.attributes["problem"])
    return None
