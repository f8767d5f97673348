"""`airflow-gov tokens`: made, listed, revoked, and written into the log."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from airflow_gov.lineage.tokens import check_token, create_token
from airflow_gov.model.errors import GovernanceError
from airflow_gov.store import Store
from support import stores

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(home):
    made = Store(stores.ready(home / "airflow_gov" / "governance.db"))
    yield made
    made.dispose()


def create(store, name="spark", namespaces=("spark-prod",), expires_in=timedelta(days=90), **changes):
    arguments = {"own_namespace": "default", "actor": "ana", "at": NOW, **changes}
    return create_token(store, name, namespaces, expires_in=expires_in, **arguments)


def test_a_token_is_shown_once_and_its_secret_is_kept_nowhere(call, home, store):
    answer = call("tokens", "create", "spark nightly", "--namespace", "spark", "--expires", "90d", "--json")
    assert answer.code == 0
    told = json.loads(answer.out)
    assert re.fullmatch(r"agov_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", told["token"])
    assert (told["name"], told["namespaces"], told["state"]) == ("spark nightly", ["spark"], "valid")
    assert check_token(store, told["token"], at=datetime.now(UTC)) is not None
    secret = told["token"].split("_", 2)[2]
    assert not any(secret.encode() in file.read_bytes() for file in home.rglob("*") if file.is_file())
    listed = call("tokens", "list", "--json")
    assert secret not in listed.out
    assert [token["id"] for token in json.loads(listed.out)] == [told["id"]]


def test_people_get_the_token_on_its_own_line(call):
    answer = call("tokens", "create", "dbt", "--namespace", "dbt/*", "--expires", "1y")
    assert re.search(r"^token\s+agov_\S+$", answer.out, re.MULTILINE)
    assert "cannot be shown again" in answer.err


def test_making_and_revoking_is_in_the_log(call, store):
    told = json.loads(call("tokens", "create", "dbt", "--namespace", "dbt", "--expires", "1d", "--json").out)
    assert call("tokens", "revoke", "dbt").code == 0
    assert call("tokens", "revoke", told["id"]).code == 0
    entries = store.log.list(subject=told["id"])
    assert [entry.action for entry in entries] == ["token.revoked", "token.created"]
    assert entries[1].details["namespaces"] == ["dbt"]
    assert told["token"] not in str(entries)
    assert check_token(store, told["token"], at=datetime.now(UTC)) is None
    assert "revoked" in call("tokens", "list").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("x", "--namespace", "spark", "--expires", "367d"), "366 days"),
        (("x", "--namespace", "spark", "--expires", "forever"), "no duration"),
        (("x", "--namespace", "a*b", "--expires", "1d"), "at the end"),
        (("x", "--namespace", "", "--expires", "1d"), "1 to 600"),
        (("x", "--namespace", "default", "--expires", "1d"), "this Airflow's own"),
        ((" ", "--namespace", "spark", "--expires", "1d"), "1 to 200"),
        (("x\x1b[31m", "--namespace", "spark", "--expires", "1d"), "printable"),
        (("x", "--expires", "1d"), "--namespace"),
        (("x", "--namespace", "spark"), "--expires"),
    ],
)
def test_what_is_not_allowed_is_refused(call, store, arguments, says):
    answer = call("tokens", "create", *arguments)
    assert answer.code != 0
    assert says in answer.err
    assert store.tokens.list() == []


def test_an_unknown_token_cannot_be_revoked(call):
    answer = call("tokens", "revoke", "nobody")
    assert answer.code == 1
    assert "There is no token" in answer.err


def test_a_name_of_several_tokens_is_not_enough(call, store):
    ids = {create(store)[0].token_id for _ in range(2)}
    answer = call("tokens", "revoke", "spark")
    assert answer.code == 1
    assert all(token_id in answer.err for token_id in ids)


def test_no_tokens_is_said(call):
    assert "No tokens yet" in call("tokens", "list").err


def test_a_token_holds_until_it_expires(store):
    token, text = create(store, expires_in=timedelta(hours=1))
    assert check_token(store, text, at=NOW + timedelta(minutes=59)) == token
    assert check_token(store, text, at=NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.upper(),
        lambda text: text.replace("agov_", "bgov_"),
        lambda text: f"agov_{'0' * 12}_{text.split('_', 2)[2]}",
        lambda text: text + "\n",
        lambda text: "agov_\udc80",
    ],
)
def test_no_other_text_is_the_token(store, changed):
    _, text = create(store)
    assert check_token(store, text, at=NOW) is not None
    assert check_token(store, changed(text), at=NOW) is None


def test_tokens_need_a_namespace_and_a_time(store):
    for changes in ({"namespaces": ()}, {"expires_in": timedelta(0)}, {"expires_in": timedelta(days=-1)}):
        with pytest.raises(GovernanceError):
            create(store, **changes)
