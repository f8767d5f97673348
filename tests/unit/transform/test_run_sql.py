"""One SELECT of the declared sources, typed as the contract says."""

from __future__ import annotations

import datetime as dt
import hashlib
import signal
import sys
import threading
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform import DuckEngine

FLIGHTS = """SELECT i AS id, 'c' || i AS city, i * 1.5::DOUBLE AS amount,
    DATE '2020-01-01' + (i % 3)::INT AS day, 'load1' AS _load_id FROM range(10) t(i)"""
COLUMNS = {"id": "long", "city": "string", "amount": "double", "day": "date"}


@pytest.fixture(params=["local", "arrow"])
def flights(request, make_table):
    return make_table("clean.flights", FLIGHTS, by_arrow=request.param == "arrow", **COLUMNS)


@pytest.fixture
def run(engine, folder, flights):
    def run(sql, contract, **options):
        sources = {flights.dataset: flights}
        return engine.run_sql(sql, sources, contract, load_id="load2", folder=folder, **options)

    return run


def test_writes_the_contracts_columns_in_its_types_and_order(run, folder, make_contract, read_rows):
    contract = make_contract(
        "gold.totals", total="decimal(12, 2)", day="date", n="int", at="timestamptz", share="float"
    )
    sql = """SELECT day, count(*) AS n, sum(amount) AS total, day::TIMESTAMP AS at, 1 / 3 AS share
             FROM clean.flights GROUP BY day"""
    written = run(sql, contract)

    rows = read_rows(folder, 'day, n, total, "at"::VARCHAR, _load_id')
    assert rows[0] == (dt.date(2020, 1, 1), 4, Decimal("27.00"), "2020-01-01 00:00:00+00", "load2")
    assert (written.rows, written.rows_read) == (3, 10)
    assert [(column.name, column.type) for column in written.columns] == [
        (column.name, str(column.type)) for column in contract.columns
    ]
    assert written.code_hash == hashlib.sha256(sql.encode()).hexdigest()
    path = Path(written.files[0].key)
    assert written.files[0].size == path.stat().st_size
    schema = pq.read_schema(path)
    assert schema.names == ["total", "day", "n", "at", "share", "_load_id"]
    assert str(schema.field("total").type) == "decimal128(12, 2)"
    assert str(schema.field("at").type) == "timestamp[us, tz=UTC]"
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"


def test_a_star_gives_the_columns_of_the_contract(run, folder, make_contract, read_rows):
    run("SELECT * FROM clean.flights", make_contract("gold.copy", **COLUMNS))
    assert set(read_rows(folder, "_load_id")) == {("load2",)}


def test_types_of_every_kind_survive(run, folder, make_contract, read_rows):
    contract = make_contract(
        "gold.kinds",
        a="boolean",
        b="int",
        c="float",
        d="time",
        e="uuid",
        f="binary",
        g="list<string>",
        h="struct<x: int, y: list<date>>",
        i="timestamp",
    )
    run(
        """SELECT true AS a, 7 AS b, 0.5 AS c, TIME '10:11:12' AS d, 'x'::BLOB AS f,
           '00000000-0000-0000-0000-000000000001' AS e, ['p', 'q'] AS g,
           {'x': 1, 'y': [DATE '2020-01-01']} AS h, TIMESTAMP '2020-01-01 01:02:03.000004' AS i""",
        contract,
    )
    row = read_rows(folder, "* EXCLUDE (e), e::VARCHAR")[0]
    assert row == (
        True,
        7,
        0.5,
        dt.time(10, 11, 12),
        b"x",
        ["p", "q"],
        {"x": 1, "y": [dt.date(2020, 1, 1)]},
        dt.datetime(2020, 1, 1, 1, 2, 3, 4),  # noqa: DTZ001 - Iceberg's timestamp has no zone
        "load2",
        "00000000-0000-0000-0000-000000000001",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "-- first\nSELECT id FROM clean.flights -- last ; line\n;;",
        "WITH flights AS (SELECT * FROM clean.flights) SELECT id FROM flights /* ; */",
        "FROM Clean.FLIGHTS SELECT id",
        'SELECT id FROM "clean"."flights"',
        "WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 3) FROM n",
        "SELECT length(';''é--' || city) AS id FROM clean.flights QUALIFY row_number() OVER () = 1",
        "(SELECT id FROM clean.flights) UNION ALL (SELECT range AS id FROM range(3)) ORDER BY id LIMIT 5",
        "SELECT unnest([id, id]) AS id FROM clean.flights",
        "SELECT id FROM (PIVOT clean.flights ON day IN ('2020-01-01', '2020-01-02') USING sum(amount))",
    ],
)
def test_every_way_to_write_one_select(run, make_contract, sql):
    assert run(sql, make_contract("gold.ids", id="long")).rows > 0


