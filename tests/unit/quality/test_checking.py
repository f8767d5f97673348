"""A snapshot checked: structure and suite in one verdict, by whichever path each rule needs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality import check, other_datasets
from support.subjects import NOW, subject, suite_results, with_rules

AIRLINES = DatasetName.parse("clean.airlines")
COLUMNS = {"id": "long", "carrier": "string", "delay": "double"}
ROWS = "SELECT i::BIGINT AS id, CASE WHEN i % 2 = 0 THEN 'AA' ELSE 'ZZ' END AS carrier, i::DOUBLE AS delay"


def gx(kind: str, **kwargs: object) -> dict[str, object]:
    return {
        "type": "custom",
        "engine": "greatExpectations",
        "implementation": {"type": kind, "kwargs": kwargs},
    }


@pytest.fixture
def table(make_table):
    return make_table(f"{ROWS}, 'l' AS _load_id FROM range(1, 41) t(i)", **COLUMNS)


@pytest.fixture
def contract(make_contract):
    return make_contract(COLUMNS, required=("id",), keys=("id",))


def test_structure_comes_first_and_the_suite_in_its_order(contract, table, engine) -> None:
    rules = [
        {"metric": "rowCount", "mustBe": 40},
        {"type": "sql", "query": "SELECT max(delay) FROM {object}", "mustBeLessThan": 40},
        gx("expect_table_row_count_to_equal", value=40),
        {"type": "text", "description": "Delays are minutes."},
    ]

    found = check(subject(with_rules(contract, *rules), table), engine)

    assert [(result.rule, result.passed) for result in found] == [
        ("columns", True),
        ("row_count", True),
        ("required", True),
        ("primary_key", True),
        ("rowCount", True),
        ("sql", False),
        ("expect_table_row_count_to_equal", True),
    ]


def test_rows_that_broke_an_expectation_are_named_by_their_keys(contract, table, engine) -> None:
    rule = gx("expect_column_values_to_be_in_set", column="carrier", value_set=["AA"], mostly=0.9)

    (result,) = suite_results(with_rules(contract, rule), table, engine).values()

    assert (result.rule, result.engine) == ("expect_column_values_to_be_in_set(carrier)", "duckdb")
    assert (result.failed_rows, result.rows, result.missing) == (20, 40, 0)
    assert result.expected == 'value_set=["AA"], mostly=0.9'
    assert result.observed == "20 of 40 rows (50 %)"
    assert [each["id"] for each in result.examples] == list(range(1, 41, 2))


def test_there_are_no_examples_without_a_key_or_where_a_rule_holds(make_contract, table, engine) -> None:
    rules = [{"metric": "nullValues", "mustBe": 0}, {"metric": "duplicateValues", "mustBe": 0}]
    contract = with_rules(make_contract(COLUMNS), *rules, column="carrier")

    found = suite_results(contract, table, engine)

    assert [result.passed for result in found.values()] == [True, False]
    assert [result.examples for result in found.values()] == [(), ()]


def test_nothing_of_classified_columns_is_told(contract, table, engine) -> None:
    columns = tuple(
        replace(column, classification="restricted") if column.name in ("id", "delay") else column
        for column in contract.columns
    )
    shown = ["SELECT count(*) FROM {object} WHERE delay > 3", "SELECT count(*) AS n FROM {object}"]
    hidden = [
        "SELECT max(delay) FROM {object}",
        "SELECT max(t.id) FROM (SELECT * FROM {object}) t",
        "SELECT count(*) + max(DELAY) FROM {object}",
        "SELECT count(*) FROM {object} WHERE false HAVING false UNION ALL SELECT max(delay) FROM {object}",
        "SELECT max(COLUMNS('^dela')) FROM {object}",
        "FROM {object} SELECT #1 LIMIT 1",
        "SELECT count(*) FROM range((SELECT max(delay)::BIGINT FROM {object}))",
        "SELECT count(*) FROM (SELECT unnest(range(delay::BIGINT)) FROM {object})",
        "SELECT 3",
    ]
    rules = [
        gx("expect_column_max_to_be_between", column="delay", min_value=0, max_value=3),
        gx("expect_column_values_to_be_between", column="delay", min_value=0, max_value=3),
        gx("expect_column_unique_value_count_to_be_between", column="delay", max_value=3),
        {
            "type": "custom",
            "engine": "airflow-gov",
            "implementation": {"check": "schemaDrift"},
        },
        *({"type": "sql", "query": query, "mustBe": -1, "name": query} for query in (*shown, *hidden)),
    ]

    found = suite_results(with_rules(replace(contract, columns=columns), *rules), table, engine)

    told = {name: (result.value, result.observed) for name, result in found.items()}
    not_shown = (None, "not shown, a classified column is looked at")
    assert told["expect_column_max_to_be_between(delay)"] == not_shown
    assert [told[query] for query in hidden] == [not_shown] * len(hidden)
    assert [told[query][0] for query in shown] == [37, 40]
    assert told["expect_column_unique_value_count_to_be_between(delay)"] == (40, "40")
    assert found["expect_column_values_to_be_between(delay)"].failed_rows == 37
    assert all(result.examples == () for result in found.values()), "the key itself is classified"


def test_a_suite_that_is_pushed_down_does_not_import_great_expectations(tmp_path) -> None:
    program = """
