"""Suites read from contracts: names, severities, every language; and everything wrong told at once."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.rules import RuleKind
from airflow_gov.quality import rule_problems, suite_of
from airflow_gov.transform import DuckEngine
from support.subjects import of_yaml, with_rules

COLUMNS = {"id": "long", "carrier": "string", "departed_at": "timestamp", "parts": "list<string>"}
REFUSE = DuckEngine().refuse_sql
ONE_ROW = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}


@pytest.fixture
def contract(make_contract):
    return make_contract(COLUMNS, keys=("id",))


def gx(implementation: Any, **facts: Any) -> dict[str, Any]:
    return {"type": "custom", "engine": "greatExpectations", "implementation": implementation, **facts}


def ours(check: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "custom", "engine": "airflow-gov", "implementation": {"check": check, **arguments}}


def reasons(contract: Any) -> list[str]:
    return [problem.reason for problem in rule_problems(contract, REFUSE)]


def suite_json(*expectations: dict[str, Any], **facts: Any) -> str:
    return json.dumps({"name": "flights", "expectations": list(expectations), **facts}, indent=2)


def test_a_contract_without_quality_rules_has_an_empty_suite(contract) -> None:
    assert suite_of(contract).rules == ()
    assert rule_problems(contract) == []


def test_rules_of_every_language_are_named_after_what_they_are_about(contract) -> None:
    at_dataset = [
        {"metric": "rowCount", "mustBeGreaterThan": 0},
        {"type": "text", "description": "Nice data."},
        {"type": "sql", "query": "SELECT count(*) FROM {object}", "mustBe": 1, "name": "counted"},
        gx({"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}),
        gx({"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["id", "carrier"]}}),
        ours("volume"),
        ours("schemaDrift", allow=["added"]),
        {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "carrier"]}},
    ]
    at_column = [
        {"rule": "nullValues", "mustBe": 0},
        {"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"},
        {"type": "sql", "query": "SELECT count({property}) FROM {object}", "mustBe": 1},
        gx({"expectation_type": "ExpectColumnValuesToBeUnique"}),
        gx({"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}, name="required"),
    ]
    contract = with_rules(with_rules(contract, *at_dataset), *at_column, column="carrier")

    rules = suite_of(contract, None, REFUSE).rules

    assert [rule.name for rule in rules] == [
        "rowCount",
        "counted",
        "expect_table_row_count_to_be_between",
        "expect_compound_columns_to_be_unique(id, carrier)",
        "volume",
        "schemaDrift",
        "duplicateValues(id, carrier)",
        "nullValues(carrier)",
        "nullValues(carrier) (2)",
        "sql(carrier)",
        "expect_column_values_to_be_unique(carrier)",
        "required (2)",
    ]
    assert [rule.columns for rule in rules[-3:]] == [("carrier",), ("carrier",), ("id",)]
    assert rules[7].kind is RuleKind.LIBRARY
    assert rules[7].arguments == {"column": "carrier", "mustBe": 0, "unit": "rows"}
    assert rules[9].arguments["query"] == 'SELECT count("carrier") FROM "clean"."flights"'
    assert rules[7].place == "contracts/flights.odcs.yaml:10: $.schema[0].properties[1].quality[0]"


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        (None, "error"),
        ("error", "error"),
        ("Critical", "error"),
        ("high", "error"),
        ("warning", "warning"),
        ("info", "warning"),
        ("low", "warning"),
    ],
)
def test_severity_in_the_words_people_use(contract, word, severity) -> None:
    facts = {} if word is None else {"severity": word}
    rules = [
        {"metric": "rowCount", "mustBe": 1, **facts},
        gx({"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}, **facts),
        gx({"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}, **facts}),
    ]

    assert [rule.severity for rule in suite_of(with_rules(contract, *rules)).rules] == [severity] * 3


@pytest.mark.parametrize(
    "text",
    [
        "type: expect_column_values_to_not_be_null\nkwargs:\n  column: id\n",
        '{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}',
    ],
)
def test_an_implementation_may_be_text(contract, text) -> None:
    (rule,) = suite_of(with_rules(contract, gx(text))).rules

    assert (rule.check, dict(rule.arguments)) == ("expect_column_values_to_not_be_null", {"column": "id"})


def test_arguments_that_say_nothing_about_what_is_expected_are_left_out(contract) -> None:
    kwargs = {
        "column": "id",
        "mostly": 0.5,
        "meta": {},
        "result_format": "COMPLETE",
        "catch_exceptions": True,
    }
    configuration = {
        "type": "expect_column_values_to_not_be_null",
        "kwargs": kwargs,
        "meta": {"a": 1},
        "id": "x",
        "description": "Every flight has an id.",
    }

    (rule,) = suite_of(with_rules(contract, gx(configuration))).rules

    assert rule.arguments == {"column": "id", "mostly": 0.5}
    assert rule.description == "Every flight has an id."


def test_a_suite_file_is_read_with_its_severities_and_lines(contract) -> None:
    text = suite_json(
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}, "severity": "warning"},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    )
    entry = gx({"suite": "suites/f.json"}, dimension="completeness")
    contract = replace(with_rules(contract, entry), suites={"suites/f.json": text})

    rules = suite_of(contract).rules

    assert [(rule.name, str(rule.severity)) for rule in rules] == [
        ("expect_column_values_to_not_be_null(id)", "warning"),
        ("expect_column_values_to_be_unique(id)", "error"),
    ]
    assert {rule.dimension for rule in rules} == {"completeness"}
    assert rules[1].place == "contracts/suites/f.json:11: $.expectations[1]"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"expectations": [', 1, "this is no JSON: Expecting value"),
        ('{"expectations":\n[1,]}', 2, "this is no JSON: "),
        ("[]", 1, "the suite has no list `expectations`"),
        ('{"expectations": {}}', 1, "the suite has no list `expectations`"),
        ('{"expectations": []}', 1, "the suite has no rules"),
        ('{"expectations": [3], "expectations": []}', 1, "the key 'expectations' stands twice"),
        ('{"suite_parameters": [1],\n"expectations": [3]}', 1, "a mapping of values by the names"),
        ('{"expectations": [\n3]}', 2, "needs `type`"),
        (
            '{"expectations": [\n\n{"type": "expect_column_to_exist", "kwargs": {"colum": "id"}}]}',
            3,
            "unknown argument 'colum'; did you mean 'column'?",
        ),
    ],
)
def test_what_is_wrong_in_a_suite_file_is_told_there(contract, text, line, reason) -> None:
    contract = replace(with_rules(contract, gx("s/f.json")), suites={"s/f.json": text})

    found = rule_problems(contract)

    assert {(problem.file, problem.line) for problem in found} == {("contracts/s/f.json", line)}
    assert any(reason in problem.reason for problem in found)


def test_parameters_get_their_values_when_these_are_known(contract) -> None:
    kwargs = {"column": "id", "max_value": {"$PARAMETER": "most"}, "min_value": 1}
    contract = with_rules(contract, gx({"type": "expect_column_max_to_be_between", "kwargs": kwargs}))

    (rule,) = suite_of(contract, {"most": 7}).rules

    assert rule.arguments == {"column": "id", "max_value": 7, "min_value": 1}
    assert suite_of(contract).rules[0].arguments == kwargs, "not known yet"
    for parameters, reason in (
        ({}, "the parameter 'most' is not given"),
        ({"mos": 1}, "did you mean 'mos'"),
        ({"most": "x"}, "expect_column_max_to_be_between"),
    ):
        with pytest.raises(GovernanceError) as raised:
            suite_of(contract, parameters)
        assert raised.value.reason is Reason.RULE_INVALID
        assert reason in str(raised.value)


@pytest.mark.parametrize("value", [None, 0, "", [], {}])
@pytest.mark.parametrize("inside", [lambda each: each, lambda each: [each], lambda each: {"a": [each]}])
def test_no_rule_is_lost_to_the_value_of_its_parameter(contract, value, inside) -> None:
    kwargs = {"column": "id", "min_value": 1, "max_value": inside({"$PARAMETER": "most"})}
    contract = with_rules(contract, gx({"type": "expect_column_max_to_be_between", "kwargs": kwargs}))

    try:
        found: Any = [rule.arguments["max_value"] for rule in suite_of(contract, {"most": value}).rules]
    except GovernanceError as error:
        found = error.reason

    assert found in ([inside(value)], Reason.RULE_INVALID)


@pytest.mark.parametrize(("parameters", "most"), [({}, 9), ({"most": 7}, 7), ({"most": None}, None)], ids=str)
def test_a_suite_file_has_values_of_parameters_that_are_not_given(contract, parameters, most) -> None:
    kwargs = {"column": "id", "min_value": 1, "max_value": {"$PARAMETER": "most"}}
    text = suite_json(
        {"type": "expect_column_max_to_be_between", "kwargs": kwargs}, suite_parameters={"most": 9}
    )
    contract = replace(with_rules(contract, gx("f.json")), suites={"f.json": text})

    (rule,) = suite_of(contract, parameters).rules

    assert rule.arguments["max_value"] == most


def test_a_suite_file_may_begin_with_a_byte_order_mark(contract) -> None:
    suites = {"f.json": "\ufeff" + suite_json(ONE_ROW)}

    assert len(suite_of(replace(with_rules(contract, gx("f.json")), suites=suites)).rules) == 1


@pytest.mark.parametrize("element", ["clean.flights.departed", "flights.departed"])
def test_promised_freshness_of_a_column_that_is_not_there_is_a_problem(element) -> None:
    contract = of_yaml(f"""
