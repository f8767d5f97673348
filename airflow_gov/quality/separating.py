"""Quarantine: the rows of a load that break rules are set aside, the others can be published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.contract import LOAD_ID_COLUMN, Contract
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.model.sql_text import identifier, literal
from airflow_gov.quality.pushdown import Observation, Relation, evaluate
from airflow_gov.quality.structure import ADDED, CANDIDATE, broken_rows
from airflow_gov.quality.suites import plan_of, relation_of, suite_of

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_gov.model.loads import FileRef
    from airflow_gov.model.verdicts import RuleResult
    from airflow_gov.quality.rules import QueryEngine, Session
    from airflow_gov.quality.subject import Subject


@dataclass(frozen=True)
class Separation:
    """A load's rows in two parts.

    :param kept: rows that break no rule.
    :param aside: rows that break one or more.
    :param kept_files: their files, with the columns of the table.
    :param aside_files: theirs, with the columns of a quarantine table.
    :param by_rule: how many rows break each rule; a row may break more than one.
    """

    kept: int
    aside: int
    kept_files: tuple[FileRef, ...]
    aside_files: tuple[FileRef, ...]
    by_rule: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Broken:
    """Which rows break a rule: an SQL expression over the table's columns, never NULL."""

    rule: str
    columns: tuple[str, ...]
    expression: str


def separate(
    subject: Subject,
    results: Sequence[RuleResult],
    engine: QueryEngine,
    *,
    kept_folder: Path,
    aside_folder: Path,
    aside_load_id: str | None = None,
) -> Separation:
    """Write the rows of a load that break no blocking rule, and those that do with the rules' names.

    :param subject: what was checked; the rows of ``subject.added`` are separated, by rules that may look
        at the whole candidate: of rows that share a key that must be unique, all are set aside.
    :param results: what the check said. Those that failed and block decide.
    :param kept_folder: an empty folder; ``column=value`` subfolders where the contract partitions.
    :param aside_folder: another one.
    :param aside_load_id: the ``_load_id`` of the rows set aside; None: their own.
    :raises GovernanceError: ``RULE_FAILED`` when a rule that failed is not about single rows: no rows can
        be set aside for it.
    """
    with engine.query_tables({CANDIDATE: subject.candidate, ADDED: subject.added}) as session:
        dataset = str(subject.contract.dataset)
        relation = relation_of(session, CANDIDATE, subject.candidate.schema, dataset=dataset)
        broken = _broken([result for result in results if result.blocks], subject, session, relation)
        # Read as the candidate is called, so that an expression may name it.
        rows = f"{identifier(ADDED)} AS {identifier(CANDIDATE)}"
        any_of = " OR ".join(f"({each.expression})" for each in broken) or "false"
        by_rule = _count(session, rows, broken)
        kept = session.write(
            f"SELECT {_table_columns(subject)} FROM {rows} WHERE NOT ({any_of})",
            kept_folder,
            subject.contract.partition_by,
        )
        aside = session.write(
            f"SELECT {_quarantine_columns(subject, broken, aside_load_id)} FROM {rows} WHERE {any_of}",
            aside_folder,
        )
    separation = Separation(_rows(kept), _rows(aside), kept, aside, by_rule)
    if separation.kept + separation.aside != subject.added.rows:
        raise GovernanceError(
            Reason.RULE_FAILED,
            f"{subject.contract.dataset}: of {subject.added.rows:,} rows, {separation.kept:,} were kept and "
            f"{separation.aside:,} set aside, which is not all. Nothing is published. Run the gate again; "
            f"if it is the same then, report it.",
            dataset=str(subject.contract.dataset),
        )
    return separation


def _broken(
    blocking: Sequence[RuleResult], subject: Subject, session: Session, relation: Relation
) -> list[_Broken]:
    of_suite = _of_suite([result for result in blocking if result.check], subject, session, relation)
    found = [
        of_suite.get(result.rule) if result.check else broken_rows(result, identifier(CANDIDATE))
        for result in blocking
    ]
    others = [result for result, expression in zip(blocking, found, strict=True) if expression is None]
    if others:
        raise _not_about_rows(others, subject.contract)
    return [
        _Broken(_name(result), result.columns, f"coalesce({expression}, false)")
        for result, expression in zip(blocking, found, strict=True)
        if expression is not None
    ]


def _of_suite(
    blocking: Sequence[RuleResult], subject: Subject, session: Session, relation: Relation
) -> dict[str, str]:
    """By rule of the suite, the rows that break it: what the rules' plans say, evaluated once more."""
    if not blocking:
        return {}
    rules: Mapping[str, Rule] = {
        rule.name: rule
        for rule in suite_of(subject.contract, subject.parameters).rules
        if rule.kind is not RuleKind.SQL
    }
    failed = {result.rule for result in blocking} & rules.keys()
    observed = evaluate(session, {name: plan_of(rules[name], relation, subject) for name in sorted(failed)})
    return {
        name: found.broken
        for name, found in observed.items()
        if isinstance(found, Observation) and found.broken is not None
    }


def _name(result: RuleResult) -> str:
    """A rule's name; those that every dataset has are there for more than one column."""
    return result.rule if result.check else f"{result.rule}({', '.join(result.columns)})"


def _count(session: Session, rows: str, broken: Sequence[_Broken]) -> dict[str, int]:
    if not broken:
        return {}
    counts = ", ".join(f"count(*) FILTER (WHERE {each.expression})" for each in broken)
    found = session(f"SELECT {counts} FROM {rows}")[0]
    return {each.rule: count for each, count in zip(broken, found, strict=True)}


def _table_columns(subject: Subject) -> str:
    return ", ".join(identifier(name) for name, _ in subject.added.schema)


def _quarantine_columns(subject: Subject, broken: Sequence[_Broken], load_id: str | None) -> str:
    """The columns of a quarantine table (``airflow_gov.transform.QUARANTINE_COLUMNS``) and ``_load_id``."""
    named = [each for each in broken if each.columns]
    first = " ".join(f"WHEN {each.expression} THEN {literal(each.columns[0])}" for each in named)
    reasons = ", ".join(f"CASE WHEN {each.expression} THEN {literal(each.rule)} END" for each in broken)
    own = [name for name, _ in subject.added.schema if name != LOAD_ID_COLUMN]
    content = ", ".join(f"{identifier(name)} := {identifier(name)}" for name in own)
    load = identifier(LOAD_ID_COLUMN) if load_id is None else literal(load_id)
    items = {
        "file": "''",
        "line": "0::BIGINT",
        "column": f"(CASE {first} END)" if first else "NULL::VARCHAR",
        "reason": f"concat_ws('; ', {reasons})" if reasons else "''",
        "content": f"to_json(struct_pack({content}))::VARCHAR",
        LOAD_ID_COLUMN: load,
    }
    return ", ".join(f"{value} AS {identifier(name)}" for name, value in items.items())


def _rows(files: Sequence[FileRef]) -> int:
    return sum(file.rows or 0 for file in files)


def _not_about_rows(results: Sequence[RuleResult], contract: Contract) -> GovernanceError:
    names = ", ".join(_name(result) for result in results)
    return GovernanceError(
        Reason.RULE_FAILED,
        f"{contract.dataset}: no rows can be set aside for {names}: "
        f"{'these rules are' if len(results) > 1 else 'this rule is'} not about single rows, or "
        f"Great Expectations itself judged. Correct the data, make the rule a warning, or have a steward "
        f"waive it.",
        dataset=str(contract.dataset),
        rules=[result.rule for result in results],
    )
