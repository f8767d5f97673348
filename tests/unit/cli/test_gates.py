"""`airflow-gov gates`: what waits for a steward, and what a steward says."""

from __future__ import annotations

import getpass
import json
import socket
from datetime import UTC, datetime, timedelta

import pytest

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.loads import LoadState
from airflow_gov.model.verdicts import ReviewState
from support.gates import FLIGHTS, STEWARD, Gates, delays

AS = ("--as", STEWARD)


@pytest.fixture
def gates(home):
    made = Gates(home)
    made.clock.now = datetime.now(UTC) - timedelta(minutes=1)
    yield made
    made.close()


@pytest.fixture
def refused(gates):
    """A candidate that its gate refused."""
    load = gates.load(delays(1, -2))
    with pytest.raises(GovernanceError):
        gates.gate(load)
    return load


def listed(call, *arguments):
    return json.loads(call("gates", "list", "--json", *arguments).out)


def test_where_nothing_waits_that_is_said(call, gates):
    answer = call("gates", "list")
    assert (answer.code, answer.out) == (0, "")
    assert "Nothing waits." in answer.err


def test_list_shows_candidates_reviews_and_waivers(call, gates, refused):
    gates.load(delays(9, first=9))
    review = gates.reviewed(delays(-3, first=3))
    call("gates", "waive", "clean.flights", "--reason", "known gap", "--expires", "2d", *AS)
    found = listed(call)
    assert sorted(each["stand"] for each in found["candidates"]) == ["waiting", "waived"]
    assert [(each["stand"], each["review_id"]) for each in found["reviews"]] == [("review", review.review_id)]
    assert [each["reason"] for each in found["waivers"]] == ["known gap"]
    out = call("gates", "list").out
    for fact in (
        "clean.flights",
        "no negative delays",
        refused.load_id,
        review.review_id,
        STEWARD,
        "known gap",
    ):
        assert fact in out
    assert "secret" not in out


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        (("--state", "failed"), (1, 0, 0)),
        (("--state", "review"), (0, 1, 0)),
        (("--state", "waiting"), (0, 0, 0)),
        (("--state", "overdue"), (0, 0, 0)),
        (("--dataset", "clean.flights"), (1, 1, 0)),
        (("--dataset", "gold.nothing"), (0, 0, 0)),
    ],
)
def test_list_chooses(call, gates, refused, arguments, counts):
    gates.reviewed(delays(-3, first=3))
    found = listed(call, *arguments)
    assert (len(found["candidates"]), len(found["reviews"]), len(found["waivers"])) == counts


def test_a_load_that_ran_again_waits_again(call, gates):
    load = gates.load(delays(-1), key="daily")
    with pytest.raises(GovernanceError):
        gates.gate(load)
    gates.load(delays(-1), key="daily")
    assert [each["stand"] for each in listed(call)["candidates"]] == ["waiting"]


def test_show_tells_a_verdict_rule_by_rule(call, gates, refused):
    answer = call("gates", "show", "clean.flights")
    assert answer.code == 0
    for fact in (
        "no negative delays",
        "failed",
        "refused",
        refused.load_id,
        "Keys of rows that break",
        "1 of 2",
    ):
        assert fact in answer.out
    assert "secret" not in answer.out
    shown = json.loads(call("gates", "show", "clean.flights", "--json").out)
    assert (shown["verdict"]["passed"], shown["decision"]["ruling"]) == (False, "refused")
    verdict_id = shown["verdict"]["verdict_id"]
    assert json.loads(call("gates", "show", verdict_id, "--json").out) == shown


