"""What is followed where names are not known, what is not followed, and that it never fails."""

from __future__ import annotations

import logging
import random
import sys

import pytest

from airflow_gov.model.column_lineage import InputColumn, Subtype, Transformation
from airflow_gov.transform.column_lineage import sql_lineage
from support.lineage_corpus import corpus, written

SHOP = {"clean.orders": ["id", "buyer", "total"], "clean.buyers": ["id", "name", "address"]}


def columns_of(lineage):
    return {name: written(inputs) for name, inputs in lineage.columns.items()}


def test_a_column_says_where_it_comes_from_and_how():
    lineage = sql_lineage("SELECT md5(name) AS hash FROM clean.buyers", SHOP)
    masked = Transformation(Subtype.TRANSFORMATION, masking=True)
    assert lineage.columns == {"hash": (InputColumn("clean.buyers", "name", (masked,)),)}
    assert lineage.rows == ()
    assert lineage.complete
    assert lineage.gaps == ()


@pytest.mark.parametrize(
    ("dialect", "hashed"),
    [
        ("trino", "hmac_sha256(name, k)"),
        ("postgres", "hmac(name, 'key', 'sha256')"),
        ("clickhouse", "SHA3_256(name)"),
    ],
)
def test_hashes_of_other_engines_mask(dialect, hashed):
    lineage = sql_lineage(f"SELECT {hashed} AS token FROM clean.buyers", SHOP, dialect=dialect)
    assert "clean.buyers.name:T!" in columns_of(lineage)["token"]


@pytest.mark.parametrize(
    "name", ["clean.orders", '"clean"."orders"', "Clean.ORDERS", 'clean."orders"', "memory.clean.orders"]
)
def test_a_table_is_found_however_its_name_is_written(name):
    lineage = sql_lineage(f"SELECT * FROM {name}", SHOP)
    assert columns_of(lineage)["buyer"] == ["clean.orders.buyer:I"]


def test_the_names_of_schemas_may_be_quoted_too():
    lineage = sql_lineage('SELECT b FROM "odd.schema"."ta""ble"', {'"odd.schema"."ta""ble"': ["a", "b"]})
    assert columns_of(lineage) == {"b": ['"odd.schema"."ta""ble".b:I']}


def test_names_of_the_result_are_taken_from_the_engine():
    sql = "SELECT count(*), sum(total) FROM clean.orders"
    lineage = sql_lineage(sql, SHOP, outputs=["count_star()", "sum(total)"])
    assert columns_of(lineage) == {"count_star()": [], "sum(total)": ["clean.orders.total:A"]}


def test_what_the_engine_names_an_expression_inside_can_be_read_on():
    sql = 'SELECT "sum(total)" + 1 AS v FROM (SELECT buyer, sum(total) FROM clean.orders GROUP BY buyer)'
    assert columns_of(sql_lineage(sql, SHOP)) == {"v": ["clean.orders.total:A"]}


def test_results_in_another_order_are_found_by_name():
    lineage = sql_lineage("SELECT id, total FROM clean.orders", SHOP, outputs=["total", "id"])
    assert columns_of(lineage) == {"total": ["clean.orders.total:I"], "id": ["clean.orders.id:I"]}
    assert lineage.complete


def test_results_that_are_not_there_are_told():
    lineage = sql_lineage("SELECT id FROM clean.orders", SHOP, outputs=["id", "ghost"])
    assert columns_of(lineage) == {"id": ["clean.orders.id:I"]}
    assert not lineage.complete
    assert "ghost" in lineage.gaps[0]


class TestTablesWhoseColumnsAreNotKnown:
    def test_qualified_and_single_columns_are_followed(self):
        sql = "SELECT o.total, b.name FROM shop.orders o JOIN shop.buyers b ON o.buyer = b.id"
        lineage = sql_lineage(sql, {}, dialect="postgres")
        assert columns_of(lineage) == {"total": ["shop.orders.total:I"], "name": ["shop.buyers.name:I"]}
        assert written(lineage.rows) == ["shop.buyers.id:J", "shop.orders.buyer:J"]
        assert lineage.complete

    def test_a_star_is_followed_when_the_result_is_known(self):
        lineage = sql_lineage(
            "SELECT *, total * 2 AS x FROM orders", {}, dialect="mysql", outputs=["a", "b", "x"]
        )
        assert columns_of(lineage) == {"a": ["orders.a:I"], "b": ["orders.b:I"], "x": ["orders.total:T"]}
        assert lineage.complete

    def test_a_star_is_a_gap_when_it_is_not(self):
        assert not sql_lineage("SELECT * FROM orders", {}).complete

    def test_two_stars_are_a_gap(self):
        lineage = sql_lineage("SELECT * FROM a, b", {}, outputs=["x", "y", "z"])
        assert not lineage.complete

    def test_a_name_that_may_belong_to_two_tables_is_a_gap(self):
        lineage = sql_lineage("SELECT total FROM orders JOIN buyers ON orders.buyer = buyers.id", {})
        assert columns_of(lineage) == {"total": ["buyers.total:I", "orders.total:I"]}
        assert "total" in lineage.gaps[0]

    def test_some_may_be_known(self):
        sql = "SELECT name, o.total FROM clean.buyers b JOIN x.orders o ON o.buyer = b.id"
        lineage = sql_lineage(sql, {"clean.buyers": ["id", "name"], "x.orders": None})
        assert columns_of(lineage) == {"name": ["clean.buyers.name:I"], "total": ["x.orders.total:I"]}
        assert lineage.complete


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("postgres", 'SELECT "total"::text AS v FROM orders WHERE id = 1 FOR UPDATE'),
        ("mysql", "SELECT CONCAT(`total`, '') AS v FROM orders WHERE id = 1 LIMIT 3, 4"),
        ("tsql", "SELECT TOP 5 CAST([total] AS VARCHAR(9)) AS v FROM orders WHERE id = 1"),
        ("snowflake", "SELECT total::VARCHAR AS v FROM orders WHERE id = 1 QUALIFY 1 = 1"),
        ("bigquery", "SELECT CAST(total AS STRING) AS v FROM `orders` WHERE id = 1"),
        ("oracle", "SELECT TO_CHAR(total) AS v FROM orders WHERE id = 1 FETCH FIRST 3 ROWS ONLY"),
        ("sqlite", "SELECT CAST(total AS TEXT) AS v FROM orders WHERE id = 1"),
        ("", "SELECT CAST(total AS VARCHAR) AS v FROM orders WHERE id = 1"),
    ],
)
def test_other_databases_are_followed(dialect, sql):
    lineage = sql_lineage(sql, {"orders": ["id", "total"]}, dialect=dialect)
    assert columns_of(lineage) == {"v": ["orders.total:T"]}
    assert written(lineage.rows) == ["orders.id:F"]
    assert lineage.complete


