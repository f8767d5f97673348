"""Workbooks."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest

from airflow_gov.model.errors import GovernanceError, Reason


@pytest.fixture
def put_book(put):
    def put_book(name, rows, *, sheet="Sheet1", corner=(1, 1)):
        book = openpyxl.Workbook()
        book.active.title = "Sheet1"
        page = book.active if sheet == "Sheet1" else book.create_sheet(sheet)
        for down, row in enumerate(rows):
            for right, value in enumerate(row):
                page.cell(corner[0] + down, corner[1] + right, value)
        stream = io.BytesIO()
        book.save(stream)
        return put(name, stream.getvalue())

    return put_book


@pytest.fixture
def stays(make_contract):
    return make_contract(
        "preprocessed.stays",
        id="long",
        label="string",
        day="date",
        at="timestamp",
        ok="boolean",
        price="double",
    )


HEADER = ["id", "label", "day", "at", "ok", "price"]
MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 - Excel has no zones


def test_cells_become_the_contracts_types(read, put_book, stays):
    file = put_book("x.xlsx", [HEADER, [1, "a", dt.date(2020, 1, 2), MOMENT, True, 1.5], [2, 30], [], [3]])
    assert read(stays, file).rows == [
        (1, "a", dt.date(2020, 1, 2), MOMENT, True, 1.5),
        (2, "30", None, None, None, None),
        (3, None, None, None, None, None),
    ]


def test_rows_that_do_not_fit_are_set_aside_with_their_number(read, put_book, make_contract):
    contract = make_contract("preprocessed.x", id="long", day="date")
    rows = [["id", "day"], [1, None], [2.5, None], [], ["x", MOMENT], [3, None, "beside"]]
    read_back = read(contract, put_book("x.xlsx", rows))
    assert read_back.rows == [(1, None)]
    assert [row[:3] for row in read_back.rejects] == [
        (3, "id", "id is no long"),
        (5, "id", "id is no long; day is no date"),
        (6, None, "values to the right of the 2 columns of the header"),
    ]
    assert read_back.rejects[0][3] == '{"id":"2.5","day":null}'


def test_options(read, put_book, make_contract):
    contract = make_contract("preprocessed.x", id="long", label="string")
    rows = [["id", "label"], [1, "NA"]]
    assert read(contract, put_book("a.xlsx", rows, sheet="data"), sheet="data", null="NA").rows == [(1, None)]
    assert read(contract, put_book("b.xlsx", rows, corner=(3, 4))).rows == [(1, "NA")]
    assert read(contract, put_book("c.xlsx", [["made by hand"], *rows]), skip=1).rows == [(1, "NA")]
    assert read(contract, put_book("d.xlsx", [[1, "a"]]), header=False).rows == [(1, "a")]


@pytest.mark.parametrize(
    ("rows", "options", "reason", "told"),
    [
        ([], {}, Reason.SOURCE_EMPTY, "has no rows"),
        ([["id", "label"]], {}, Reason.SOURCE_EMPTY, "has no rows"),
        ([["id", "id"], [1, 2]], {}, Reason.SOURCE_MALFORMED, "the column id more than once"),
        (
            [["id", None, "label"], [1, 2, 3]],
            {},
            Reason.SOURCE_MALFORMED,
            "column 2 of its header has no name",
        ),
        ([["id"], [1]], {}, Reason.SCHEMA_MISMATCH, "missing in the file: label"),
        ([[1]], {"header": False}, Reason.SCHEMA_MISMATCH, "1 columns and no header"),
        ([["id", "label"], ["x", 1]], {}, Reason.SOURCE_MALFORMED, "not one of 1 rows"),
        ([["id", "label"], [1, 1]], {"sheet": "nowhere"}, Reason.PARAMETER_INVALID, "no sheet 'nowhere'"),
    ],
)
def test_workbooks_that_are_refused_leave_nothing(read, put_book, make_contract, rows, options, reason, told):
    with pytest.raises(GovernanceError) as caught:
        read(make_contract("preprocessed.x", id="long", label="string"), put_book("x.xlsx", rows), **options)
    assert caught.value.reason is reason
    assert told in str(caught.value)


def test_what_is_no_workbook_is_refused(read, put, put_book, make_contract):
    whole = put_book("x.xlsx", [["id"], [1]]).path.read_bytes()
    for content in (whole[: len(whole) // 2], b"PK\x03\x04nonsense", b"nonsense"):
        with pytest.raises(GovernanceError) as caught:
            read(make_contract("preprocessed.x", id="long"), put("y.xlsx", content))
        assert caught.value.reason is Reason.SOURCE_MALFORMED