import sys, datetime
from airflow_gov.quality import Subject, check
from airflow_gov.transform import DuckEngine
from support.subjects import of_yaml
from support.tables import parquet_table
from pathlib import Path
contract = of_yaml('''
schema:
- physicalName: clean.flights
  properties:
  - name: id
    logicalType: integer
    quality:
    - metric: nullValues
      mustBe: 0
    - {type: custom, engine: greatExpectations,
       implementation: {type: expect_column_values_to_be_between, kwargs: {min_value: 0}}}
''')
table = parquet_table(Path(sys.argv[1]), "clean.flights", ["SELECT 1::BIGINT AS id, 'l' AS _load_id"],
    {"id": "long"}, by_arrow=False)
subject = Subject(contract, table, table, datetime.datetime.now(datetime.UTC))
assert len(check(subject, DuckEngine())) == 4
print('great_expectations' in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": "tests:.", "PATH": ""},
    )

    assert (done.stdout.strip(), done.returncode) == ("False", 0), done.stderr


def test_what_has_no_sql_is_evaluated_by_great_expectations(contract, table, engine) -> None:
    pytest.importorskip("great_expectations")
    rule = gx(
        "expect_column_values_to_be_between",
        column="delay",
        max_value=10,
        row_condition="carrier.str.lower() == 'aa'",
        condition_parser="pandas",
    )

    (result,) = suite_results(with_rules(contract, rule), table, engine).values()

    assert (result.engine, result.passed) == ("great_expectations", False)
    assert (result.failed_rows, result.rows) == (15, 20)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (gx("expect_column_values_to_be_betwen", column="delay"), "did you mean expect_column_values_to_be"),
        (
            gx("expect_column_values_to_be_between", column="delay", row_condition="delay.abs() >"),
            "row_condition",
        ),
    ],
)
def test_wrong_rules_are_refused_before_anything_is_read(contract, table, engine, rule, reason) -> None:
    lost = replace(table, paths=["/nowhere.parquet"])

    with pytest.raises(GovernanceError) as raised:
        suite_results(with_rules(contract, rule), lost, engine)

    assert raised.value.reason is Reason.RULE_INVALID
    assert reason in str(raised.value)
    assert raised.value.attributes["problems"][0]["line"] == 10


def test_a_rule_that_cannot_be_evaluated_is_named_and_nothing_else_is_told(contract, table, engine) -> None:
    query = "SELECT CASE WHEN max(delay) > 0 THEN error('40 is secret') END::BIGINT FROM {object}"
    rule = {"type": "sql", "query": query, "mustBe": 0, "name": "strange"}

    with pytest.raises(GovernanceError) as raised:
        suite_results(with_rules(contract, rule), table, engine)

    assert raised.value.reason is Reason.RULE_FAILED
    assert raised.value.attributes["rule"] == "strange"
    assert "The rule strange (contracts/flights.odcs.yaml:10: $.schema[0].quality[0])" in str(raised.value)


def test_on_other_columns_than_the_contracts_rules_fail_and_say_why(contract, table, engine) -> None:
    rules = [
        gx("expect_column_max_to_be_between", column="weight", max_value=3),
        gx("expect_column_max_to_be_between", column="carrier", max_value=3),
        gx("expect_column_values_to_not_be_null", column="delay"),
        {"type": "sql", "query": "SELECT count(*) FROM {object}", "mustBe": 40},
    ]
    promised = (
        *(
            replace(each, type=Primitive("long")) if each.name == "carrier" else each
            for each in contract.columns
        ),
        replace(contract.columns[0], name="weight", primary_key=None, required=False),
    )

    found = check(subject(with_rules(replace(contract, columns=promised), *rules), table), engine)

    assert not found[0].passed
    told = [(result.passed, result.observed) for result in found if result.check]
    assert told[0] == (False, "not evaluated: the table has no column weight")
    assert told[1][1].startswith("not evaluated: ")
    assert told[2] == (True, "0 of 40 rows (0 %)")
    assert told[3] == (False, "not evaluated: the table's columns are not the contract's")


def test_what_is_known_of_the_same_files_is_not_evaluated_again(contract, table, engine, make_table) -> None:
    first = check(subject(contract, table), engine)
    lying = replace(table, rows=7)
    with_duplicate = make_table(
        f"{ROWS}, 'l' AS _load_id FROM range(1, 3) t(i)",
        ROWS + ", 'l' AS _load_id FROM range(1, 2) t(i)",
        dataset="clean.again",
        **COLUMNS,
    )

    again = check(subject(contract, with_duplicate, lying), engine, known=first)
    anew = check(subject(contract, with_duplicate, lying), engine)

    by_rule = {result.rule: result.passed for result in again}
    assert by_rule == {"columns": True, "row_count": True, "required": True, "primary_key": False}
    assert not {result.rule: result.passed for result in anew}["row_count"]


