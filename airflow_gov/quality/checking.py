"""A snapshot checked: its structure, and every rule of its contract's suite."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.quality.examples import examples_of
from airflow_gov.quality.pushdown import NotPushedDownError, Observation, Relation, evaluate, queries
from airflow_gov.quality.structure import ADDED, CANDIDATE, structure_results
from airflow_gov.quality.suites import plan_of, relation_of, suite_of
from airflow_gov.quality.suites.observed import no_lower_bound
from airflow_gov.quality.suites.relations import imagined
from airflow_gov.quality.suites.sql import ask, datasets_of
from airflow_gov.quality.suites.telling import impossible_result, result_of, sql_result

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality.pushdown.evaluating import RunFenced
    from airflow_gov.quality.rules import QueryEngine, Session
    from airflow_gov.quality.subject import Subject


class _Fence:
    """Fenced sessions with the snapshot and the other datasets a rule reads, each opened when it is needed.

    :param stack: closes it.
    """

    def __init__(self, subject: Subject, engine: QueryEngine, stack: ExitStack) -> None:
        self._tables = {**subject.others, subject.contract.dataset: subject.candidate}
        self._own = str(subject.contract.dataset)
        self._engine = engine
        self._stack = stack
        self._sessions: dict[frozenset[str], RunFenced] = {}

    def __call__(self, sql: str, *others: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run a user's SELECT of the snapshot and others, and give its columns and its first two rows."""
        seen = frozenset({*others, self._own})
        if seen not in self._sessions:
            tables = {dataset: table for dataset, table in self._tables.items() if str(dataset) in seen}
            self._sessions[seen] = self._stack.enter_context(self._engine.query_datasets(tables))
        return self._sessions[seen](sql)


def check(
    subject: Subject, engine: QueryEngine, *, known: Sequence[RuleResult] = ()
) -> tuple[RuleResult, ...]:
    """Check a snapshot against its contract.

    Nothing is loaded: rules become SQL that shares passes over the files. Expectations whose exact meaning
    has no SQL are evaluated by Great Expectations itself.

    :param subject: the snapshot, and what its rules compare it with.
    :param engine: runs the SQL.
    :param known: results of the same load files that hold still, e.g. after a rebase: those about the
        load's rows alone are taken over.
    :returns: the result of each rule: those of structure, then those of the suite in its order. They hold
        counts and keys, and no value of a classified column.
    :raises GovernanceError: ``RULE_INVALID`` with everything that is wrong with the suite, before anything
        is read; ``RULE_FAILED`` when a rule could not be evaluated; ``DEPENDENCY_MISSING`` when one needs
        Great Expectations.
    """
    suite = suite_of(subject.contract, subject.parameters, engine.refuse_sql)
    names = {dataset: f"other_{number}" for number, dataset in enumerate(subject.others)}
    tables: dict[str, SourceTable] = {CANDIDATE: subject.candidate, ADDED: subject.added}
    tables |= {names[dataset]: table for dataset, table in subject.others.items()}
    with ExitStack() as stack:
        fence = _Fence(subject, engine, stack)
        with engine.query_tables(tables) as session:
            structure = structure_results(subject, session, known)
            results = _without_columns(suite.rules, subject, structure)
            rules = [rule for rule in suite.rules if rule.name not in results]
            others = {str(dataset): name for dataset, name in names.items()}
            dataset = str(subject.contract.dataset)
            relation = relation_of(session, CANDIDATE, subject.candidate.schema, others, dataset=dataset)
            results |= _pushed_down(session, relation, rules, subject, fence)
        left = [rule for rule in rules if rule.name not in results]
        results |= _by_sql([rule for rule in left if rule.kind is RuleKind.SQL], subject, fence)
    results |= _by_reference([rule for rule in left if rule.kind is not RuleKind.SQL], subject)
    return (*structure, *(results[rule.name] for rule in suite.rules))


def other_datasets(contract: Contract) -> frozenset[DatasetName]:
    """The other datasets that a contract's suite compares with.

    :raises GovernanceError: ``RULE_INVALID``.
    """
    found = {dataset for rule in suite_of(contract).rules for dataset in _others(rule)}
    return frozenset(found - {contract.dataset})


def _others(rule: Rule) -> tuple[DatasetName, ...]:
    if rule.kind is RuleKind.SQL:
        return datasets_of(rule)
    if rule.kind is RuleKind.EXPECTATION:
        return queries.datasets_of(rule.check, rule.arguments)
    return ()


