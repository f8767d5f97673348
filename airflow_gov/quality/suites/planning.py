"""A rule as a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.quality.pushdown import NotPushedDownError, Plan, Relation
from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.quality.suites.library import library_plan
from airflow_gov.quality.suites.observed import observed_plan

if TYPE_CHECKING:
    from airflow_gov.quality.subject import Subject

#: Arguments of every expectation that select its rows.
CONDITION, CONDITION_PARSER = "row_condition", "condition_parser"
#: Where a third party's expectation is defined; no argument of its own.
MODULE = "module"


def plan_of(rule: Rule, relation: Relation, subject: Subject | None = None) -> Plan:
    """The plan of a rule; all but SQL rules have one.

    It raises before its first request: :class:`NotPushedDownError` for an expectation whose exact meaning
    has no SQL here, ``RULE_INVALID`` for arguments that are wrong on this relation.

    :param rule: the rule.
    :param relation: the rows it is about.
    :param subject: what it is evaluated on; None for a plan that is made, but not run.
    """
    # So that whatever is raised is raised by the first step, as of every plan.
    yield from ()
    try:
        plan = _plan(rule, relation, subject)
    except ValueError as error:
        raise GovernanceError(Reason.RULE_INVALID, str(error)) from error
    return (yield from plan)


def _plan(rule: Rule, relation: Relation, subject: Subject | None) -> Plan:
    if rule.kind is RuleKind.LIBRARY:
        return library_plan(rule.check, relation, rule.arguments)
    if rule.kind is RuleKind.OBSERVED:
        return observed_plan(rule.check, relation, subject, rule.arguments)
    return _expectation_plan(rule, relation)


def _expectation_plan(rule: Rule, relation: Relation) -> Plan:
    function = pushed_down().get(rule.check)
    if function is None or MODULE in rule.arguments:
        raise NotPushedDownError(f"{rule.check} is not pushed down")
    own = dict(rule.arguments)
    condition, parser = own.pop(CONDITION, None), own.pop(CONDITION_PARSER, None)
    if condition:
        from airflow_gov.quality.pushdown.conditions import to_sql

        relation = relation.where(to_sql(condition, parser, relation))
    return function(relation, **own)
