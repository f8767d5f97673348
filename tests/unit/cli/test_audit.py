"""`airflow-gov audit`: looked, shown, explained, acknowledged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from airflow_gov.model.audits import AuditState
from airflow_gov.store.audits import Holder
from support import records
from support.gates import Gates, delays


@pytest.fixture
def gates(home):
    """Flights, a table nobody made, and an execution that never ended."""
    made = Gates(home)
    made.clock.now = datetime.now(UTC) - timedelta(hours=30)
    made.published(delays(1, 2))
    catalog = made.governance.lake._catalog.iceberg
    catalog.create_table(("clean", "stray"), pa.schema([("a", pa.int64())]))
    made.governance.store.executions.start(records.execution("stuck", start=made.clock.now))
    yield made
    made.close()


MINE = ("--check", "dataset-without-contract", "--check", "execution-stuck", "--check", "small-files")


def shown(call, *arguments):
    return json.loads(call("audit", "show", "--json", *arguments).out)


def test_before_the_first_audit_that_is_said(call, gates):
    assert "airflow-gov audit run" in call("audit", "show").err
    assert "airflow-gov audit run" in call("audit", "list").err


def test_run_finds_show_lists_and_explain_explains(call, gates):
    ran = call("audit", "run", *MINE)
    assert ran.code == 0
    for fact in ("clean.stray is in the lake and has no contract.", "execution-stuck", "incremental"):
        assert fact in ran.out
    found = shown(call)
    assert [each["check"] for each in found["findings"]] == ["dataset-without-contract", "execution-stuck"]
    assert (found["total"], found["next"]) == (2, None)
    one = call("audit", "show", found["findings"][0]["key"][:10])
    for fact in ("clean.stray", "What to do", "Write a contract", "Its life", "new"):
        assert fact in one.out
    (run,) = json.loads(call("audit", "list", "--json").out)
    assert (run["state"], run["new"], run["open"]) == ("finished", 2, 2)
    assert "finished" in call("audit", "list").out
    told = call("audit", "explain", "execution-stuck").out
    for fact in ("closes the record as lost", "warning", "what it did is not known"):
        assert fact in told


def test_pages_begin_where_the_one_before_ended(call, gates):
    call("audit", "run", *MINE)
    first = shown(call, "--limit", "1")
    second = shown(call, "--limit", "1", "--after", first["next"])
    assert [page["findings"][0]["check"] for page in (first, second)] == [
        "dataset-without-contract",
        "execution-stuck",
    ]
    assert "1 of 2. More:" in call("audit", "show", "--limit", "1").err


def test_filters_leave_what_they_say(call, gates):
    call("audit", "run", *MINE)
    assert shown(call, "--dataset", "clean.stray")["total"] == 1
    assert shown(call, "--severity", "error")["total"] == 1
    assert shown(call, "--zone", "gold")["total"] == 0
    assert shown(call, "--state", "fixed")["total"] == 0
    assert shown(call, "--check", "execution-stuck", "--text", "RUNNING")["total"] == 1


def test_fail_on_ends_with_one_and_names_what_is_open(call, gates):
    failed = call("audit", "run", *MINE, "--fail-on", "error", "--json")
    assert failed.code == 1
    assert json.loads(failed.out)["new"] == 2
    assert "1 open finding of severity error or worse" in failed.err
    assert call("audit", "run", *MINE, "--fail-on", "critical").code == 0
    assert call("audit", "run", *MINE, "--zone", "raw", "--fail-on", "error").code == 0


def test_what_is_acknowledged_fails_nothing(call, gates):
    call("audit", "run", *MINE)
    key = shown(call)["findings"][0]["key"]
    said = call("audit", "acknowledge", key, "--reason", "goes <soon>", "--expires", "30d", "--as", "grace")
    assert said.code == 0
    assert "by grace until" in said.out
    assert "goes <soon>" in said.out
    assert call("audit", "run", *MINE, "--fail-on", "error").code == 0
    assert shown(call, "--state", "acknowledged")["total"] == 1


def test_repairs_are_made_when_they_are_wanted(call, gates, monkeypatch):
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: "n")
    refused = call("audit", "run", *MINE, "--repair", "execution-stuck")
    assert refused.code == 130
    assert "closes the record as lost" in refused.err
    assert gates.governance.store.audits.runs() == []
    done = call("audit", "run", *MINE, "--repair", "execution-stuck", "--yes")
    assert "The record is closed as lost." in done.out
    assert [each["check"] for each in shown(call)["findings"]] == ["dataset-without-contract"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["run", "--zone", "nowhere"], "--zone: 'nowhere' is no zone"),
        (["run", "--check", "nonesuch"], "There is no check 'nonesuch'"),
        (["run", "--check", "small-files", "--repair", "x", "--yes"], "'x' repairs nothing"),
        (["run", "--wait", "soon"], "--wait: 'soon' is no duration"),
        (["explain", "nonesuch"], "There is no check 'nonesuch'"),
        (["show", "--check", "nonesuch"], "There is no check 'nonesuch'"),
        (["show", "nonesuch"], "'nonesuch' is the key of no finding"),
        (["show", "--after", "here"], "this is not where a page of the list begins"),
        (["acknowledge", "x", "--reason", "y", "--expires", "never"], "--expires: 'never' is no duration"),
        (["acknowledge", "x", "--reason", "y", "--expires", "99999999d"], "'99999999d' from now is no date"),
        (["run", "--html", "/no/such/folder/x.html"], "/no/such/folder/x.html cannot be written"),
    ],
)
def test_what_there_is_not_is_refused(call, gates, arguments, problem):
    answer = call("audit", *arguments)
    assert answer.code == 1
    assert problem in answer.err
    assert gates.governance.store.audits.runs() == []


def test_what_can_be_set_of_a_check_is_explained(call, home):
    (days, members) = json.loads(call("audit", "explain", "restricted-read", "--json").out)["settings"]
    assert (days["name"], days["default"], members["name"]) == ("days", 30, "members")
    for each in (days, members):
        assert each["meaning"], each["name"]
    assert "days: " in (told := call("audit", "explain", "restricted-read").out)
    assert "(default: 30)" in told
    assert json.loads(call("audit", "explain", "schema-drift", "--json").out)["settings"] == []


def test_what_is_said_about_checks_is_explained_too(call, home):
    assert "Mend what the message names" in call("audit", "explain", "check-failed").out
    assert json.loads(call("audit", "explain", "check-failed", "--json").out)["id"] == "check-failed"
    assert call("audit", "show", "--check", "check-failed").code == 0


def test_every_check_is_listed_and_explained(call, home):
    listed = json.loads(call("audit", "list", "--checks", "--json").out)
    assert {"small-files", "execution-stuck"} <= {each["id"] for each in listed}
    out = call("audit", "list", "--checks").out
    for each in listed:
        assert each["id"] in out
        assert json.loads(call("audit", "explain", each["id"], "--json").out)["remedy"] == each["remedy"]


def test_the_report_of_an_audit_is_a_file(call, gates, tmp_path):
    made, kept, early = (tmp_path / f"{name}.html" for name in ("made", "kept", "early"))
    refused = call("audit", "show", "--html", early)
    assert (refused.code, early.exists()) == (1, False)
    assert "No audit has finished yet" in refused.err
    assert call("audit", "run", *MINE, "--html", made).code == 0
    (run,) = json.loads(call("audit", "list", "--json").out)
    assert call("audit", "show", run["audit_id"][:10], "--html", kept).code == 0
    for file in (made, kept):
        html = file.read_text("utf-8")
        assert "clean.stray is in the lake and has no contract." in html
        assert run["audit_id"] in html
    assert "names no audit" in call("audit", "show", "zz", "--html", early).err
    assert "cannot be written" in call("audit", "show", "--html", tmp_path / "no" / "folder.html").err


def test_an_audit_that_did_not_finish_has_no_report(call, gates, tmp_path):
    call("audit", "run", *MINE)
    audits = gates.governance.store.audits
    (run,) = audits.runs()
    half = replace(run, audit_id="half", state=AuditState.RUNNING)
    audits.begin(half, Holder("elsewhere", 1), timedelta(minutes=2))
    refused = call("audit", "show", "half", "--html", tmp_path / "half.html")
    assert (refused.code, list(tmp_path.glob("*.html"))) == (1, [])
    assert "only one that finished has a report" in refused.err
    assert call("audit", "show", "--html", tmp_path / "last.html").code == 0
    assert run.audit_id in (tmp_path / "last.html").read_text("utf-8")
