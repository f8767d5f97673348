"""`airflow-gov executions`."""

from __future__ import annotations

import json

import pytest

FIRST = "01a1fbb4-74cd-781a-8361-aca085928001"
ESCAPED = "01a1fbb4-74cd-781a-8361-aca085928004"


def ids(answer) -> list[str]:
    return [record["execution_id"][-1] for record in json.loads(answer.out)]


def test_newest_first_with_full_names_when_piped(call, history) -> None:
    answer = call("executions", "list")
    assert answer.code == 0
    lines = answer.out.splitlines()
    found = [line for line in lines if "01a1fbb4" in line]
    assert [line.split()[-1][-1] for line in found] == ["4", "3", "2", "1"]
    assert "gold.sales_per_region_and_calendar_quarter_restated" in found[0]
    assert "clean_orders.load[3] try 2" in found[1]
    assert "336,776" in found[3]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--dag", "orders"], ["3"]),
        (["--run", "manual__1"], ["3"]),
        (["--task", "gold_sales.load"], ["4", "2", "1"]),
        (["--dataset", "clean.orders"], ["4", "2", "1"]),
        (["--status", "failed"], ["2"]),
        (["--since", "2026-01-31T12:03:00Z"], ["4", "3"]),
        (["--since", "2026-01-31T13:03:00+01:00"], ["4", "3"]),
        (["--since", "2026-02-01"], []),
        (["--since", "36500d"], ["4", "3", "2", "1"]),
        (["--limit", "2"], ["4", "3"]),
    ],
)
def test_filters(call, history, arguments, expected) -> None:
    assert ids(call("executions", "list", "--json", *arguments)) == expected


def test_nothing_found_says_so_on_standard_error(call, home) -> None:
    answer = call("executions", "list")
    assert (answer.code, answer.out) == (0, "")
    assert "No executions." in answer.err


def test_nothing_found_is_an_empty_document(call, home) -> None:
    assert json.loads(call("executions", "list", "--json").out) == []


def test_show_begins_with_what_was_done_and_leaves_nothing_out(call, history) -> None:
    answer = call("executions", "show", FIRST)
    assert answer.code == 0
    assert answer.out.splitlines()[:2] == ["SQL, Iceberg to Iceberg", "Sales for the board."]
    for fact in (
        "success",
        "2026-01-31 12:01:00Z",
        "336,776",
        "scheduled__2026-01-31",
        "GoldOperator",
        "ines",
        "worker-1",
        "10.0.0.7",
        "https://git.example.com/dags.git",
        "v7",
        "Source: clean.orders",
        "Target: gold.sales_per_region_and_calendar_quarter_restated",
        "/data/part-0.parquet (2.0 kB)",
        "region string",
        "***",
        "SELECT region FROM clean.orders",
        "ab" * 32,
        "3.11.7",
        FIRST,
    ):
        assert fact in answer.out


def test_show_as_one_document_is_the_record(call, history) -> None:
    record = json.loads(call("executions", "show", FIRST, "--json").out)
    assert record["action"] == "SQL, Iceberg to Iceberg"
    assert record["data"][1]["files"][0]["size"] == 2048
    assert record["counts"]["read"] == 336_776


def test_control_characters_in_a_record_do_not_reach_the_terminal(call, history) -> None:
    for arguments in (["show", ESCAPED], ["list"]):
        answer = call("executions", *arguments)
        assert "\x1b" not in answer.out
        assert "\x07" not in answer.out
        assert "CSV" in answer.out


def test_an_unknown_execution(call, history) -> None:
    answer = call("executions", "show", "nothing")
    assert answer.code == 1
    assert "'nothing'" in answer.err