slaProperties:
- {{property: retention, value: 3, unit: y}}
- {{property: freshness, value: 1, unit: d, element: "{element}, other.departed"}}
schema:
- physicalName: clean.flights
  properties: [{{name: departed_at, logicalType: timestamp}}]
""")

    (problem,) = rule_problems(contract)

    assert (problem.line, problem.path) == (4, "$.slaProperties[1].element")
    assert "no column 'departed'; did you mean 'departed_at'?" in problem.reason


def test_promised_freshness_of_a_column_is_a_rule_that_warns() -> None:
    contract = of_yaml("""
slaProperties:
- {property: latency, value: 4, unit: h, element: clean.flights.departed_at}
- {property: Freshness, value: P1D, element: "departed_at, landed_at", description: Daily.}
- {property: latency, value: 1, unit: d, element: clean.airlines.departed_at}
- {property: latency, value: 1, unit: d}
- {property: retention, value: 3, unit: y, element: departed_at}
schema:
- physicalName: clean.flights
  properties: [{name: departed_at, logicalType: timestamp}]
""")

    rules = suite_of(contract).rules

    assert [(rule.name, str(rule.severity), rule.arguments["maxAge"]) for rule in rules] == [
        ("freshness(departed_at)", "warning", "4 h"),
        ("freshness(departed_at) (2)", "warning", "P1D"),
    ]


def test_rules_that_another_tool_runs_are_documentation(contract) -> None:
    soda = {"type": "custom", "engine": "soda", "implementation": "type: duplicate_percent"}

    assert suite_of(with_rules(contract, soda | {"scheduler": "soda"})).rules == ()
    assert "rules of the engine 'soda' are not run here" in reasons(with_rules(contract, soda))[0]


AT_DATASET: list[tuple[dict[str, Any], str]] = [
    ({"metric": "rowCont", "mustBe": 1}, "unknown metric 'rowCont'; did you mean 'rowCount'?"),
    ({"type": "library", "mustBe": 1}, "needs a metric"),
    ({"type": "librari"}, "unknown type 'librari'"),
    ({"metric": "rowCount"}, "exactly one operator"),
    ({"metric": "rowCount", "mustBe": 1, "mustNotBe": 2}, "there are mustBe, mustNotBe"),
    ({"metric": "rowCount", "mustBe": "many"}, "mustBe takes a number, not 'many'"),
    ({"metric": "rowCount", "mustBe": True}, "mustBe takes a number, not True"),
    ({"metric": "rowCount", "mustBeBetween": [3]}, "mustBeBetween takes a list of two numbers"),
    ({"metric": "rowCount", "mustBeBetween": [3, 1]}, "takes the smaller number first"),
    ({"metric": "rowCount", "mustBe": 1, "unit": "perent"}, "unknown unit 'perent'"),
    ({"metric": "rowCount", "mustBe": 1, "unit": "percent"}, "its unit is rows"),
    ({"metric": "rowCount", "mustBe": 1, "severity": "fatal"}, "unknown severity 'fatal'"),
    ({"metric": "rowCount", "mustBe": 1, "arguments": {"a": 1}}, "unknown argument 'a' (arguments: none)"),
    ({"metric": "rowCount", "mustBe": 1, "arguments": [1]}, "arguments are a mapping"),
    ({"metric": "nullValues", "mustBe": 1}, "nullValues is about one column"),
    ({"metric": "duplicateValues", "mustBe": 1}, "it needs the argument 'properties'"),
    (
        {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "carier"]}},
        "clean.flights has no column 'carier'; did you mean 'carrier'?",
    ),
    ({"type": "sql", "mustBe": 1}, "needs `query`"),
    (
        {"type": "sql", "query": "SELECT count({column}) FROM {table}", "mustBe": 1},
        "has no column to stand for",
    ),
    ({"type": "sql", "query": "SELEC 1", "mustBe": 1}, "SELEC"),
    ({"type": "sql", "query": "DELETE FROM clean.flights", "mustBe": 1}, "a statement of type DELETE"),
    ({"type": "sql", "query": "SELECT 1; SELECT 2", "mustBe": 1}, "has 2 statements"),
    ({"type": "sql", "query": "SELECT count(*) FROM clean.planes", "mustBe": 1}, "not a declared source"),
    ({"type": "sql", "query": "SELECT count(*) FROM 'x.csv'", "mustBe": 1}, "not a declared source"),
    ({"type": "sql", "query": "SELECT 1, 2 FROM {object}", "mustBe": 1}, "gives 2 columns"),
    ({"type": "sql", "query": "SELECT 'a'", "mustBe": 1}, "gives a value of type VARCHAR"),
    ({"type": "sql", "query": "SELECT count(weight) FROM {object}", "mustBe": 1}, "weight"),
    (ours("fresh"), "unknown check 'fresh'; did you mean 'freshness'?"),
    (ours("freshness", column="departed_at", maxAge="soon"), "'soon' is no duration"),
    (ours("freshness", column="departed_at", maxAge="0h"), "'0h' is no duration"),
    (ours("freshness", column="id", maxAge="1h"), "'id' is long, no date and no timestamp"),
    (ours("freshness", column="landed_at", maxAge="1h"), "has no column 'landed_at'"),
    (ours("freshness", column="departed_at"), "the argument 'maxAge' is missing"),
    (ours("volume", window="x"), "the argument 'window' is text ('x'), not a whole number"),
    (ours("volume", minHistory=40), "'minHistory' (40) is more than 'window' (30)"),
    (ours("volume", maxChange="5 rows"), "'5 rows' is no share"),
    (ours("schemaDrift", allow=["more"]), "the argument 'allow' is a list"),
    (gx(["x"]), "is no expectation"),
    (gx("- a\n- b"), "is no expectation"),
    (gx({"kwargs": {}}), "needs `type`"),
    (gx({"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "id"}}), "'value_set' is missing"),
    (
        gx({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "idd"}}),
        "has no column 'idd'; did you mean 'id'?",
    ),
    (
        gx({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id", "mostly": 1.5}}),
        "'mostly' is a share from 0 to 1, not 1.5",
    ),
    (
        gx({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id", "mostly": "all"}}),
        "the argument 'mostly' is text ('all'), not a number",
    ),
    (
        gx({"type": "expect_column_values_to_match_regex", "kwargs": {"column": "carrier", "regex": "(a"}}),
        "does not compile",
    ),
    (gx({"suite": "lost.json"}), "the suite 'lost.json' is not at hand"),
    ({"metric": "rowCount", "mustBeLessThan": math.nan}, "mustBeLessThan takes a number, not nan"),
    ({"metric": "rowCount", "mustBeGreaterThan": -math.inf}, "mustBeGreaterThan takes a number, not -inf"),
    ({"metric": "rowCount", "mustBeBetween": [0, math.inf]}, "mustBeBetween takes a list of two numbers"),
    ({"type": "sql", "query": "SELECT 1", "mustNotBe": math.nan}, "mustNotBe takes a number, not nan"),
    *(
        (ours("volume", sensitivity=each), "'sensitivity' is a number above 0, and at most 1,000,000")
        for each in (math.inf, math.nan, 0, 10**400)
    ),
    *(
        (ours("volume", maxChange=each), "is no share: write a percentage, e.g. 50%, or a number below 1")
        for each in (50, 1, 0, -0.5, math.nan, "0.5", "nan%", "inf%", "0%")
    ),
    (ours("volume", window={"$PARAMETER": "w"}), "the argument 'window' has $PARAMETER, which only"),
    (
        {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": {"$PARAMETER": "p"}}},
        "the argument 'properties' has $PARAMETER, which only",
    ),
    (
        {"metric": "rowCount", "mustBe": 1, "mustBelessThan": 3},
        "a rule of type library has no property 'mustBelessThan'; did you mean 'mustBeLessThan'?",
    ),
    ({"metric": "rowCount", "mustBe": 1, "argument": {}}, "did you mean 'arguments'?"),
    ({"metric": "rowCount", "mustBe": 1, "filter": "id > 3"}, "has no property 'filter'"),
    ({"type": "sql", "query": "SELECT 1", "mustBe": 1, "metric": "x"}, "type sql has no property 'metric'"),
    ({"type": "text", "metric": "rowCount"}, "a rule of type text has no property 'metric'"),
    ({"type": "text", "mustBe": 0}, "a rule of type text has no property 'mustBe'"),
    (ours("volume") | {"window": 3}, "a rule of type custom has no property 'window'"),
    (gx(ONE_ROW, mustBe=5), "a rule of type custom has no property 'mustBe'"),
    (gx(ONE_ROW | {"mostly": 0.5}), "an expectation has no property 'mostly' beside `kwargs`"),
    (gx(ONE_ROW | {"expectation_type": "expect_x"}), "has `type` and `expectation_type`"),
    (
        gx({"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1, "severity": "warning"}}),
        "severity is no argument of an expectation",
    ),
    (
        gx('{"type": "a", "type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}}'),
        "the key 'type' stands twice",
    ),
    *(
        (gx(ONE_ROW) | {"engine": engine, "scheduler": "cron"}, f"did you mean {meant!r}?")
        for engine, meant in (
            ("great expectation", "greatExpectations"),
            ("GX", "greatExpectations"),
            ("airflow_gow", "airflow-gov"),
        )
    ),
    (gx(ONE_ROW) | {"engine": None, "scheduler": "cron"}, "rules of the engine None are not run here"),
]


@pytest.mark.parametrize(
    ("rule", "reason"),
    AT_DATASET,
    ids=[f"{number}: {reason}" for number, (_, reason) in enumerate(AT_DATASET)],
)
def test_what_is_wrong_with_a_rule(contract, rule, reason) -> None:
    found = rule_problems(with_rules(contract, rule), REFUSE)

    assert len(found) == 1, found
    assert reason in found[0].reason
    assert (found[0].file, found[0].line) == ("contracts/flights.odcs.yaml", 10)
    assert found[0].path.startswith("$.schema[0].quality[0]")


@pytest.mark.parametrize(
    ("column", "rule", "reason"),
    [
        ("carrier", {"metric": "rowCount", "mustBe": 1}, "rowCount is about the whole dataset"),
        ("carrier", {"metric": "missingValues", "mustBe": 1}, "the argument 'missingValues' is missing"),
        (
            "carrier",
            {"metric": "invalidValues", "mustBe": 1},
            "needs the argument 'validValues' or 'pattern'",
        ),
        (
            "carrier",
            {"metric": "invalidValues", "mustBe": 1, "arguments": {"pattern": "(a"}},
            "does not compile",
        ),
        (
            "id",
            {"metric": "invalidValues", "mustBe": 1, "arguments": {"pattern": "a"}},
            "a pattern is for text, and 'id' is long",
        ),
        (
            "id",
            {"metric": "invalidValues", "mustBe": 1, "arguments": {"validValues": [1, "x"]}},
            "'validValues' has 'x', which 'id' (long) cannot hold",
        ),
        *(
            (
                "carrier",
                {"metric": metric, "mustBe": 0, "arguments": {name: []}},
                f"{name!r} is empty, so that",
            )
            for metric, name in (("missingValues", "missingValues"), ("invalidValues", "validValues"))
        ),
        *(
            (
                "departed_at",
                {"metric": metric, "mustBe": 0, "arguments": {name: ["2024-01-01T02:00:00+02:00"]}},
                "has an offset from UTC, and a column of type timestamp has no time zone",
            )
            for metric, name in (("missingValues", "missingValues"), ("invalidValues", "validValues"))
        ),
        (
            "carrier",
            {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": {"$PARAMETER": "p"}}},
            "the argument 'pattern' has $PARAMETER, which only",
        ),
        (
            "parts",
            {"metric": "missingValues", "mustBe": 1, "arguments": {"missingValues": [""]}},
            "whose values no list can have",
        ),
        (
            "id",
            {"metric": "duplicateValues", "mustBe": 1, "arguments": {"properties": ["id"]}},
            "unknown argument 'properties'",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_at_a_column(contract, column, rule, reason) -> None:
    found = reasons(with_rules(contract, rule, column=column))

    assert len(found) == 1, found
    assert reason in found[0]


def test_everything_wrong_is_told_at_once(contract) -> None:
    contract = with_rules(contract, *(rule for rule, _ in AT_DATASET[:25]))

    with pytest.raises(GovernanceError) as raised:
        suite_of(contract, {}, REFUSE)

    problems = raised.value.attributes["problems"]
    assert raised.value.reason is Reason.RULE_INVALID
    assert {problem["line"] for problem in problems} == set(range(10, 35))
    assert "… and 5 more" in str(raised.value)
    assert "contracts/flights.odcs.yaml:10: $.schema[0].quality[0].metric: unknown metric" in str(
        raised.value
    )
