"""The rules every dataset has: columns, types, required, unique, primary key, rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.contract import LOAD_ID_COLUMN, Column, Contract
from airflow_gov.model.sql_text import identifier
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.model.zones import Zone
from airflow_gov.quality.keys import Duplicates, count_duplicates
from airflow_gov.quality.raw import check_raw

if TYPE_CHECKING:
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.quality.rules import Query, QueryEngine

#: Names of a snapshot's columns in order, with their types.
Schema = Sequence[tuple[str, str]]

_CANDIDATE, _ADDED = "candidate", "added"


def check_structure(
    contract: Contract,
    candidate: SourceTable,
    added: SourceTable,
    engine: QueryEngine,
    *,
    previous_schema: Schema | None = None,
    exists: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> tuple[RuleResult, ...]:
    """Check a candidate's structure against its contract.

    :param contract: what was promised.
    :param candidate: the snapshot to be published.
    :param added: the load's rows in it.
    :param engine: runs the queries.
    :param previous_schema: the published version's columns: none of them may have got lost.
    :param exists: tells whether a raw object's URI exists; raw datasets only.
    :param allow_empty: whether a load without rows is a load.
    :returns: the result of each rule; observations are counts and names, never values.
    """
    if contract.dataset.zone is Zone.RAW:
        with engine.query_tables({_ADDED: added}) as query:
            return check_raw(contract, query, _ADDED, exists)
    return StructureRules(engine, previous_schema, allow_empty).check(contract, candidate, added)


@dataclass(frozen=True)
class StructureRules:
    """Evaluates what a contract says about structure; see :func:`check_structure`."""

    engine: QueryEngine
    previous_schema: Schema | None = None
    allow_empty: bool = False

    def check(self, contract: Contract, candidate: SourceTable, added: SourceTable) -> tuple[RuleResult, ...]:
        """Evaluate the rules.

        Rows of the load are counted in one query, which Parquet statistics answer where they can; each
        key is counted in one query of its own columns over the snapshot.
        """
        there = {name for name, _ in candidate.schema}
        results = [_columns(contract, candidate.schema, self.previous_schema)]
        with self.engine.query_tables({_CANDIDATE: candidate, _ADDED: added}) as query:
            required = [column for column in contract.columns if column.required and column.name in there]
            results += _rows(query, added, required, allow_empty=self.allow_empty)
            results += [
                _unique(column.name, count_duplicates(query, _CANDIDATE, (column,)))
                for column in contract.columns
                if column.unique and column.name in there and contract.primary_key != (column.name,)
            ]
            key = tuple(column for name in contract.primary_key if (column := contract.column(name)))
            if key and all(column.name in there for column in key):
                results.append(_primary_key(key, count_duplicates(query, _CANDIDATE, key)))
        return tuple(results)


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


def _rows(
    query: Query, added: SourceTable, required: Sequence[Column], *, allow_empty: bool
) -> list[RuleResult]:
    """The rules about the load's rows, in one query. count(column) counts values, not nulls."""
    counts = ", ".join(["count(*)", *(f"count({identifier(column.name)})" for column in required)])
    rows, *values = query(f"SELECT {counts} FROM {_ADDED}")[0]
    results = [
        RuleResult(
            rule="row_count",
            passed=(rows > 0 or allow_empty) and rows == added.rows,
            expected=f"{added.rows:,} rows, as the table's metadata says"
            if added.rows or allow_empty
            else "rows",
            observed=f"{rows:,} rows",
        )
    ]
    results += [
        RuleResult(
            rule="required",
            passed=count == rows,
            columns=(column.name,),
            expected="no nulls",
            observed=f"{rows - count:,} nulls" if count < rows else "no nulls",
            failed_rows=rows - count,
        )
        for column, count in zip(required, values, strict=True)
    ]
    return results


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
