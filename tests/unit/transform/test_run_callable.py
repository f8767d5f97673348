"""Python functions of tables, given and returning what their annotations say."""

from __future__ import annotations

import inspect

import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason


def of_arrow(flights: pa.Table) -> pa.Table:
    return flights.append_column("size", pa.array(["s"] * len(flights)))


def of_reader(flights: pa.RecordBatchReader) -> pa.RecordBatchReader:
    schema = flights.schema.append(pa.field("size", pa.string()))

    def batches():
        for batch in flights:
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(["s"] * len(batch))], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def of_pandas(flights: pd.DataFrame) -> pd.DataFrame:
    return flights.assign(size="s")


def of_polars(flights: pl.DataFrame) -> pl.DataFrame:
    return flights.with_columns(size=pl.lit("s"))


def of_polars_lazily(flights: pl.LazyFrame) -> pl.LazyFrame:
    return flights.with_columns(size=pl.lit("s"))


def of_ibis(flights: ibis.Table) -> ibis.Table:
    return flights.mutate(size=ibis.literal("s"))


def of_a_text(flights: "pandas.DataFrame") -> "pyarrow.Table":  # noqa: F821, UP037 - type checkers know them
    return pa.Table.from_pandas(flights.assign(size="s"), preserve_index=False)


@pytest.fixture(params=["local", "arrow"])
def flights(request, make_table):
    select = "SELECT range AS id, 'c' || range AS city, 'l1' AS _load_id FROM range(1000)"
    return make_table("clean.flights", select, by_arrow=request.param == "arrow", id="long", city="string")


@pytest.fixture
def run(engine, folder, flights, make_contract):
    contract = make_contract("gold.x", city="string", id="int", size="string")

    def run(function, sources=None, **options):
        sources = sources or [flights]
        return engine.run_callable(
            function,
            {table.dataset: table for table in sources},
            options.pop("contract", contract),
            load_id="l2",
            folder=folder,
            **options,
        )

    return run


@pytest.mark.parametrize(
    "function", [of_arrow, of_reader, of_pandas, of_polars, of_polars_lazily, of_ibis, of_a_text]
)
def test_each_kind_of_table(run, folder, read_rows, function):
    written = run(function)
    rows = read_rows(folder, "id, city, size, _load_id")
    assert (written.rows, written.rows_read, len(rows)) == (1000, 1000, 1000)
    assert rows[7] == (7, "c7", "s", "l2")
    assert len(written.code_hash) == 64


def test_parameters_are_matched_by_name_then_by_order(run, make_table, make_contract, folder, read_rows):
    planes = make_table("clean.planes", "SELECT 1 AS a, 'l' AS _load_id", a="long")
    flights = make_table("clean.flights", "SELECT 2 AS b, 'l' AS _load_id", b="long")
    routes = make_table("gold.routes", "SELECT 3 AS c, 'l' AS _load_id", c="long")

    def join(
        first: pa.Table, flights: ibis.Table, factor: int, rest: pl.DataFrame, unused: int = 0
    ) -> pa.Table:
        assert unused == 0
        total = first["a"][0].as_py() + flights.to_pyarrow()["b"][0].as_py() + rest["c"][0]
        return pa.table({"total": [total * factor]})

    contract = make_contract("gold.x", total="long")
    run(join, [planes, flights, routes], context_kwargs={"factor": 10}, contract=contract)
    assert read_rows(folder, "total") == [(60,)]


def test_two_sources_can_be_streamed_at_once(run, make_table, make_contract, folder, read_rows):
    tables = [
        make_table(
            f"clean.{name}", f"SELECT range + {start} AS id, 'l' AS _load_id FROM range(300_000)", id="long"
        )
        for name, start in (("low", 0), ("high", 1_000_000))
    ]

    def both(low: pa.RecordBatchReader, high: pa.RecordBatchReader) -> pa.RecordBatchReader:
        def batches():
            for one, other in zip(low, high, strict=False):
                yield one
                yield other

        return pa.RecordBatchReader.from_batches(low.schema, batches())

    assert run(both, tables, contract=make_contract("gold.x", id="long")).rows == 600_000


def test_nulls_in_whole_numbers_of_pandas_stay_nulls(run, folder, read_rows):
    def first_unknown(flights: pd.DataFrame) -> pd.DataFrame:
        return flights.head(2).assign(size="s", id=[None, 1.0])

    run(first_unknown)
    assert {row[0] for row in read_rows(folder, "id")} == {None, 1}


def unannotated(flights):
    return flights


def of_a_number(flights: int) -> int:
    return flights


def of_two(one: pa.Table, other: pa.Table) -> pa.Table:
    return one or other


def of_none() -> pa.Table:
    return pa.table({})


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (unannotated, "the parameter flights has no annotation"),
        (of_a_number, "the annotation"),
        (of_two, "leaves the parameters (one, other) for the 1 source(s) clean.flights"),
        (of_none, "leaves the parameters () for the 1 source(s) clean.flights"),
    ],
)
def test_functions_that_do_not_fit_are_refused_before_they_run(run, folder, function, told):
    with pytest.raises(GovernanceError) as caught:
        run(function)
    assert caught.value.reason is Reason.PARAMETER_INVALID
    assert told in str(caught.value)
    assert not list(folder.iterdir())


def gives_nothing(flights: pa.Table) -> None:
    return None


def gives_text_for_numbers(flights: pd.DataFrame) -> pd.DataFrame:
    return flights.assign(size="s", id="seven")


def gives_fewer_columns(flights: pa.Table) -> pa.Table:
    return flights


def gives_no_rows(flights: pa.Table) -> pa.Table:
    return of_arrow(flights).slice(0, 0)


@pytest.mark.parametrize(
    ("function", "reason", "told"),
    [
        (gives_nothing, Reason.TRANSFORM_FAILED, "gives_nothing() returned NoneType, not a table"),
        (gives_text_for_numbers, Reason.TRANSFORM_FAILED, "Could not convert string '…'"),
        (gives_fewer_columns, Reason.SCHEMA_MISMATCH, "missing: size"),
        (gives_no_rows, Reason.RESULT_EMPTY, "allow_empty=True"),
    ],
)
def test_results_that_do_not_fit_leave_nothing(run, folder, function, reason, told):
    with pytest.raises(GovernanceError) as caught:
        run(function)
    assert caught.value.reason is reason
    assert told in str(caught.value)
    assert not list(folder.iterdir())


def test_no_rows_can_be_right(run):
    assert run(gives_no_rows, allow_empty=True).rows == 0


def test_what_the_function_raises_comes_through(run, folder):
    def fails(flights: pa.Table) -> pa.Table:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run(fails)
    assert not list(folder.iterdir())


def test_the_hash_is_of_the_functions_source(run):
    import hashlib

    assert run(of_arrow).code_hash == hashlib.sha256(inspect.getsource(of_arrow).encode()).hexdigest()
