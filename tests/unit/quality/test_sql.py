"""SQL rules: one value, compared; what else they give, and what they may not reach."""

from __future__ import annotations

from decimal import Decimal

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from support.subjects import suite_results, with_rules


@pytest.fixture
def table(make_table):
    rows = "VALUES (1, 0.10, 'l'), (2, 0.20, 'l'), (NULL, 0.30, 'l')"
    columns = {"id": "long", "price": "decimal(10, 2)"}
    return make_table(f"SELECT * FROM ({rows}) v(id, price, _load_id)", **columns)


@pytest.fixture
def contract(make_contract):
    return make_contract({"id": "long", "price": "decimal(10, 2)"})


def sql(query: str, **operator: object) -> dict[str, object]:
    return {"type": "sql", "query": query, **(operator or {"mustBe": 0})}


@pytest.mark.parametrize(
    ("query", "operator", "passed", "value"),
    [
        ("SELECT count(*) FROM {object}", {"mustBe": 3}, True, 3),
        ("SELECT count(*) FROM ${table}", {"mustBe": 2}, False, 3),
        ("SELECT count(*) FROM {schema}.flights;", {"mustBeBetween": [2, 4]}, True, 3),
        ("SELECT max({property}) FROM {object}", {"mustBeLessOrEqualTo": 2}, True, 2),
        ("SELECT count(*) FROM ${object} WHERE ${column} IS NULL", {"mustNotBe": 0}, True, 1),
        ("SELECT sum(price) FROM {table} -- all", {"mustBe": 0.6}, True, 0.6),
        ("SELECT avg(id) FROM {table}", {"mustBe": 1.5}, True, 1.5),
        ("SELECT bool_and(price > 0) FROM {table}", {"mustBe": True}, True, True),
        ("SELECT count(*) = 2 FROM {table}", {"mustBe": True}, False, False),
        ("SELECT {'a': 3}.a FROM {table} LIMIT 1", {"mustBe": 3}, True, 3),
    ],
)
def test_the_value_of_a_select(contract, table, engine, query, operator, passed, value) -> None:
    rules = with_rules(contract, sql(query, **operator), column="id")

    (result,) = suite_results(rules, table, engine).values()

    assert (result.rule, result.check, result.passed, result.value) == ("sql(id)", "sql", passed, value)


def test_a_result_says_what_the_query_gave(contract, table, engine) -> None:
    rule = sql("SELECT sum(price) FROM {object}", mustBeGreaterThan=1000)

    (result,) = suite_results(with_rules(contract, rule), table, engine).values()

    assert (result.expected, result.observed) == ("the query gives more than 1,000", "0.60")
    assert result.value == float(Decimal("0.60"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT price FROM {object}", "gave more than one row of 1 columns"),
        ("SELECT price FROM {object} WHERE false", "gave 0 rows of 1 columns"),
        ("SELECT max(id) FROM {object} WHERE false", "gave NULL"),
        ("SELECT 'nan'::DOUBLE", "gave NaN"),
        ("SELECT (id / 0)::BIGINT FROM {object} LIMIT 1", "The SQL failed at line 1"),
    ],
)
def test_what_is_not_one_value_is_told_by_its_shape(contract, table, engine, query, told) -> None:
    with pytest.raises(GovernanceError) as raised:
        suite_results(with_rules(contract, sql(query)), table, engine)

    assert raised.value.reason is Reason.RULE_FAILED
    assert f"The rule sql (contracts/flights.odcs.yaml:10: $.schema[0].quality[0]) {''}" in str(raised.value)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM read_csv('/etc/passwd')",
        "SELECT count(*) FROM '/etc/passwd'",
        "SELECT count(*) FROM candidate",
        "SELECT count(*) FROM duckdb_settings()",
        "SELECT length(getenv('HOME'))",
        "SELECT count(*) FROM clean.airlines",
        "COPY clean.flights TO '/tmp/x.csv'",
        "ATTACH 'x.db'",
        """SELECT count(*) FROM (WITH "/etc/passwd" AS (SELECT 1) SELECT 1) z, "/etc/passwd" y""",
        "SELECT " + "+".join(["1"] * 950),
    ],
)
def test_a_rule_reaches_its_own_dataset_and_nothing_else(contract, table, engine, query) -> None:
    with pytest.raises(GovernanceError) as raised:
        suite_results(with_rules(contract, sql(query)), table, engine)

    assert raised.value.reason is Reason.RULE_INVALID


def test_files_stay_out_of_reach_when_the_rule_runs(contract, table, engine, tmp_path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("42")
    with engine.query_datasets({contract.dataset: table}) as session:
        for query in (f"SELECT content FROM read_text('{secret}')", f"SELECT * FROM '{secret}'"):
            with pytest.raises(GovernanceError) as raised:
                session(query)
            assert raised.value.reason is Reason.SQL_REFUSED
        assert session("SELECT count(*) AS n FROM clean.flights") == (["n"], [(3,)])


def test_datasets_named_in_reads_can_be_compared_with(contract, table, engine, make_table) -> None:
    airlines = make_table(
        "SELECT i AS id, 'l' AS _load_id FROM range(5) t(i)", dataset="clean.airlines", id="long"
    )
    query = "SELECT count(*) FROM {object} f ANTI JOIN clean.airlines a USING (id)"
    rule = sql(query, mustBe=1) | {"customProperties": [{"property": "reads", "value": "clean.airlines"}]}

    found = suite_results(
        with_rules(contract, rule), table, engine, others={DatasetName.parse("clean.airlines"): airlines}
    )

    assert found["sql"].passed


@pytest.mark.parametrize(("query", "value"), [("max(id)", None), ("count(*)", 5)])
def test_of_other_datasets_only_counts_are_told(contract, table, engine, make_table, query, value) -> None:
    other = make_table(
        "SELECT i AS id, 'l' AS _load_id FROM range(5) t(i)", dataset="clean.airlines", id="long"
    )
    reads = {"customProperties": [{"property": "reads", "value": "clean.airlines"}]}
    rule = sql(f"SELECT {query} FROM clean.airlines", mustBe=-1) | reads

    found = suite_results(
        with_rules(contract, rule), table, engine, others={DatasetName.parse("clean.airlines"): other}
    )

    assert found["sql"].value == value
    assert ("not shown" in found["sql"].observed) == (value is None)


def test_a_rule_sees_the_datasets_of_its_own_reads_only(contract, table, make_table, engine) -> None:
    other = make_table("SELECT 1 AS id, 'l' AS _load_id", dataset="clean.airlines", id="long")
    opened = []

    class Telling(type(engine)):  # type: ignore[misc]
        def query_datasets(self, tables):
            opened.append({str(dataset) for dataset in tables})
            return super().query_datasets(tables)

    reads = {"customProperties": [{"property": "reads", "value": "clean.airlines"}]}
    rules = with_rules(contract, sql("SELECT 0"), sql("SELECT count(*) FROM clean.airlines") | reads)

    suite_results(rules, table, Telling(), others={DatasetName.parse("clean.airlines"): other})

    assert opened == [{"clean.flights"}, {"clean.flights", "clean.airlines"}]
