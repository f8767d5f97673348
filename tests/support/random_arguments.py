"""Random arguments of expectations on random tables."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from support.random_tables import COLUMNS, MAX_ROWS, VALUES, Draw

NUMBERS = ("i", "n", "f", "m")
ORDERED = (*NUMBERS, "d", "t", "z")


def _of(name: str) -> st.SearchStrategy[Any]:
    """A value for a column as a contract writes it: dates and times are text there."""
    return VALUES[COLUMNS[name]].filter(_is_number_or_no_float).map(_written)


def _is_number_or_no_float(value: Any) -> bool:
    return not (isinstance(value, float) and math.isnan(value))


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def _mostly(draw: Draw) -> dict[str, Any]:
    share = draw(st.sampled_from([None, 0, 0.5, 0.6, 2 / 3, 0.75, 1]))
    return {} if share is None else {"mostly": share}


def _bounds(draw: Draw, values: st.SearchStrategy[Any], *, strict: bool = True) -> dict[str, Any]:
    """One bound or both, in order, strict ones too."""
    given = sorted(draw(st.lists(values, min_size=2, max_size=2)))
    which = draw(st.sampled_from([("min",), ("max",), ("min", "max")]))
    found: dict[str, Any] = {f"{each}_value": given[0] if each == "min" else given[1] for each in which}
    for each in which if strict else ():
        if draw(st.booleans()):
            found[f"strict_{each}"] = True
    return found


def _set(draw: Draw, name: str) -> list[Any]:
    return list(draw(st.lists(_of(name), min_size=1, max_size=4)))


def _name(draw: Draw, *names: str) -> str:
    return str(draw(st.sampled_from(names or tuple(COLUMNS))))


def _any_column(draw: Draw) -> dict[str, Any]:
    return {"column": _name(draw), **_mostly(draw)}


def _values(draw: Draw) -> dict[str, Any]:
    name = _name(draw)
    return {"column": name, "value_set": _set(draw, name), **_mostly(draw)}


def _between(draw: Draw) -> dict[str, Any]:
    name = _name(draw, *ORDERED)
    return {"column": name, **_bounds(draw, _of(name)), **_mostly(draw)}


def _ordered(draw: Draw) -> dict[str, Any]:
    strictly = draw(st.sampled_from([{}, {"strictly": True}, {"strictly": False}]))
    return {"column": _name(draw, *ORDERED), **strictly, **_mostly(draw)}


_PATTERNS = st.sampled_from(
    [
        "a",
        "^a",
        "b$",
        "^$",
        r"\d",
        r"^\w+$",
        "a|b",
        "ä",
        "[ab]{2}",
        r"(?i)A",
        ".",
        r"\s",
        r"(?<!a)b",
        r"^(a)\n",
        "'",
        r"\\",
    ]
)


def _regex(draw: Draw) -> dict[str, Any]:
    return {"column": _name(draw, "s", "u"), "regex": draw(_PATTERNS), **_mostly(draw)}


def _regexes(draw: Draw) -> dict[str, Any]:
    regexes = draw(st.lists(_PATTERNS, min_size=1, max_size=3))
    return {"column": _name(draw, "s"), "regex_list": regexes, **_mostly(draw)}


def _matching_regexes(draw: Draw) -> dict[str, Any]:
    return {**_regexes(draw), "match_on": draw(st.sampled_from(["any", "all"]))}


def _text(**more: st.SearchStrategy[Any]) -> Callable[[Draw], dict[str, Any]]:
    def arguments(draw: Draw) -> dict[str, Any]:
        return {
            "column": _name(draw, "s", "u"),
            **{key: draw(each) for key, each in more.items()},
            **_mostly(draw),
        }

    return arguments


def _lengths(draw: Draw) -> dict[str, Any]:
    return {"column": _name(draw, "s"), **_bounds(draw, st.integers(0, 4)), **_mostly(draw)}


def _scores(draw: Draw) -> dict[str, Any]:
    name = _name(draw, "i", "n", "f")
    threshold = draw(st.sampled_from([0.5, 1, 1.2, 3, -1]))
    return {"column": name, "threshold": threshold, "double_sided": draw(st.booleans()), **_mostly(draw)}


def _outliers(draw: Draw) -> dict[str, Any]:
    method = draw(st.sampled_from(["iqr", "std"]))
    multiplier = draw(st.sampled_from([0.5, 1.0, 1.5, 3.0]))
    return {"column": _name(draw, "i", "n", "f"), "method": method, "multiplier": multiplier, **_mostly(draw)}


_PAIRS = (
    ("i", "j"),
    ("i", "n"),
    ("f", "g"),
    ("i", "f"),
    ("s", "u"),
    ("m", "i"),
    ("d", "d"),
    ("t", "t"),
    ("b", "b"),
)
_PAIR_MISSING = st.sampled_from(
    [
        {},
        {"ignore_row_if": "both_values_are_missing"},
        {"ignore_row_if": "either_value_is_missing"},
        {"ignore_row_if": "neither"},
    ]
)


def _pair(draw: Draw) -> dict[str, Any]:
    one, other = draw(st.sampled_from(_PAIRS))
    return {"column_A": one, "column_B": other, **draw(_PAIR_MISSING), **_mostly(draw)}


def _greater(draw: Draw) -> dict[str, Any]:
    return {**_pair(draw), **draw(st.sampled_from([{}, {"or_equal": True}]))}


def _pairs(draw: Draw) -> dict[str, Any]:
    arguments = _pair(draw)
    pair = st.tuples(_of(arguments["column_A"]), _of(arguments["column_B"]))
    return {**arguments, "value_pairs_set": draw(st.lists(pair, min_size=1, max_size=4))}


_LISTS = (["i", "j"], ["i", "j", "n"], ["f", "g"], ["i", "f"], ["s", "u"], ["m", "i"], ["s", "i"])
_LIST_MISSING = st.sampled_from(
    [
        {},
        {"ignore_row_if": "all_values_are_missing"},
        {"ignore_row_if": "any_value_is_missing"},
        {"ignore_row_if": "never"},
    ]
)


def _columns(draw: Draw) -> dict[str, Any]:
    names = draw(st.sampled_from(_LISTS))
    return {"column_list": list(names), **draw(_LIST_MISSING), **_mostly(draw)}


def _sum_of_columns(draw: Draw) -> dict[str, Any]:
    names = draw(st.sampled_from([names for names in _LISTS if "s" not in names]))
    total = draw(st.sampled_from([0, 1, 2, 3, 1.5, 2**53]))
    return {"column_list": list(names), "sum_total": total, **draw(_LIST_MISSING), **_mostly(draw)}


def _limits(*names: str, values: st.SearchStrategy[Any] | None = None) -> Callable[[Draw], dict[str, Any]]:
    def arguments(draw: Draw) -> dict[str, Any]:
        name = _name(draw, *names)
        return {"column": name, **_bounds(draw, _of(name) if values is None else values)}

    return arguments


def _value_set(draw: Draw) -> dict[str, Any]:
    name = _name(draw)
    return {"column": name, "value_set": _set(draw, name)}


def _most_common(draw: Draw) -> dict[str, Any]:
    return {**_value_set(draw), **draw(st.sampled_from([{}, {"ties_okay": True}]))}


def _quantiles(draw: Draw) -> dict[str, Any]:
    name = _name(draw, "i", "n", "f")
    shares = sorted(
        draw(st.sets(st.sampled_from([0, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1]), min_size=1, max_size=3))
    )
    pair = st.tuples(st.integers(-3, 0), st.integers(0, 3)).map(list)
    ranges = draw(st.lists(pair, min_size=len(shares), max_size=len(shares)))
    return {"column": name, "quantile_ranges": {"quantiles": shares, "value_ranges": ranges}}


def _divergence(draw: Draw) -> dict[str, Any]:
    name = _name(draw, "s", "b", "i")
    values = draw(st.lists(_of(name), min_size=1, max_size=4, unique=True))
    return {
        "column": name,
        "partition_object": {"values": values, "weights": [1 / len(values)] * len(values)},
        "threshold": draw(st.sampled_from([0.1, 1.0, 5.0])),
        **draw(st.sampled_from([{}, {}, {"tail_weight_holdout": 0.1}, {"internal_weight_holdout": 0.1}])),
    }


_COUNT = st.integers(0, MAX_ROWS)
_NAMES = st.lists(st.sampled_from([*COLUMNS, "nowhere"]), min_size=1, max_size=len(COLUMNS), unique=True)

#: Arguments for each expectation that both engines can judge on one table.
ARGUMENTS: Mapping[str, Callable[[Draw], dict[str, Any]]] = {
    "expect_column_distinct_values_to_be_in_set": _value_set,
    "expect_column_distinct_values_to_contain_set": _value_set,
    "expect_column_distinct_values_to_equal_set": _value_set,
    "expect_column_kl_divergence_to_be_less_than": _divergence,
    "expect_column_max_to_be_between": _limits(*ORDERED),
    "expect_column_mean_to_be_between": _limits("i", "n", "f"),
    "expect_column_median_to_be_between": _limits("i", "n", "f"),
    "expect_column_min_to_be_between": _limits(*ORDERED),
    "expect_column_most_common_value_to_be_in_set": _most_common,
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": _pair,
    "expect_column_pair_values_to_be_in_set": _pairs,
    "expect_column_proportion_of_non_null_values_to_be_between": _limits(values=st.sampled_from([0, 0.5, 1])),
    "expect_column_proportion_of_unique_values_to_be_between": _limits(values=st.sampled_from([0, 0.5, 1])),
    "expect_column_quantile_values_to_be_between": _quantiles,
    "expect_column_stdev_to_be_between": _limits("i", "n", "f", values=st.sampled_from([0, 0.5, 1, 2])),
    "expect_column_sum_to_be_between": _limits("i", "n", "f", "m"),
    "expect_column_to_exist": lambda draw: {
        "column": draw(st.sampled_from([*COLUMNS, "nowhere"])),
        **draw(st.sampled_from([{}, {"column_index": 0}, {"column_index": 3}])),
    },
    "expect_column_unique_value_count_to_be_between": _limits(values=_COUNT),
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _text(value=st.integers(0, 4)),
    "expect_column_value_z_scores_to_be_less_than": _scores,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_dateutil_parseable": _text(),
    "expect_column_values_to_be_decreasing": _ordered,
    "expect_column_values_to_be_in_set": _values,
    "expect_column_values_to_be_increasing": _ordered,
    "expect_column_values_to_be_json_parseable": _text(),
    "expect_column_values_to_be_null": _any_column,
    "expect_column_values_to_be_unique": _any_column,
    "expect_column_values_to_match_json_schema": _text(
        json_schema=st.sampled_from([{}, {"type": "object"}, {"properties": {"a": {"type": "integer"}}}])
    ),
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_match_regex_list": _matching_regexes,
    "expect_column_values_to_match_strftime_format": _text(
        strftime_format=st.sampled_from(["%Y-%m-%d", "%H:%M", "%d.%m.%Y"])
    ),
    "expect_column_values_to_not_be_in_set": _values,
    "expect_column_values_to_not_be_null": _any_column,
    "expect_column_values_to_not_be_outliers": _outliers,
    "expect_column_values_to_not_match_regex": _regex,
    "expect_column_values_to_not_match_regex_list": _regexes,
    "expect_compound_columns_to_be_unique": _columns,
    "expect_multicolumn_sum_to_equal": _sum_of_columns,
    "expect_multicolumn_values_to_be_equal": _columns,
    "expect_select_column_values_to_be_unique_within_record": _columns,
    "expect_table_column_count_to_be_between": lambda draw: _bounds(draw, st.integers(10, 14), strict=False),
    "expect_table_column_count_to_equal": lambda draw: {"value": draw(st.integers(11, 13))},
    "expect_table_columns_to_match_ordered_list": lambda draw: {
        "column_list": draw(st.one_of(_NAMES, st.just(list(COLUMNS))))
    },
    "expect_table_columns_to_match_set": lambda draw: {
        "column_set": draw(st.one_of(_NAMES, st.just(list(COLUMNS)))),
        "exact_match": draw(st.booleans()),
    },
    "expect_table_row_count_to_be_between": lambda draw: _bounds(draw, _COUNT),
    "expect_table_row_count_to_equal": lambda draw: {"value": draw(_COUNT)},
}


_CONDITIONS = st.sampled_from(
    [
        "i > 0",
        "f <= 1.5",
        "s == 'a'",
        "i != 2 and s != 'b'",
        "b == True",
        "f != 0 or i == 1",
        "i.notnull()",
    ]
)


def arguments(expectation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Random arguments of one of :data:`ARGUMENTS`, some with a condition that selects rows."""

    @st.composite
    def drawn(draw: Draw) -> dict[str, Any]:
        given = ARGUMENTS[expectation](draw)
        selecting = expectation.startswith("expect_column_") and expectation != "expect_column_to_exist"
        if selecting and draw(st.integers(0, 3)) == 0:
            given["row_condition"] = draw(_CONDITIONS)
        return given

    return drawn()


def columns_in(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns a table needs for these arguments; all of them for those about tables."""
    named = [given.get("column"), given.get("column_A"), given.get("column_B")]
    named += given["column_list"] if "column_list" in given and "ignore_row_if" in given else ()
    if not any(named):
        return tuple(COLUMNS)
    selecting = "ifsb" if "row_condition" in given else ""
    return tuple(name for name in COLUMNS if name in named or name in selecting)