def test_waive_lets_the_gate_publish(call, gates, refused):
    answer = call(
        "gates", "waive", "clean.flights", "--reason", "the airport confirmed it", "--expires", "36h", *AS
    )
    assert answer.code == 0, answer.err
    assert "no negative delays" in answer.out
    (waiver,) = gates.governance.store.waivers.list()
    assert waiver.granted_by == f"cli: {getpass.getuser()} on {socket.gethostname()}"
    assert timedelta(hours=35, minutes=59) < waiver.expires_at - waiver.granted_at <= timedelta(hours=36)
    gates.clock.now = datetime.now(UTC)
    gates.gate(refused)
    assert gates.flights == [1, 2]
    shown = call("gates", "show", "clean.flights").out
    assert "waived" in shown
    assert "the airport confirmed it" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--expires", "2d"), 1, "is no steward of clean.flights"),
        (("--expires", "2d", *AS, "--rule", "unheard of"), 1, "what blocks is"),
        (("--expires", "2d", *AS, "--verdict", "unheard"), 1, "no verdict 'unheard'"),
        (("--expires", "tomorrow", *AS), 2, "--expires"),
        (("--expires", "9999999d", *AS), 2, "at most 366d"),
        (AS, 2, "--expires"),
    ],
)
def test_a_waiver_that_cannot_be_granted(call, gates, refused, arguments, code, said):
    answer = call("gates", "waive", "clean.flights", "--reason", "why not", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert gates.governance.store.waivers.list() == []
    assert gates.now(refused).state is LoadState.CANDIDATE


def test_confirm(call, gates):
    review = gates.reviewed(delays(-1))
    answer = call("gates", "review", "clean.flights", "--confirm", "--reason", "compared", *AS)
    assert answer.code == 0, answer.err
    assert "version 1 is confirmed" in answer.out
    assert gates.governance.store.reviews.get(review.review_id).state is ReviewState.CONFIRMED


def test_reject_by_id_takes_it_back(call, gates):
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    answer = call("gates", "review", review.review_id, "--reject", "--reason", "wrong sign", *AS, "--json")
    assert json.loads(answer.out)["state"] == "rejected"
    assert gates.flights == [1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("clean.flights", "--confirm"), 1, "is no steward"),
        (("clean.flights", *AS), 2, "--confirm or --reject"),
        (("gold.nothing", "--confirm", *AS), 1, "gold.nothing has no open review"),
        (("unheard", "--confirm", *AS), 1, "no review 'unheard'"),
    ],
)
def test_a_review_that_cannot_be_decided(call, gates, arguments, code, said):
    gates.reviewed(delays(-1))
    answer = call("gates", "review", *arguments, "--reason", "why not")
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert gates.flights == [1]


def test_of_several_reviews_one_must_be_named(call, gates):
    reviews = [gates.reviewed(delays(-number, first=number)) for number in (1, 2)]
    answer = call("gates", "review", "clean.flights", "--confirm", "--reason", "compared", *AS)
    assert answer.code == 1
    assert all(review.review_id in answer.err for review in reviews)


def test_overdue_shows_and_takes_back(call, gates):
    gates.clock.move(days=-3)
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    assert [each["review_id"] for each in json.loads(call("gates", "overdue", "--json").out)] == [
        review.review_id
    ]
    assert listed(call, "--state", "overdue")["reviews"][0]["stand"] == "overdue"
    assert gates.flights == [1, 2]
    answer = call("gates", "overdue", "--roll-back")
    assert answer.code == 0
    assert review.review_id in answer.out
    assert gates.flights == [1]
    assert "Nothing is overdue." in call("gates", "overdue").err


def test_report_writes_the_page(call, gates, refused, tmp_path):
    (verdict,) = gates.governance.store.verdicts.list(FLIGHTS)
    target = tmp_path / "report.html"
    assert call("gates", "report", verdict.verdict_id, "--output", str(target)).code == 0
    assert "no negative delays" in target.read_text()
    assert "no negative delays" in call("gates", "report", verdict.verdict_id, "--output", "-").out


@pytest.mark.parametrize("target", ["report.html", "no/such/folder.html"])
def test_a_report_that_cannot_be_written(call, gates, refused, tmp_path, target):
    (verdict,) = gates.governance.store.verdicts.list(FLIGHTS)
    named = "unheard" if target == "report.html" else verdict.verdict_id
    assert call("gates", "report", named, "--output", str(tmp_path / target)).code == 1
    assert not (tmp_path / target).exists()


def test_what_was_never_checked_has_nothing_to_show(call, gates):
    assert "never checked" in call("gates", "show", "clean.flights").err
    assert "no verdict 'x'" in call("gates", "show", "x").err


@pytest.mark.parametrize("command", ["list", "show", "waive", "review", "overdue", "report"])
def test_every_command_has_help_with_an_example(call, command):
    answer = call("gates", command, "--help")
    assert answer.code == 0
    assert f"airflow-gov gates {command}" in answer.out
