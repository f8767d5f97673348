"""What the engine tells of the lineage of what it wrote, and that it waits for it beside its work."""

from __future__ import annotations

import subprocess
import sys
import threading

import ibis
import pyarrow as pa
import pytest

from airflow_gov.model.column_lineage import ColumnLineage
from airflow_gov.transform.column_lineage.aside import aside, prepare
from airflow_gov.transform.column_lineage.engines import select_lineage
from support.lineage_corpus import shown


@pytest.fixture
def flights(make_table):
    return make_table(
        "clean.flights", "SELECT 1 AS id, 'x' AS city, 'l1' AS _load_id", id="long", city="string"
    )


@pytest.fixture
def contract(make_contract):
    return make_contract("gold.x", id="string", city="string")


EXPECTED = {"id": ["clean.flights.id:I"], "city": ["clean.flights.city:T"], "rows": ["clean.flights.id:F"]}


def test_of_sql(engine, flights, contract, folder):
    sql = "SELECT upper(city) AS city, id FROM clean.flights WHERE id > 0"
    written = engine.run_sql(sql, {flights.dataset: flights}, contract, load_id="l2", folder=folder)
    assert shown(written.column_lineage()) == EXPECTED
    assert written.column_lineage().complete


def test_of_ibis(engine, flights, contract, folder):
    def big(flights: ibis.Table) -> ibis.Table:
        return flights.filter(flights.id > 0).mutate(city=flights.city.upper())

    written = engine.run_callable(big, {flights.dataset: flights}, contract, load_id="l2", folder=folder)
    assert shown(written.column_lineage()) == EXPECTED
    assert written.column_lineage().complete


def test_of_ibis_in_all_its_shapes(engine, make_table, make_contract, folder):
    flights = make_table(
        "clean.flights", "SELECT 1 AS id, 2 AS carrier, 3 AS delay", id="long", carrier="long", delay="long"
    )
    carriers = make_table(
        "clean.carriers", "SELECT 2 AS carrier, 'x' AS title", carrier="long", title="string"
    )

    def ranked(flights: ibis.Table, carriers: ibis.Table) -> ibis.Table:
        joined = flights.left_join(carriers, "carrier").drop("carrier_right")
        window = ibis.window(group_by="title", order_by=ibis.desc("delay"))
        kind = ibis.cases((joined.delay > 2, joined.title), else_="early")
        return joined.mutate(rank=ibis.rank().over(window), kind=kind).select("id", "rank", "kind", "title")

    contract = make_contract("gold.x", id="long", rank="long", kind="string", title="string")
    sources = {table.dataset: table for table in (flights, carriers)}
    written = engine.run_callable(ranked, sources, contract, load_id="l2", folder=folder)
    assert shown(written.column_lineage()) == {
        "id": ["clean.flights.id:I"],
        "rank": ["clean.carriers.title:W", "clean.flights.delay:W"],
        "kind": ["clean.carriers.title:I", "clean.flights.delay:C"],
        "title": ["clean.carriers.title:I"],
        "rows": ["clean.carriers.carrier:J", "clean.flights.carrier:J"],
    }


def test_of_other_functions(engine, flights, contract, folder):
    def same(flights: pa.Table) -> pa.Table:
        return flights

    written = engine.run_callable(same, {flights.dataset: flights}, contract, load_id="l2", folder=folder)
    assert written.column_lineage() == ColumnLineage(complete=False, gaps=("Python callable",))


def test_tables_that_are_no_sources_are_left_out(flights):
    sql = "SELECT f.id, m.x FROM clean.flights f JOIN ibis_memtable m ON m.id = f.id"
    lineage = select_lineage(sql, [flights], ["id", "x"])
    assert shown(lineage) == {"id": ["clean.flights.id:I"], "x": [], "rows": ["clean.flights.id:J"]}
    assert lineage.gaps == ("ibis_memtable: no source of the task.",)


def test_it_is_worked_out_in_another_thread():
    threads = []

    def follow():
        threads.append(threading.current_thread())
        return ColumnLineage()

    assert aside(follow)() == ColumnLineage()
    assert threads != [threading.current_thread()]


def test_what_fails_beside_the_work_fails_nothing():
    lineage = aside(lambda: 1 / 0)()  # type: ignore[arg-type, return-value]
    assert not lineage.complete


def test_nobody_waits_for_long():
    never = threading.Event()
    try:
        lineage = aside(lambda: never.wait() and ColumnLineage(), longest_wait=0.01)()
        assert lineage.gaps == ("The column lineage took too long to follow.",)
    finally:
        never.set()


def test_what_following_needs_is_imported_before_it_is_needed():
    prepare()
    for thread in threading.enumerate():
        if thread.name == "column-lineage-import":
            thread.join(30)
    assert "airflow_gov.transform.column_lineage.walk" in sys.modules


def test_sqlglot_is_imported_when_it_is_needed():
    code = (
        "import sys, airflow_gov.flow.transforming, airflow_gov.transform.column_lineage.engines\n"
        "assert 'sqlglot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
