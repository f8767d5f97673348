"""Parquet files as a source."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_gov.model.errors import GovernanceError, Reason


@pytest.fixture
def put_table(put):
    def put_table(name, **columns):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink)
        return put(name, sink.getvalue().to_pybytes())

    return put_table


def test_columns_go_by_name_and_become_the_contracts_types(read, put_table, make_contract):
    contract = make_contract(
        "preprocessed.x", id="long", at="timestamp", price="decimal(8, 2)", share="float"
    )
    moment = dt.datetime(2020, 1, 1, 12, 30)  # noqa: DTZ001 - Iceberg's timestamp has no zone
    file = put_table(
        "x.parquet",
        share=[0.1, None],
        at=pa.array([moment, None], pa.timestamp("ns")),
        id=pa.array([1, 2], pa.int32()),
        price=["1.50", None],
    )
    rows = read(contract, file).rows
    assert rows[0][:2] == (1, moment)
    assert str(rows[0][2]) == "1.50"
    assert rows[0][3] == pytest.approx(0.1)
    assert rows[1] == (2, None, None, None)


def test_values_that_do_not_fit_are_set_aside_with_their_row(read, put_table, make_contract):
    contract = make_contract("preprocessed.x", id="int", day="date")
    file = put_table("x.parquet", id=[1.0, 2.5, 3.0, 2.0**40], day=["2020-01-01", "x", None, None])
    read_back = read(contract, file)
    assert read_back.rows == [(1, dt.date(2020, 1, 1)), (3, None)]
    assert [row[:3] for row in read_back.rejects] == [
        (2, "id", "id is no int; day is no date"),
        (4, "id", "id is no int"),
    ]
    assert read_back.rejects[0][3] == '{"id":2.5,"day":"x"}'


def test_truncated_empty_and_foreign_files_are_refused(read, put, put_table, make_contract):
    contract = make_contract("preprocessed.x", id="long")
    whole = put_table("x.parquet", id=list(range(10_000))).path.read_bytes()
    for content, reason in (
        (whole[: len(whole) // 2], Reason.SOURCE_MALFORMED),
        (whole[:-1], Reason.SOURCE_MALFORMED),
        (b"PAR1 nonsense PAR1", Reason.SOURCE_MALFORMED),
        (b"", Reason.SOURCE_EMPTY),
    ):
        with pytest.raises(GovernanceError) as caught:
            read(contract, put("y.parquet", content))
        assert caught.value.reason is reason
    with pytest.raises(GovernanceError) as caught:
        read(contract, put_table("z.parquet", id=pa.array([], pa.int64())))
    assert caught.value.reason is Reason.SOURCE_EMPTY


def test_a_file_whose_pages_are_damaged_is_refused(read, put, put_table, make_contract):
    contract = make_contract("preprocessed.x", id="string")
    whole = bytearray(put_table("x.parquet", id=[f"value {i}" for i in range(50_000)]).path.read_bytes())
    whole[100:5000] = b"\xff" * 4900
    with pytest.raises(GovernanceError) as caught:
        read(contract, put("y.parquet", bytes(whole)))
    assert caught.value.reason in (Reason.SOURCE_MALFORMED, Reason.TRANSFORM_FAILED)


def test_other_columns_are_refused(read, put_table, make_contract):
    contract = make_contract("preprocessed.x", id="long")
    with pytest.raises(GovernanceError) as caught:
        read(contract, put_table("x.parquet", ident=[1]))
    assert caught.value.reason is Reason.SCHEMA_MISMATCH