def test_rows_are_partitioned_as_the_contract_says(run, folder, make_contract, read_rows):
    contract = make_contract("gold.by_day", id="long", day="date", city="string", partitions=("day", "city"))
    written = run(
        """SELECT id, day, CASE id % 3 WHEN 0 THEN NULL WHEN 1 THEN 'a/b=ü' ELSE '' END AS city
           FROM clean.flights""",
        contract,
    )
    folders = {path.relative_to(folder).parts[0] for path in folder.rglob("*.parquet")}
    assert folders == {"day=2020-01-01", "day=2020-01-02", "day=2020-01-03"}
    assert sum(file.rows for file in written.files) == written.rows == 10
    assert all(Path(file.key).is_file() for file in written.files)
    assert {row[0] for row in read_rows(folder, "city")} == {None, "a/b=ü", ""}


def test_order_by_is_kept(run, folder, make_contract):
    written = run("SELECT id FROM clean.flights ORDER BY id DESC", make_contract("gold.ids", id="long"))
    assert pq.read_table(written.files[0].key)["id"].to_pylist() == list(range(9, -1, -1))


def test_large_results_are_cut_into_files(folder, tmp_path, make_contract):
    engine = DuckEngine(threads=1, target_file_size=1 << 20)
    sql = "SELECT hash(range)::VARCHAR AS id FROM range(1_000_000)"
    written = engine.run_sql(sql, {}, make_contract("gold.x", id="string"), load_id="l", folder=folder)
    assert len(written.files) > 3
    assert sum(file.rows for file in written.files) == 1_000_000


def test_a_source_of_one_load_shows_no_other(engine, folder, make_table, make_contract, read_rows):
    table = make_table(
        "clean.x", "SELECT range AS id, 'l' || range % 2 AS _load_id FROM range(10)", id="long"
    )
    one = table.load("l1", 5)
    contract = make_contract("gold.ids", id="long")
    engine.run_sql("SELECT id FROM clean.x", {one.dataset: one}, contract, load_id="n", folder=folder)
    assert [row[0] for row in read_rows(folder, "id")] == [1, 3, 5, 7, 9]


def test_files_from_before_a_schema_change_are_read_right(
    engine, folder, make_table, make_contract, read_rows
):
    table = make_table(
        "clean.x",
        "SELECT 1::INT AS id, 'l' AS _load_id",
        "SELECT 5000000000 AS id, 'new' AS note, 'l' AS _load_id",
        id="long",
        note="string",
        later="date",
    )
    contract = make_contract("gold.x", id="long", note="string", later="date")
    sql = "SELECT * FROM clean.x"
    engine.run_sql(sql, {table.dataset: table}, contract, load_id="n", folder=folder)
    assert read_rows(folder, "id, note, later") == [(1, None, None), (5000000000, "new", None)]


def test_a_source_without_files_is_an_empty_table(engine, folder, make_table, make_contract):
    table = make_table("clean.x", id="long")
    with pytest.raises(GovernanceError) as caught:
        engine.run_sql(
            "SELECT id FROM clean.x",
            {table.dataset: table},
            make_contract("gold.x", id="long"),
            load_id="n",
            folder=folder,
        )
    assert caught.value.reason is Reason.RESULT_EMPTY


def test_a_source_joins_itself(run, make_contract):
    sql = "SELECT a.id FROM clean.flights a JOIN clean.flights b ON a.id = b.id + 1"
    assert run(sql, make_contract("gold.ids", id="long")).rows == 9


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT id FROM clean.flights", "missing: city"),
        ("SELECT id, city, day FROM clean.flights", "not in the contract: day"),
        ("SELECT id, city, id FROM clean.flights", "twice: id"),
        ("SELECT id AS ID, city FROM clean.flights", "missing: id; not in the contract: ID"),
        ("SELECT id, city, 'x' AS _load_id FROM clean.flights", "_load_id is set by the load"),
    ],
)
def test_other_columns_than_the_contracts_are_refused(run, folder, make_contract, sql, told):
    with pytest.raises(GovernanceError) as caught:
        run(sql, make_contract("gold.x", id="long", city="string"))
    assert caught.value.reason is Reason.SCHEMA_MISMATCH
    assert told in str(caught.value)
    assert not list(folder.iterdir())


def test_no_rows_are_refused_unless_they_are_right(run, folder, make_contract):
    contract = make_contract("gold.x", id="long")
    with pytest.raises(GovernanceError) as caught:
        run("SELECT id FROM clean.flights WHERE false", contract)
    assert caught.value.reason is Reason.RESULT_EMPTY
    assert not list(folder.iterdir())
    assert run("SELECT id FROM clean.flights WHERE false", contract, allow_empty=True).files == ()
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("sql", "line", "told"),
    [
        ("SELECT id\nFROM clean.flights\nWHERE nope = 1", 3, 'Referenced column "nope" not found'),
        ("SELECT 'é' AS city,\n  nofunction(id) AS id FROM clean.flights", 2, "nofunction does not exist"),
        ("SELECT id\nFROM clean.flights\nGROUP BY", 3, "syntax error"),
        ("SELECT 'é' AS x,\n\n  city::INT AS id FROM clean.flights", 3, "Could not convert string '…'"),
    ],
)
def test_errors_tell_duckdbs_words_and_the_users_line(run, folder, make_contract, sql, line, told):
    columns = {"x": "string", "id": "long"} if " AS x" in sql else {"id": "long"}
    with pytest.raises(GovernanceError) as caught:
        run(sql, make_contract("gold.x", **columns))
    assert caught.value.reason is Reason.SQL_FAILED
    assert told in str(caught.value)
    assert caught.value.attributes["line"] == line
    assert sql.splitlines()[line - 1] in str(caught.value)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("value", ["city", "day", "'99999999999999999999'"])
