"""`airflow-gov log`: listed, verified, anchored; exit code 1 where somebody edited it."""

from __future__ import annotations

import json

import pytest

from airflow_gov.store import Store
from support import records, stores
from support.log_attacks import does, fill
from support.records import T0


@pytest.fixture
def store(home):
    made = Store(stores.ready(home / "airflow_gov" / "governance.db"))
    fill(made, 5)
    yield made
    made.dispose()


@pytest.fixture
def url(home):
    return f"sqlite:///{home}/airflow_gov/governance.db"


def test_entries_are_listed_newest_first_and_chosen(call, store):
    store.log.append(
        records.entry("read.restricted", subject="clean.d3", actor="eve", details={"a": "\x1b[31m"})
    )
    answer = call("log", "list")
    lines = answer.out.splitlines()
    assert (answer.code, len(lines)) == (0, 2 + 6)
    assert "read.restricted" in lines[2]
    assert "\x1b" not in answer.out
    chosen = {
        ("--subject", "clean.d3"): [6, 3],
        ("--action", "act 2"): [2],
        ("--actor", "eve"): [6],
        ("--execution", "e4"): [4],
        ("--before", "3"): [2, 1],
        ("--since", T0.replace(minute=4).isoformat()): [5, 4],
        ("--limit", "1"): [6],
    }
    for options, expected in chosen.items():
        told = json.loads(call("log", "list", *options, "--json").out)
        assert [entry["sequence"] for entry in told] == expected, options


def test_a_log_that_nobody_touched_is_verified(call, store):
    answer = call("log", "verify")
    assert (answer.code, answer.err) == (0, "")
    assert "The log is as it was written." in answer.out
    assert "5 entries" in answer.out
    told = json.loads(call("log", "verify", "--json").out)
    assert (told["ok"], told["entries"], told["fault"], told["protected"]) == (True, 5, None, True)


def test_the_first_fault_is_named_and_the_exit_code_says_so(call, store, url):
    does(url, "UPDATE gov_log SET actor = 'nobody' WHERE sequence = 3")
    for options in ((), ("--without-anchors",)):
        answer = call("log", "verify", *options)
        assert answer.code == 1
        assert "not as it was written (changed). Entry 3 was changed" in answer.out
    answer = call("log", "verify", "--json")
    told = json.loads(answer.out)
    assert (answer.code, told["ok"]) == (1, False)
    assert (told["fault"]["kind"], told["fault"]["sequence"]) == ("changed", 3)


def test_an_anchor_finds_an_end_that_was_cut_off(call, store, url):
    told = json.loads(call("log", "anchor", "--json").out)
    assert told["sequence"] == 5
    assert told["uri"].endswith(f"{5:020d}-{store.log.head().hash}.json")
    assert "5" in call("log", "anchor").out
    verified = call("log", "verify")
    assert "up to entry 5" in verified.out
    does(url, "DELETE FROM gov_log WHERE sequence > 3")
    assert call("log", "verify", "--without-anchors").code == 0
    answer = call("log", "verify")
    assert answer.code == 1
    assert "The log ends at entry 3, and had 5" in answer.out
    refused = call("log", "anchor")
    assert refused.code == 1
    assert "is not anchored" in refused.err


def test_an_empty_log_has_nothing_to_show(call, home):
    stores.ready(home / "airflow_gov" / "governance.db")
    assert "No entries." in call("log", "list").err
    assert "nothing to anchor" in call("log", "anchor").out
    assert call("log", "anchor", "--json").out == "null\n"
    assert call("log", "verify").code == 0


def test_missing_triggers_and_a_chain_made_later_are_told(call, home, url):
    store = Store(url)
    store.upgrade("0005")
    store.dispose()
    import sqlalchemy

    from support.log_attacks import write_as_before

    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        write_as_before(connection, 3)
    store.upgrade()
    store.dispose()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER gov_log_no_delete")
    engine.dispose()
    answer = call("log", "verify")
    assert answer.code == 0
    assert "live from entry 4 on" in answer.out
    assert "triggers are missing" in answer.out


@pytest.mark.parametrize("command", ["list", "verify", "anchor"])
def test_help_shows_an_example(call, home, command):
    assert f"airflow-gov log {command}" in call("log", command, "--help").out
    assert f"airflow-gov log {command}" in call("log", "--help").out