def test_keys_that_are_missing_or_repeated_are_named(contract, make_table, engine) -> None:
    rows = "VALUES (1, 'a', 1.0, 'l'), (1, 'b', 1.0, 'l'), (NULL, 'c', 1.0, 'l'), (3, 'd', 1.0, 'l')"
    table = make_table(f"SELECT * FROM ({rows}) v(id, carrier, delay, _load_id)", **COLUMNS)

    found = {result.rule: result for result in check(subject(contract, table), engine)}

    assert found["required"].examples == ({"id": None},)
    assert found["primary_key"].examples == ({"id": 1}, {"id": 1}, {"id": None})


def test_other_datasets_are_those_a_suite_compares_with(contract, table, engine, make_table) -> None:
    airlines = make_table(
        "SELECT i::BIGINT AS id, 'l' AS _load_id FROM range(39) t(i)", dataset="clean.airlines", id="long"
    )
    rules = [
        {
            "type": "sql",
            "query": "SELECT count(*) FROM {object} JOIN clean.airlines USING (id)",
            "mustBe": 38,
            "customProperties": [{"property": "reads", "value": ["clean.airlines"]}],
        },
        gx("expect_table_row_count_to_equal_other_table", other_table_name="clean.airlines"),
    ]
    contract = with_rules(contract, *rules)

    assert other_datasets(contract) == {AIRLINES}
    found = suite_results(contract, table, engine, others={AIRLINES: airlines})
    assert [result.passed for result in found.values()] == [True, False]
    with pytest.raises(GovernanceError, match=r"nothing is published of clean\.airlines") as raised:
        suite_results(contract, table, engine)
    assert raised.value.reason is Reason.RULE_FAILED


def test_users_selects_in_expectations_run_under_the_fence(contract, table, engine) -> None:
    rule = gx("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE delay > 30")

    (result,) = suite_results(with_rules(contract, rule), table, engine).values()

    assert (result.passed, result.value, result.failed_rows) == (False, 10, 10)
    rule["implementation"]["kwargs"]["unexpected_rows_query"] = "SELECT * FROM '/etc/passwd'"  # type: ignore[index]
    with pytest.raises(GovernanceError, match="not a declared source") as raised:
        suite_results(with_rules(contract, rule), table, engine)
    assert raised.value.reason is Reason.RULE_INVALID


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * FROM {batch} WHERE delay > 30 LIMIT 0) AS x, (SELECT 1", "is no SQL"),
        ("SELECT * FROM {batch.foo}", "is no placeholder"),
        ("SELECT * FROM {batch:>9999999999}", "is no placeholder"),
        ("", "not one SELECT"),
    ],
)
def test_a_users_select_stands_by_itself(contract, table, engine, query, told) -> None:
    rule = gx("unexpected_rows_expectation", unexpected_rows_query=query)

    with pytest.raises(GovernanceError, match=told) as raised:
        suite_results(with_rules(contract, rule), table, engine)
    assert raised.value.reason is Reason.RULE_INVALID


@pytest.mark.parametrize("end", ["; -- late", " -- late", ";"])
def test_a_users_select_may_end_in_a_comment(contract, table, engine, end) -> None:
    rule = gx(
        "unexpected_rows_expectation", unexpected_rows_query=f"SELECT * FROM {{batch}} WHERE delay > 30{end}"
    )

    (result,) = suite_results(with_rules(contract, rule), table, engine).values()

    assert result.failed_rows == 10


def test_a_raw_dataset_has_rules_about_its_file_index(make_contract, make_table, engine) -> None:
    columns = {
        "file": "string", "uri": "string", "size": "long", "sha256": "string", "source": "string",
        "media_type": "string", "columns": "list<string>", "types": "list<string>",
        "delivered_at": "timestamptz",
    }  # fmt: skip
    select = (
        "SELECT 'a.csv' AS file, 'u' AS uri, 10::BIGINT AS size, 'h' AS sha256, 's' AS source, "
        "'csv' AS media_type, "
        f"['id'] AS columns, ['long'] AS types, TIMESTAMPTZ '{NOW - timedelta(hours=5)}' AS delivered_at, "
        "'l' AS _load_id"
    )
    fresh = {"check": "freshness", "column": "delivered_at", "maxAge": "4h"}
    contract = with_rules(
        make_contract({"id": "long"}, dataset="raw.flights"),
        {"metric": "rowCount", "mustBeGreaterThan": 0},
        {"type": "custom", "engine": "airflow-gov", "implementation": fresh},
    )

    found = check(subject(contract, make_table(select, dataset="raw.flights", **columns)), engine)

    assert {result.rule: result.passed for result in found} == {
        "row_count": True,
        "size": True,
        "columns": True,
        "rowCount": True,
        "freshness(delivered_at)": False,
    }
