"""The rules of a raw dataset: its objects are there, and their headers have the declared columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.model.verdicts import RuleResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_gov.model.contract import Contract
    from airflow_gov.quality.rules import Query

#: How many files an observation names.
NAMED_FILES = 5


def check_raw(
    contract: Contract, query: Query, table: str, exists: Callable[[str], bool] | None
) -> tuple[RuleResult, ...]:
    """Check the files that a load delivered.

    :param table: the load's rows of the file index (``airflow_gov.model.raw``), by name in the session.
    :param exists: tells whether an object exists; None: only what the index says is checked.
    """
    files = query(f"SELECT file, uri, size, columns FROM {table} ORDER BY file")
    results = [
        RuleResult(
            rule="row_count", passed=bool(files), expected="at least 1 file", observed=f"{len(files):,} files"
        ),
        _files_rule("size", "no empty file", [file for file, _, size, _ in files if not size], "empty"),
    ]
    if exists is not None:
        lost = [file for file, uri, _, _ in files if not exists(uri)]
        results.append(_files_rule("exists", "every file in the lake", lost, "missing"))
    if contract.columns:
        results.append(_header_rule(contract, files))
    return tuple(results)


def _files_rule(rule: str, expected: str, broken: Sequence[str], word: str) -> RuleResult:
    return RuleResult(
        rule=rule,
        passed=not broken,
        expected=expected,
        observed=f"{word}: {_named(broken)}" if broken else expected,
        failed_rows=len(broken),
    )


def _header_rule(contract: Contract, files: Sequence[tuple[Any, ...]]) -> RuleResult:
    """Files without columns (a format that cannot be looked into) have nothing to compare."""
    declared = [column.name for column in contract.columns]
    broken = []
    for file, _, _, columns in files:
        missing = [name for name in declared if name not in columns] if columns else []
        if missing:
            broken.append(f"{file} lacks {', '.join(missing)}")
    return RuleResult(
        rule="columns",
        passed=not broken,
        columns=tuple(declared),
        expected=f"the contract's {len(declared)} columns in every header",
        observed=_named(broken) if broken else "as expected",
        failed_rows=len(broken),
    )


def _named(broken: Sequence[str]) -> str:
    more = f" and {len(broken) - NAMED_FILES:,} more" if len(broken) > NAMED_FILES else ""
    return "; ".join(broken[:NAMED_FILES]) + more
