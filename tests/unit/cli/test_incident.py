"""`airflow-gov incident`: one page for those who answer a breach."""

from __future__ import annotations

import io
import json

import pytest

from airflow_gov.store import Store
from support import lineage_graphs as shops
from support import stores


@pytest.fixture
def shop(home):
    store = Store(stores.ready(home / "airflow_gov" / "governance.db"))
    shops.fill(store)
    store.dispose()


def test_it_has_help_with_examples(call):
    out = call("incident", "--help").out
    assert "airflow-gov incident --tag pii:email" in out


def test_a_person_reads_where_it_lives_and_whom_to_call(call, shop):
    answer = call("incident", "--column", "mail")
    assert answer.code == 0, answer.err
    for told in ("Whom to call", "olga@example.com", "sensitive.customers_identity", "masked", "Who read it"):
        assert told in answer.out


def test_machines_read_the_same(call, shop):
    told = json.loads(call("incident", "--tag", "pii", "--since", "2026-03-01", "--json").out)
    assert {home["dataset"] for home in told["homes"]} > {"preprocessed.customers", "clean.customers"}
    assert told["contacts"][0]["name"] == "olga@example.com"


def test_the_page_goes_into_a_file(call, shop, tmp_path):
    file = tmp_path / "breach.html"
    answer = call("incident", "--dataset", "clean.customers", "--html", str(file))
    assert answer.code == 0, answer.err
    assert "<h1>Incident: clean.customers</h1>" in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one of a dataset, a column, a tag"),
        (["--tag", "pii", "--column", "mail"], "one of a dataset, a column, a tag"),
        (["--dataset", "clean.customer"], "Did you mean clean.customers"),
        (["--subject-key", "secret-7"], "COLUMN=VALUE"),
        (["--tag", "pii", "--html", "/nowhere/at/all.html"], "is not there"),
        (["--tag", "pii", "--since", "yesterday"], "is no time"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(call, shop, arguments, said):
    answer = call("incident", *arguments)
    assert answer.code != 0
    assert said in answer.err
    assert "secret" not in answer.err


def test_the_key_of_a_person_may_come_from_standard_input(call, shop, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("secret-7\n"))
    answer = call("incident", "--subject-key", "preprocessed.customers.mail=-", "--json")
    assert answer.code == 0, answer.err
    subjects = {home["dataset"]: home["subject"] for home in json.loads(answer.out)["homes"]}
    assert subjects["preprocessed.customers"]["why"] == "the dataset has no table"
    assert "secret" not in answer.out + answer.err
