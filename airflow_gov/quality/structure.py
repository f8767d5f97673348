"""The rules every dataset has: columns, types, required, unique, primary key, rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.model.contract import LOAD_ID_COLUMN, Column, Contract
from airflow_gov.model.sql_text import identifier
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.model.zones import Zone
from airflow_gov.quality.examples import examples_of
from airflow_gov.quality.keys import Duplicates, count_duplicates
from airflow_gov.quality.raw import check_raw

if TYPE_CHECKING:
    from airflow_gov.quality.rules import Session
    from airflow_gov.quality.subject import Schema, Subject

#: Names of the subject's tables in the session.
CANDIDATE, ADDED = "candidate", "added"
#: Rules about the load's rows alone: their results hold for the same files wherever they are.
_OF_LOAD = ("row_count", "required")


def structure_results(
    subject: Subject, session: Session, known: Sequence[RuleResult] = ()
) -> tuple[RuleResult, ...]:
    """Check a snapshot's structure against its contract.

    Rows of the load are counted in one query, which Parquet statistics answer where they can; each key is
    counted in queries of its own columns over the snapshot.

    :param subject: the snapshot.
    :param session: has its tables as :data:`CANDIDATE` and :data:`ADDED`.
    :param known: results of the same load's files, of which those about its rows alone are taken over.
    :returns: the result of each rule; observations are counts and names, never values.
    """
    contract = subject.contract
    if contract.dataset.zone is Zone.RAW:
        return check_raw(contract, session, ADDED, subject.exists)
    there = {name for name, _ in subject.candidate.schema}
    required = [column for column in contract.columns if column.required and column.name in there]
    results = [
        _columns(contract, subject.candidate.schema, subject.previous_schema),
        *(_known(known, required) or _rows(session, subject, required)),
    ]
    for column in contract.columns:
        if column.unique and column.name in there and contract.primary_key != (column.name,):
            result = _unique(column.name, count_duplicates(session, CANDIDATE, (column,)))
            results.append(_with_examples(result, session, subject))
    key = tuple(part for name in contract.primary_key if (part := contract.column(name)) is not None)
    if key and all(part.name in there for part in key):
        result = _primary_key(key, count_duplicates(session, CANDIDATE, key))
        results.append(_with_examples(result, session, subject))
    return tuple(results)


def _known(known: Sequence[RuleResult], required: Sequence[Column]) -> list[RuleResult]:
    """The results about the load's rows, where all of them are known."""
    found = {(result.rule, result.columns): result for result in known if result.rule in _OF_LOAD}
    wanted = [("row_count", ()), *(("required", (column.name,)) for column in required)]
    return [found[key] for key in wanted] if all(key in found for key in wanted) else []


def broken_rows(result: RuleResult, table: str) -> str | None:
    """Which rows break one of these rules, as an SQL expression; None for a rule that is not about rows.

    :param result: the rule's result.
    :param table: what follows FROM in a SELECT of the rows that a key must be unique among.
    """
    names = [identifier(name) for name in result.columns]
    if result.rule == "required":
        return f"{names[0]} IS NULL"
    if result.rule not in ("unique", "primary_key"):
        return None
    key = f"({', '.join(names)})"
    there = " AND ".join(f"{name} IS NOT NULL" for name in names)
    # Which of the rows that share a key is the right one, nobody can say.
    again = f"SELECT {key} FROM {table} WHERE {there} GROUP BY ALL HAVING count(*) > 1"
    repeated = f"{there} AND {key} IN ({again})"
    return f"NOT ({there}) OR ({repeated})" if result.rule == "primary_key" else repeated


def _with_examples(
    result: RuleResult, session: Session, subject: Subject, table: str = CANDIDATE
) -> RuleResult:
    broken = None if result.passed else broken_rows(result, table)
    return (
        result if broken is None else replace(result, examples=examples_of(session, table, broken, subject))
    )


def _columns(contract: Contract, schema: Schema, previous: Schema | None) -> RuleResult:
    found = {name: kind for name, kind in schema if name != LOAD_ID_COLUMN}
    declared = {column.name: str(column.type) for column in contract.columns}
    problems = [
        *(f"{name} is missing" for name in declared if name not in found),
        *(f"{name} is not in the contract" for name in found if name not in declared),
        *(
            f"{name} is {found[name]}, not {kind}"
            for name, kind in declared.items()
            if name in found and found[name] != kind
        ),
        *(
            f"{name} of the published version is gone"
            for name, _ in previous or ()
            if name not in found and name not in declared and name != LOAD_ID_COLUMN
        ),
    ]
    return RuleResult(
        rule="columns",
        passed=not problems,
        columns=tuple(declared),
        expected=f"the contract's {len(declared)} columns with their types",
        observed="; ".join(problems) or "as expected",
    )


def _rows(session: Session, subject: Subject, required: Sequence[Column]) -> list[RuleResult]:
    """The rules about the load's rows, in one query. count(column) counts values, not nulls."""
    declared = subject.added.rows
    counts = ", ".join(["count(*)", *(f"count({identifier(column.name)})" for column in required)])
    rows, *values = session(f"SELECT {counts} FROM {ADDED}")[0]
    results = [
        RuleResult(
            rule="row_count",
            passed=(rows > 0 or subject.allow_empty) and rows == declared,
            expected=f"{declared:,} rows, as the table's metadata says"
            if declared or subject.allow_empty
            else "rows",
            observed=f"{rows:,} rows",
            rows=rows,
        )
    ]
    for column, count in zip(required, values, strict=True):
        result = _required(column, rows, count)
        results.append(_with_examples(result, session, subject, ADDED))
    return results


def _required(column: Column, rows: int, values: int) -> RuleResult:
    return RuleResult(
        rule="required",
        passed=values == rows,
        columns=(column.name,),
        expected="no nulls",
        observed=f"{rows - values:,} nulls" if values < rows else "no nulls",
        failed_rows=rows - values,
        rows=rows,
    )


def _unique(name: str, duplicates: Duplicates) -> RuleResult:
    return RuleResult(
        rule="unique",
        passed=not duplicates.repeated,
        columns=(name,),
        expected="no value twice",
        observed=f"{duplicates.repeated:,} rows repeat a value" if duplicates.repeated else "no value twice",
        failed_rows=duplicates.repeated,
    )


def _primary_key(key: Sequence[Column], duplicates: Duplicates) -> RuleResult:
    problems = [
        text
        for count, text in (
            (duplicates.nulls, f"{duplicates.nulls:,} rows without a key"),
            (duplicates.repeated, f"{duplicates.repeated:,} rows repeat a key"),
        )
        if count
    ]
    return RuleResult(
        rule="primary_key",
        passed=not problems,
        columns=tuple(column.name for column in key),
        expected="a key in every row, no key twice",
        observed=", ".join(problems) or "as expected",
        failed_rows=duplicates.nulls + duplicates.repeated,
    )