class TestNeverFails:
    @pytest.mark.parametrize(
        "sql",
        [
            "",
            ";",
            "SELECT",
            "SELEC 1",
            "SELECT 1; SELECT 2",
            "DROP TABLE clean.orders",
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT ghost FROM clean.orders",
            "SELECT ghost.id FROM clean.orders",
            "SELECT * FROM clean.orders NATURAL JOIN nowhere",
            "SELECT COLUMNS('[') FROM clean.orders",
            "SELECT COLUMNS(lambda c: ghost(c)) FROM clean.orders",
            "PIVOT clean.orders ON buyer USING sum(total)",
            "SELECT #9 FROM clean.orders",
            "\x00",
            "SELECT 'unfinished",
        ],
    )
    def test_what_cannot_be_followed_is_a_gap(self, sql):
        lineage = sql_lineage(sql, SHOP)
        assert not lineage.complete
        assert lineage.gaps

    def test_mangled_queries(self):
        mangling = random.Random(7)
        for case in corpus()[::3]:
            start, end = sorted(mangling.choices(range(len(case.sql)), k=2))
            for mangled in (case.sql[:start], case.sql[:start] + case.sql[end:]):
                sql_lineage(mangled, case.schemas, outputs=list(case.columns))

    def test_columns_that_are_not_there(self):
        for case in corpus()[::4]:
            sql_lineage(case.sql, {table: [] for table in case.tables})
            sql_lineage(case.sql, dict.fromkeys(case.tables))

    def test_a_gap_tells_no_values(self, caplog):
        with caplog.at_level(logging.DEBUG):
            for sql in ("SELECT 'secret", "KILL 'secret'", "CALL x('secret')", "SELECT * FROM f('secret')"):
                lineage = sql_lineage(sql, SHOP)
                assert "secret" not in str(lineage.gaps)
        assert "secret" not in caplog.text


class TestSize:
    def test_brackets_may_be_deep(self):
        calls = sql_lineage("SELECT " + "abs(" * 150 + "total" + ")" * 150 + " AS v FROM clean.orders", SHOP)
        assert columns_of(calls) == {"v": ["clean.orders.total:T"]}
        queries = "SELECT * FROM (" * 60 + "SELECT id FROM clean.orders" + ")" * 60
        assert columns_of(sql_lineage(queries, SHOP)) == {"id": ["clean.orders.id:I"]}

    def test_the_limit_of_calls_is_as_before_afterwards(self):
        before = sys.getrecursionlimit()
        sql_lineage("SELECT (((1))) AS v", {})
        assert sys.getrecursionlimit() == before

    def test_chains_may_be_long(self):
        terms = " + ".join(["total"] * 3000)
        assert columns_of(sql_lineage(f"SELECT {terms} AS v FROM clean.orders", SHOP)) == {
            "v": ["clean.orders.total:T"]
        }
        union = " UNION ALL ".join(["SELECT id FROM clean.orders"] * 500)
        assert columns_of(sql_lineage(union, SHOP)) == {"id": ["clean.orders.id:I"]}

    def test_tables_may_be_wide_and_queries_long(self):
        wide = {"clean.wide": [f"c{number}" for number in range(2000)]}
        steps = ", ".join(
            f"q{step} AS (SELECT * REPLACE (c{step} + 1 AS c{step}) FROM q{step - 1} WHERE c{step + 100} > 0)"
            for step in range(1, 30)
        )
        lineage = sql_lineage(f"WITH q0 AS (FROM clean.wide), {steps} FROM q29", wide)
        assert lineage.complete
        assert len(lineage.columns) == 2000
        assert len(lineage.rows) == 29
        assert columns_of(lineage)["c3"] == ["clean.wide.c3:T"]
        assert columns_of(lineage)["c30"] == ["clean.wide.c30:I"]
