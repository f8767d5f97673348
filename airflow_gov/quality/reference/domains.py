"""Which columns an expectation reads, and whether it looks at one row at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: Expectations whose answer about a row depends on that row alone.
ROW_LOCAL = frozenset(
    {
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_be_null",
        "expect_column_values_to_match_json_schema",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
        "expect_multicolumn_sum_to_equal",
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column_values_to_be_unique_within_record",
    }
)

#: A third party's map expectation says by this attribute of its class that it is one of these.
ROW_LOCAL_ATTRIBUTE = "row_local"

#: What may look at more than one row in a condition: calls, attributes, variables and the index.
_MORE_THAN_A_ROW = re.compile(r"\w\(|\.\s*[^\W\d]|@|\bindex\b|\bilevel_")


def looks_at_one_row(expectation: Expectation) -> bool:
    """Whether counts over parts of the rows add up to the counts over all of them."""
    condition = getattr(expectation, "row_condition", None)
    if condition is not None and _MORE_THAN_A_ROW.search(" ".join(_texts(_plain(condition)))):
        return False
    if type(expectation).__module__.startswith("great_expectations."):
        return expectation.expectation_type in ROW_LOCAL
    return _declares(type(expectation))


def _declares(kind: type[Expectation]) -> bool:
    """A map expectation that judges counts in a way of its own cannot be given summed counts."""
    from great_expectations.expectations import expectation as base

    maps = (base.ColumnMapExpectation, base.ColumnPairMapExpectation, base.MulticolumnMapExpectation)
    return (
        getattr(kind, ROW_LOCAL_ATTRIBUTE, False) is True
        and issubclass(kind, maps)
        and any(kind._validate is each._validate for each in maps)
    )


def columns_of(expectation: Expectation, table: Sequence[str]) -> tuple[str, ...]:
    """The table's columns that an expectation may read.

    Those its arguments and its condition mention, or all where it names no column.

    :param table: names of the table's columns, in order.
    """
    arguments = dict(expectation.configuration.kwargs)
    condition = " ".join(_texts(_plain(arguments.pop("row_condition", None))))
    domain = {name: value for name, value in arguments.items() if name.startswith("column")}
    if not domain:
        return tuple(table)
    named = set(_texts(arguments))
    return tuple(column for column in table if column in named or column in condition)


def _plain(condition: Any) -> Any:
    """A condition as mappings, lists and texts."""
    as_dict = getattr(condition, "dict", None)
    return as_dict() if callable(as_dict) else condition


def _texts(value: Any) -> Iterator[str]:
    """The texts in nested arguments."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from _texts(each)