def test_a_value_that_does_not_fit_the_contracts_type_names_the_column(run, make_contract, value):
    with pytest.raises(GovernanceError) as caught:
        run(f"SELECT {value} AS id FROM clean.flights", make_contract("gold.x", id="long"))
    assert caught.value.reason is Reason.SQL_FAILED
    assert caught.value.attributes["column"] == "id"
    assert "does not fit the type long of gold.x's contract" in str(caught.value)


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_sql(engine, flights, folder, make_contract):
    (folder / "left-over.parquet").touch()
    with pytest.raises(GovernanceError) as caught:
        engine.run_sql(
            "SELECT id FROM clean.flights",
            {flights.dataset: flights},
            make_contract("gold.x", id="long"),
            load_id="n",
            folder=folder,
        )
    assert caught.value.reason is Reason.TRANSFORM_FAILED


def test_memory_that_is_too_small_says_what_to_do(folder, tmp_path, make_contract):
    engine = DuckEngine(memory_limit="20MB", threads=1, temp_folder=tmp_path / "spill")
    sql = (
        "SELECT length(string_agg(hash(range)::VARCHAR || hash(range)::VARCHAR)) AS id FROM range(5_000_000)"
    )
    with pytest.raises(GovernanceError, match="memory_limit") as caught:
        engine.run_sql(sql, {}, make_contract("gold.x", id="long"), load_id="l", folder=folder)
    assert caught.value.reason is Reason.SQL_FAILED


def test_it_spills_into_the_temp_folder_and_cleans_up(folder, tmp_path, make_contract):
    spill = tmp_path / "spill"
    engine = DuckEngine(memory_limit="100MB", threads=2, temp_folder=spill)
    sql = "SELECT hash(range)::VARCHAR || '-' || range AS id FROM range(5_000_000) ORDER BY id"
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            seen.update(path.suffix for path in spill.rglob("*") if path.is_file())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        written = engine.run_sql(sql, {}, make_contract("gold.x", id="string"), load_id="l", folder=folder)
    finally:
        done.set()
        watcher.join()
    assert written.rows == 5_000_000
    assert ".tmp" in seen
    assert not list(spill.iterdir())


ENDLESS = "SELECT sum(a.range * b.range) AS id FROM range(10_000_000) a, range(1_000_000) b"


@pytest.mark.parametrize("delay", [0.001, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1, 0.5])
def test_what_a_signal_raises_ends_the_query_and_leaves_nothing(
    engine, folder, make_contract, delay, monkeypatch
):
    """Also when it comes before the query runs. Not SIGALRM, which the tests' own timeout uses."""

    def stop(*_: object) -> None:
        raise TimeoutError("too long")

    done, dropped, main = threading.Event(), threading.Event(), threading.get_ident()
    # Python drops what is raised while it tidies up; what DuckDB loses it does not tell.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: dropped.set())

    def send() -> None:
        pause = delay
        dropped.set()
        while not done.wait(pause):
            if dropped.is_set():
                dropped.clear()
                signal.pthread_kill(main, signal.SIGUSR1)
            pause = 0.5

    def query() -> None:
        # On a busy machine the signal may come before this returns.
        sender.start()
        engine.run_sql(ENDLESS, {}, make_contract("gold.x", id="long"), load_id="l", folder=folder)

    before = signal.signal(signal.SIGUSR1, stop)
    sender = threading.Thread(target=send)
    try:
        with pytest.raises((TimeoutError, RuntimeError), match=r"too long|Query interrupted"):
            query()
    finally:
        done.set()
        sender.join()
        signal.signal(signal.SIGUSR1, before)
    assert not list(folder.iterdir())


def test_an_interrupt_of_duckdb_is_passed_on_as_it_is(engine, folder, make_contract, monkeypatch):
    from airflow_gov.transform import interrupting

    begun, done = interrupting.interruptible, threading.Event()

    def interrupted(connection, work):
        def interrupt() -> None:
            while not done.wait(0.5):  # one that comes before the statement has begun is lost
                connection.interrupt()

        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        try:
            return begun(connection, work)
        finally:
            done.set()
            interrupter.join()

    monkeypatch.setattr(interrupting, "interruptible", interrupted)
    with pytest.raises((RuntimeError, duckdb.InterruptException), match=r"(?i)interrupt"):
        engine.run_sql(ENDLESS, {}, make_contract("gold.x", id="long"), load_id="l", folder=folder)


def test_limits_that_duckdb_does_not_understand_are_refused(folder, make_contract):
    with pytest.raises(GovernanceError, match="memory_limit='lots'") as caught:
        DuckEngine(memory_limit="lots").run_sql(
            "SELECT 1 AS id", {}, make_contract("gold.x", id="long"), load_id="l", folder=folder
        )
    assert caught.value.reason is Reason.CONFIGURATION_INVALID