def _without_columns(
    rules: Sequence[Rule], subject: Subject, structure: Sequence[RuleResult]
) -> dict[str, RuleResult]:
    """Rules that cannot be evaluated because the table's columns are not the contract's: these fail.

    That the columns are wrong blocks already; the verdict says the rest too, instead of ending in an error.
    """
    if all(result.passed for result in structure if result.rule == "columns"):
        return {}
    relation = imagined(str(subject.contract.dataset), subject.candidate.schema, map(str, subject.others))
    failed = {}
    for rule in rules:
        lost = [name for name in rule.columns if name not in relation.columns]
        why = f"the table has no column {', '.join(lost)}" if lost else _why_not(rule, relation, subject)
        if why is not None:
            failed[rule.name] = impossible_result(rule, why)
    return failed


def _why_not(rule: Rule, relation: Relation, subject: Subject) -> str | None:
    if rule.kind is RuleKind.SQL:
        return "the table's columns are not the contract's"
    plan = plan_of(rule, relation, subject)
    try:
        next(plan, None)
    except NotPushedDownError:
        return None
    except GovernanceError as error:
        return error.message
    finally:
        plan.close()
    return None


def _pushed_down(
    session: Session, relation: Relation, rules: Sequence[Rule], subject: Subject, fenced: RunFenced
) -> dict[str, RuleResult]:
    """The results of all rules that have SQL, with keys of rows that broke them."""
    planned = {rule.name: rule for rule in rules if rule.kind is not RuleKind.SQL}
    _require_others(rules, subject)
    plans = {name: plan_of(rule, relation, subject) for name, rule in planned.items()}
    observed = evaluate(session, plans, fenced)
    results = {}
    for name, found in observed.items():
        rule = planned[name]
        if isinstance(found, NotPushedDownError):
            continue
        if isinstance(found, Exception):
            raise _failed(rule, found, subject.contract)
        result = result_of(rule, found, subject)
        if unbounded := no_lower_bound(rule.check, found.value):
            result = replace(result, expected=f"{result.expected} ({unbounded})")
        if not found.success and found.broken is not None:
            keys = examples_of(session, relation.name, found.broken, subject)
            result = replace(result, examples=keys)
        results[name] = result
    return results


def _by_sql(rules: Sequence[Rule], subject: Subject, fenced: RunFenced) -> dict[str, RuleResult]:
    """The results of SQL rules, which are a user's words: they see the datasets they name, nothing else."""
    results = {}
    for rule in rules:
        try:
            value = ask(rule, partial(_seeing, fenced, datasets_of(rule)))
        except GovernanceError as error:
            raise _failed(rule, error, subject.contract) from error
        results[rule.name] = sql_result(rule, value, subject)
    return results


def _seeing(
    fenced: RunFenced, others: Sequence[DatasetName], sql: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    return fenced(sql, *map(str, others))


def _require_others(rules: Sequence[Rule], subject: Subject) -> None:
    for rule in rules:
        for dataset in _others(rule):
            if dataset != subject.contract.dataset and dataset not in subject.others:
                raise GovernanceError(
                    Reason.RULE_FAILED,
                    f"The rule {rule.name} ({rule.place}) could not be evaluated: nothing is published of "
                    f"{dataset}, which it compares with.",
                    rule=rule.name,
                    dataset=str(dataset),
                )


def _by_reference(rules: Sequence[Rule], subject: Subject) -> dict[str, RuleResult]:
    if not rules:
        return {}
    from airflow_gov.quality.reference import evaluate_reference

    results = {}
    observed = evaluate_reference(rules, subject.candidate, subject.contract)
    for rule in rules:
        found = observed[rule.name]
        if not isinstance(found, Observation):
            raise _failed(rule, found, subject.contract)
        results[rule.name] = result_of(rule, found, subject, engine="great_expectations")
    return results


def _failed(rule: Rule, error: Exception, contract: Contract) -> GovernanceError:
    """The error of a rule that could not be evaluated. Nothing is known of the snapshot then."""
    if isinstance(error, GovernanceError) and error.reason in (Reason.RULE_FAILED, Reason.DEPENDENCY_MISSING):
        return error
    # Errors of ours quote no values, others may.
    told = str(error) if isinstance(error, GovernanceError) else type(error).__name__
    return GovernanceError(
        Reason.RULE_FAILED,
        f"The rule {rule.name} ({rule.place}) could not be evaluated: {told}",
        rule=rule.name,
        dataset=str(contract.dataset),
    )
