"""Rows that break rules go aside with the rules' names, the others stay, and none gets lost."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import pytest

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality import check
from airflow_gov.quality.separating import separate
from airflow_gov.transform import QUARANTINE_COLUMNS
from support.subjects import subject, with_rules

COLUMNS = {"id": "long", "carrier": "string", "delay": "double"}


def gx(kind, **kwargs):
    return {
        "type": "custom",
        "engine": "greatExpectations",
        "implementation": {"type": kind, "kwargs": kwargs},
    }


@pytest.fixture
def contract(make_contract):
    return make_contract(COLUMNS, required=("id", "carrier"), keys=("id",))


@pytest.fixture
def folders(tmp_path):
    found = {name: tmp_path / name for name in ("kept_folder", "aside_folder")}
    for folder in found.values():
        folder.mkdir()
    return found


@pytest.fixture
def separated(engine, folders):
    """Check, separate, and read what was written: ``(separation, kept rows, rows set aside)``."""

    def run(contract, candidate, added=None, **options):
        looked_at = subject(contract, candidate, added)
        found = separate(looked_at, check(looked_at, engine), engine, **folders, **options)
        return found, read(found.kept_files), read(found.aside_files)

    return run


def read(files):
    if not files:
        return []
    found = duckdb.sql(f"SELECT * FROM read_parquet({[file.key for file in files]}, hive_partitioning=false)")
    return sorted((dict(zip(found.columns, row, strict=True)) for row in found.fetchall()), key=repr)


def rows(*values, load="l"):
    listed = ", ".join(f"({', '.join(each)})" for each in (value.split("|") for value in values))
    return (
        f"SELECT id::BIGINT AS id, carrier::VARCHAR AS carrier, delay::DOUBLE AS delay, '{load}' AS _load_id "
        f"FROM (VALUES {listed}) v(id, carrier, delay)"
    )


def reasons(aside):
    return [(json.loads(row["content"])["id"], row["column"], row["reason"]) for row in aside]


def test_rows_go_aside_with_the_rules_they_break(make_table, contract, separated):
    contract = with_rules(
        contract,
        {"name": "known", "metric": "invalidValues", "arguments": {"validValues": ["AA", "ZZ"]}, "mustBe": 0},
        column="carrier",
    )
    contract = with_rules(contract, gx("expect_column_values_to_be_between", column="delay", max_value=60))
    table = make_table(
        rows("1|'AA'|1", "2|NULL|2", "3|'QQ'|99", "4|'ZZ'|NULL", "5|'AA'|'nan'::DOUBLE"), **COLUMNS
    )

    found, kept, aside = separated(contract, table)

    assert (found.kept, found.aside) == (3, 2)
    assert [row["id"] for row in kept] == [1, 4, 5]
    assert list(kept[0]) == [*COLUMNS, LOAD_ID_COLUMN]
    assert sorted(reasons(aside)) == [
        (2, "carrier", "required(carrier)"),
        (3, "delay", "expect_column_values_to_be_between(delay); known"),
    ]
    assert found.by_rule == {
        "required(carrier)": 1,
        "known": 1,
        "expect_column_values_to_be_between(delay)": 1,
    }


def test_a_quarantines_columns_are_those_of_every_quarantine(make_table, contract, separated):
    _, _, aside = separated(contract, make_table(rows("1|'AA'|1", "2|NULL|'inf'::DOUBLE"), **COLUMNS))

    assert list(aside[0]) == [*(column.name for column in QUARANTINE_COLUMNS), LOAD_ID_COLUMN]
    assert (aside[0]["file"], aside[0]["line"], aside[0][LOAD_ID_COLUMN]) == ("", 0, "l")
    assert json.loads(aside[0]["content"])["carrier"] is None


def test_every_row_that_shares_a_key_goes_and_rows_without_one(make_table, contract, separated):
    table = make_table(rows("1|'AA'|1", "1|'AA'|2", "NULL|'AA'|3", "4|'AA'|4"), **COLUMNS)

    found, kept, aside = separated(contract, table)

    assert [row["id"] for row in kept] == [4]
    assert {row["reason"] for row in aside} == {"primary_key(id)", "required(id); primary_key(id)"}
    assert found.by_rule == {"required(id)": 1, "primary_key(id)": 3}


def test_a_key_of_two_columns(make_table, make_contract, separated):
    contract = make_contract(COLUMNS, keys=("id", "carrier"))
    table = make_table(rows("1|'AA'|1", "1|'AA'|2", "1|'ZZ'|3", "1|NULL|4"), **COLUMNS)

    found, kept, _ = separated(contract, table)

    assert (found.aside, [row["carrier"] for row in kept]) == (3, ["ZZ"])


def test_only_the_loads_rows_go_whatever_they_repeat(make_table, make_contract, separated):
    contract = with_rules(
        make_contract(COLUMNS, unique=("id",)),
        {"name": "twice", "metric": "duplicateValues", "mustBe": 0},
        column="carrier",
    )
    table = make_table(
        rows("1|'AA'|1", load="old"), rows("1|'BB'|2", "2|'AA'|3", "3|'CC'|4", load="new"), **COLUMNS
    )

    found, kept, aside = separated(contract, table, table.load("new", 3))

    assert [row["id"] for row in kept] == [3]
    assert sorted(reasons(aside)) == [(1, "id", "unique(id)"), (2, "carrier", "twice")]
    assert (found.kept, found.aside) == (1, 2)


def test_warnings_and_rules_that_hold_set_nothing_aside(make_table, make_contract, separated):
    contract = with_rules(
        make_contract(COLUMNS, required=("id",)),
        {"metric": "nullValues", "mustBe": 0, "severity": "warning"},
        column="carrier",
    )
    found, kept, aside = separated(contract, make_table(rows("1|NULL|1"), **COLUMNS))

    assert (found.kept, found.aside, found.by_rule, aside) == (1, 0, {}, [])
    assert [row["id"] for row in kept] == [1]


def test_all_rows_may_go(make_table, contract, separated):
    found, kept, aside = separated(contract, make_table(rows("1|NULL|1", "2|NULL|1"), **COLUMNS))
    assert (found.kept, found.kept_files, kept, len(aside)) == (0, (), [], 2)


def test_values_that_python_judges_and_rows_that_a_condition_selects(make_table, make_contract, separated):
    contract = with_rules(
        make_contract(COLUMNS),
        gx("expect_column_values_to_match_strftime_format", column="carrier", strftime_format="%Y"),
        gx(
            "expect_column_values_to_be_between",
            column="delay",
            min_value=0,
            mostly=0.9,
            row_condition="id > 2",
            condition_parser="pandas",
        ),
    )
    table = make_table(rows("1|'2024'|-1", "2|'AA'|1", "3|'1999'|-1", "4|'2000'|1"), **COLUMNS)

    _, kept, aside = separated(contract, table)

    assert [row["id"] for row in kept] == [1, 4]
    assert sorted(reasons(aside)) == [
        (2, "carrier", "expect_column_values_to_match_strftime_format(carrier)"),
        (3, "delay", "expect_column_values_to_be_between(delay)"),
    ]


def test_good_rows_are_partitioned_as_the_contract_says(make_table, contract, separated):
    columns = tuple(
        replace(column, partition_key=1 if column.name == "carrier" else None) for column in contract.columns
    )
    table = make_table(rows("1|'AA'|1", "2|'ZZ'|1", "3|NULL|1"), **COLUMNS)

    found, kept, _ = separated(replace(contract, columns=columns), table)

    assert sorted(file.key.split("/")[-2] for file in found.kept_files) == ["carrier=AA", "carrier=ZZ"]
    assert [row["carrier"] for row in kept] == ["AA", "ZZ"]


def test_the_load_id_of_rows_set_aside_may_be_another(make_table, contract, separated):
    _, kept, aside = separated(
        contract, make_table(rows("1|NULL|1", "2|'A'|1"), **COLUMNS), aside_load_id="l-gate"
    )
    assert (kept[0][LOAD_ID_COLUMN], aside[0][LOAD_ID_COLUMN]) == ("l", "l-gate")


def test_hostile_names_and_values_are_nothing_but_names_and_values(make_table, make_contract, separated):
    columns = {'a"b': "string", "c;--": "string"}
    contract = with_rules(
        make_contract(columns, required=('a"b',)),
        {"name": "it's; DROP", "metric": "missingValues", "arguments": {"missingValues": ["'"]}, "mustBe": 0},
        column="c;--",
    )
    values = """(NULL, 'x', 'l'), ('y', '''', 'l'), ('z', '"', 'l')"""
    select = f'SELECT * FROM (VALUES {values}) v("a""b", "c;--", _load_id)'

    _, kept, aside = separated(contract, make_table(select, **columns))

    assert [row["c;--"] for row in kept] == ['"']
    assert sorted(row["reason"] for row in aside) == ["it's; DROP", 'required(a"b)']
    assert {json.loads(row["content"])["c;--"] for row in aside} == {"x", "'"}


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "few", "metric": "rowCount", "mustBe": 7},
        {"name": "few", "type": "sql", "query": "SELECT count(*) FROM {object}", "mustBe": 7},
        {"name": "few", **gx("expect_column_max_to_be_between", column="delay", max_value=0)},
        {"name": "few", **gx("expect_column_values_to_be_increasing", column="delay", strictly=True)},
    ],
    ids=lambda rule: rule.get("metric") or rule.get("type"),
)
def test_for_a_rule_that_is_not_about_single_rows_nothing_goes(
    rule, make_table, contract, separated, folders
):
    contract = with_rules(contract, rule)
    table = make_table(rows("1|NULL|1", "2|'AA'|1"), **COLUMNS)

    with pytest.raises(GovernanceError, match="no rows can be set aside for few: this rule is not") as caught:
        separated(contract, table)

    assert caught.value.reason is Reason.RULE_FAILED
    assert caught.value.attributes["rules"] == ["few"]
    assert not any(path for folder in folders.values() for path in folder.iterdir())


def test_rows_that_get_lost_are_an_error(make_table, contract, engine, folders):
    table = make_table(rows("1|NULL|1", "2|'AA'|1"), **COLUMNS)
    results = check(subject(contract, table), engine)

    with pytest.raises(GovernanceError, match="of 3 rows, 1 were kept and 1 set aside, which is not all"):
        separate(subject(contract, table, replace(table, rows=3)), results, engine, **folders)
