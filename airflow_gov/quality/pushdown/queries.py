"""Expectations that are SELECTs of the user's: run under a fence, where they reach declared datasets only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from string import Formatter
from typing import Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.pushdown.constants import invalid
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Fenced, Observation, Plan
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.user_selects import one_select, without_end

#: Most rows of a SELECT whose result is compared. Great Expectations itself compares the first 200.
MAX_COMPARED = 10_000

#: Arguments that name another dataset, by expectation.
_OTHERS = {
    "expect_table_row_count_to_equal_other_table": "other_table_name",
    "expect_query_results_to_match_comparison": "comparison_data_source_name",
}


def datasets_of(check: str, arguments: Mapping[str, Any]) -> tuple[DatasetName, ...]:
    """The other datasets that an expectation reads.

    :param check: the expectation, in snake case.
    :param arguments: its arguments.
    :raises GovernanceError: ``DATASET_NAME_INVALID``.
    """
    name = arguments.get(_OTHERS.get(check, ""))
    return (DatasetName.parse(name),) if isinstance(name, str) else ()


@expectation
def unexpected_rows_expectation(relation: Relation, *, unexpected_rows_query: str) -> Plan:
    """A SELECT gives no rows. ``{batch}`` in it stands for the dataset's rows."""
    query = _of_batch(unexpected_rows_query, relation)
    ((rows,),) = yield (Fenced(f"SELECT count(*) FROM ({query}\n) AS unexpected_rows"),)
    return Observation(rows == 0, rows, unexpected=rows)


@expectation
def expect_query_results_to_match_comparison(
    relation: Relation,
    *,
    base_query: str,
    comparison_data_source_name: str,
    comparison_query: str,
    mostly: float = 1.0,
) -> Plan:
    """Two SELECTs give the same rows in any order, one of this dataset and one of another.

    :param base_query: ``{batch}`` stands for this dataset's rows.
    :param comparison_data_source_name: the other dataset, ``<zone>.<name>``.
    :param comparison_query: names the other dataset.
    :param mostly: the share of the rows that are the same on both sides, of the longer side.
    """
    DatasetName.parse(comparison_data_source_name)
    base, comparison = yield (
        _rows_of(_of_batch(base_query, relation), comparison_data_source_name),
        _rows_of(one_select(without_end(comparison_query)), comparison_data_source_name),
    )
    found, wanted = _counted(base, "base_query"), _counted(comparison, "comparison_query")
    most, same = max(found.total(), wanted.total()), (found & wanted).total()
    # As Great Expectations computes it, so that the same share is not rounded differently.
    unexpected_percent = (1 - same / most) * 100 if most else 0.0
    return Observation(100 - unexpected_percent >= mostly * 100, unexpected=most - same)


def _of_batch(query: str, relation: Relation) -> str:
    columns = ", ".join(map(identifier, relation.columns))
    condition = f" WHERE {relation.condition}" if relation.condition else ""
    batch = f"(SELECT {columns} FROM {_name(relation)}{condition})"
    return one_select(without_end(_filled(query, batch)))


def _filled(query: str, batch: str) -> str:
    """A query with its placeholder filled and doubled braces made single, as Great Expectations reads it.

    Not by ``str.format``, which would also read attributes and pad texts to any length.
    """
    try:
        parts = list(Formatter().parse(query))
    except ValueError as error:
        raise _stray_brace(str(error)) from None
    for _, name, form, conversion in parts:
        if name is not None and (name != "batch" or form or conversion):
            raise _stray_brace(f"{{{name}}} is no placeholder")
    return "".join(text + ("" if name is None else batch) for text, name, *_ in parts)


def _stray_brace(why: str) -> GovernanceError:
    return invalid(
        f"the query has a brace that is not of {{batch}} ({why}): double what is text, {{{{ or }}}}"
    )


def _name(relation: Relation) -> str:
    if relation.dataset is None:
        return identifier(relation.name)
    return ".".join(map(identifier, relation.dataset.split(".")))


def _rows_of(query: str, other: str) -> Fenced:
    limited = f"SELECT * FROM ({query}\n) LIMIT {MAX_COMPARED + 1}"
    return Fenced(f"SELECT list(compared) FROM ({limited}) AS compared", (other,))


def _counted(answer: tuple[list[dict[str, Any]] | None], which: str) -> Counter[tuple[Any, ...]]:
    """How often there is each row, as Python compares them."""
    rows = answer[0] or []
    if len(rows) > MAX_COMPARED:
        raise GovernanceError(
            Reason.RULE_FAILED,
            f"The {which} gives more than {MAX_COMPARED} rows: results are compared in memory, so let it "
            f"aggregate.",
        )
    try:
        return Counter(tuple(row.values()) for row in rows)
    except TypeError:
        raise GovernanceError(
            Reason.RULE_FAILED,
            f"The {which} gives lists or structs, which are not compared: take their parts.",
        ) from None
