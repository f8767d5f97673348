"""Random tables, with what tends to go wrong in them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

#: The columns every random table has: two of the common kinds, so that pairs can be compared.
COLUMNS: Mapping[str, pa.DataType] = {
    "i": pa.int64(),
    "j": pa.int64(),
    "n": pa.int32(),
    "f": pa.float64(),
    "g": pa.float64(),
    "s": pa.string(),
    "u": pa.string(),
    "b": pa.bool_(),
    "d": pa.date32(),
    "t": pa.timestamp("us"),
    "z": pa.timestamp("us", "UTC"),
    "m": pa.decimal128(10, 2),
}
MAX_ROWS = 8

_TIMES = st.sampled_from(
    [
        dt.datetime.fromisoformat(f"{day}T{time}")
        for day in ("1969-12-31", "2020-02-29")
        for time in ("00:00:00", "12:30:00", "23:59:59.999999")
    ]
)
_INTEGERS = st.one_of(st.integers(-3, 3), st.sampled_from([7, 100, 2**30, -(2**30)]))
_TEXTS = [
    "",
    " ",
    "a",
    "A",
    "ab",
    "b",
    "ä",
    "ß",
    "e\u0301",
    "日本",
    "😀",
    "a\n",
    "a\nb",
    "\t",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "a%",
    "null",
    "nan",
    "None",
    "True",
    "1",
    "01",
    "1.5",
    "-2",
    "2020-02-29",
    "2020-02-30",
    "12:30",
    '{"a": 1}',
    '{"a": "x"}',
    "[1]",
    "{",
]

#: What the values of each kind of column are. Sums and differences of whole numbers stay in their type:
#: beyond, those of pandas are wrong.
_VALUES: Mapping[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int64(): st.one_of(_INTEGERS, st.sampled_from([2**53 + 1, 2**59, -(2**59)])),
    pa.int32(): _INTEGERS,
    pa.float64(): st.one_of(
        st.integers(-3, 3).map(float),
        st.sampled_from([0.1, 0.3, -0.0, 1.5, 1e-9, 1e17, math.nan, math.inf, -math.inf]),
    ),
    pa.string(): st.one_of(st.sampled_from(_TEXTS), st.text("ab\n ä😀'", max_size=3)),
    pa.bool_(): st.booleans(),
    pa.date32(): st.sampled_from(
        [dt.date.fromisoformat(each) for each in ("1969-12-31", "1970-01-01", "2020-02-29", "2020-03-01")]
    ),
    pa.timestamp("us"): _TIMES,
    pa.timestamp("us", "UTC"): _TIMES.map(lambda each: each.replace(tzinfo=dt.UTC)),
    pa.decimal128(10, 2): st.one_of(
        st.integers(-3, 3).map(Decimal),
        st.sampled_from([Decimal("0.10"), Decimal("1.50"), Decimal("99999999.99"), Decimal("-0.01")]),
    ),
}

#: Values that are there so often that arguments meet them.
_COMMON: Mapping[pa.DataType, list[Any]] = {
    pa.int64(): [0, 1],
    pa.int32(): [0, 1],
    pa.float64(): [0.0, 1.5],
    pa.string(): ["a", ""],
    pa.bool_(): [True, False],
    pa.date32(): [dt.date.fromisoformat("2020-02-29")],
    pa.timestamp("us"): [dt.datetime.fromisoformat("2020-02-29T12:30:00")],
    pa.timestamp("us", "UTC"): [dt.datetime.fromisoformat("2020-02-29T12:30:00+00:00")],
    pa.decimal128(10, 2): [Decimal(0), Decimal("1.50")],
}
VALUES = {kind: st.one_of(st.sampled_from(_COMMON[kind]), values) for kind, values in _VALUES.items()}


@st.composite
def tables(draw: Draw, columns: Sequence[str] = tuple(COLUMNS)) -> pa.Table:
    """A few rows of some of :data:`COLUMNS`; also none, and columns without any value."""
    rows = draw(st.integers(0, MAX_ROWS))
    return pa.table({name: _column(draw, COLUMNS[name], rows) for name in columns})


def _column(draw: Draw, kind: pa.DataType, rows: int) -> pa.Array:
    """Values of a small choice, so that some are there twice; about a quarter is missing."""
    nulls = draw(st.sampled_from(["none", "some", "some", "all"]))
    if nulls == "all":
        return pa.nulls(rows, kind)
    choice = draw(st.lists(VALUES[kind], min_size=1, max_size=5))
    if nulls == "some":
        choice.append(None)
    return pa.array(draw(st.lists(st.sampled_from(choice), min_size=rows, max_size=rows)), kind)
