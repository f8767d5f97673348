"""ODCS rules of the type ``sql``: one SELECT of one number or truth value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.model.sql_text import identifier
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.suites.entries import Entry, columns_of
from airflow_gov.quality.suites.thresholds import OPERATORS, threshold_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands for the dataset and the column (ODCS 3.1 writes ``{object}`` and ``{property}``, 3.0 with a
#: dollar sign, and both also ``table`` and ``column``), and for the dataset's zone.
_PLACEHOLDER = re.compile(r"\$?\{\s*(object|table|property|column|schema)\s*\}", re.IGNORECASE)
#: The entry of `customProperties` that lists other datasets which the SELECT reads.
READS = "reads"
QUERY = "query"


def sql_rule(entry: Entry) -> Rule | None:
    """The rule of a ``type: sql`` entry; None where something is wrong with it."""
    before = len(entry.problems)
    for problem in threshold_problems(entry.data, truth=True):
        entry.wrong(problem)
    query, reads = _query(entry), list(_reads(entry))
    if query:
        _refuse(entry, query, reads)
    if len(entry.problems) > before or query is None:
        return None
    columns = (entry.column.name,) if entry.column else ()
    arguments = {name: entry.data[name] for name in OPERATORS if name in entry.data}
    return Rule(
        name=f"sql({columns[0]})" if columns else "sql",
        kind=RuleKind.SQL,
        check="sql",
        columns=columns,
        arguments=arguments | {QUERY: query} | ({READS: reads} if reads else {}),
        place=entry.place,
    )


def ask(
    rule: Rule, session: Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
) -> float | Decimal | bool:
    """What a rule's SELECT gives.

    :param session: runs a SELECT under the fence, and gives its columns and first two rows.
    :raises GovernanceError: ``RULE_FAILED`` when it is not one number or truth value, saying its shape.
    """
    columns, rows = session(str(rule.arguments[QUERY]))
    if len(columns) != 1 or len(rows) != 1:
        found = "more than one row" if len(rows) > 1 else f"{len(rows)} row{'s' if len(rows) != 1 else ''}"
        raise _failed(rule, f"gave {found} of {len(columns)} columns; it must give one value")
    value = rows[0][0]
    if not isinstance(value, bool | int | float | Decimal):
        what = "NULL" if value is None else f"a value of type {type(value).__name__}"
        raise _failed(rule, f"gave {what}; it must give a number or a truth value")
    if value != value:
        raise _failed(rule, "gave NaN, which compares with nothing")
    return value


def datasets_of(rule: Rule) -> tuple[DatasetName, ...]:
    """The other datasets that a rule's SELECT may read."""
    return tuple(DatasetName.parse(name) for name in rule.arguments.get(READS, ()))


def _failed(rule: Rule, what: str) -> GovernanceError:
    return GovernanceError(
        Reason.RULE_FAILED,
        f"The rule {rule.name} ({rule.place}) could not be evaluated: its SELECT {what}.",
        rule=rule.name,
    )


def _query(entry: Entry) -> str | None:
    query = entry.data.get(QUERY)
    if not isinstance(query, str) or not query.strip():
        entry.wrong("needs `query`, one SELECT", QUERY)
        return None
    dataset = entry.contract.dataset
    words: Mapping[str, str] = {
        "object": f"{identifier(dataset.zone)}.{identifier(dataset.name)}",
        "schema": identifier(dataset.zone),
        "property": identifier(entry.column.name) if entry.column else "",
    }
    words = {**words, "table": words["object"], "column": words["property"]}

    def filled(match: re.Match[str]) -> str:
        word = words[match[1].lower()]
        if not word:
            entry.wrong(f"{match[0]} has no column to stand for: put the rule at a column", QUERY)
        return word

    return _PLACEHOLDER.sub(filled, query)


def _reads(entry: Entry) -> Iterator[str]:
    for each in entry.data.get("customProperties") or ():
        if not isinstance(each, Mapping) or each.get("property") != READS:
            continue
        value = each.get("value")
        for name in [value] if isinstance(value, str) else value or ():
            try:
                yield str(DatasetName.parse(name))
            except GovernanceError as error:
                entry.wrong(error.message, "customProperties")


def _refuse(entry: Entry, query: str, reads: list[str]) -> None:
    refuse_sql = entry.reading.refuse_sql
    if refuse_sql is None:
        return
    schemas: dict[DatasetName, Any] = {DatasetName.parse(name): None for name in reads}
    schemas[entry.contract.dataset] = columns_of(entry.contract)
    try:
        refuse_sql(query, schemas)
    except GovernanceError as error:
        entry.wrong(error.message, QUERY)
