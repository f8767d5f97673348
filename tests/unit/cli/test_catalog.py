"""`airflow-gov catalog`: search, show, gaps, propose."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from airflow_gov.contracts import parse_contract
from airflow_gov.model.classification import Agreement, Classification, Evidence, Proposal
from airflow_gov.model.execution import ColumnInfo, DataRef, Role
from support import records

from .conftest import CONTRACT, ORDERS, SALES, execution, version

NAME = str(SALES)


@pytest.fixture
def read_once(history):
    """A task has read the gold dataset."""
    source = DataRef(Role.SOURCE, NAME, 1, 2, columns=(ColumnInfo("region", "string"),))
    history.executions.finish(execution(7, data=(source,)))
    history.dispose()


def test_search_finds_by_the_beginnings_of_words(call, history) -> None:
    answer = call("catalog", "search", "restat", "quar")
    assert answer.code == 0
    line = next(line for line in answer.out.splitlines() if NAME in line)
    assert "Sales per region." in line
    for words in (["where"], ["buyer"], ["tomasz"], ["pii:na"]):
        assert NAME in call("catalog", "search", *words).out, words
    nothing = call("catalog", "search", "ales_per")
    assert (nothing.code, nothing.out) == (0, "")
    assert "Nothing is found" in nothing.err


def test_search_narrows_and_pages(call, history) -> None:
    found = json.loads(call("catalog", "search", "--zone", "gold", "--tag", "pii:name", "--json").out)
    assert [each["dataset"] for each in found["entries"]] == [NAME]
    assert json.loads(call("catalog", "search", "--verdict", "failed", "--json").out)["total"] == 0
    assert call("catalog", "search", "--zone", "silver").code == 2
    assert call("catalog", "search", "--after", "nonsense").code == 1


def test_show_says_what_is_known_and_who_reads_it(call, read_once) -> None:
    answer = call("catalog", "show", NAME)
    assert answer.code == 0
    told = (
        "Sales per region.",
        "ines@example.com",
        "1 time by 1 task",
        "2026-01-31 12:07:00Z",
        "meaning of buyer",
        "sales.gold_sales.load",
        "2.0 kB in 1 file",
        "passed",
        "Where.",
    )
    for fact in told:
        assert fact in answer.out, fact
    found = json.loads(call("catalog", "show", NAME, "--json").out)
    assert (found["usage"]["reads"], found["entry"]["rows"], found["undescribed"]) == (1, 3_000, ["buyer"])


def test_show_names_whom_and_what_it_lacks(call, history) -> None:
    history.versions.record(replace(version(1), dataset=ORDERS))
    lines = call("catalog", "show", str(ORDERS)).out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("lacks"))
    told = [line.removeprefix("lacks").strip() for line in lines[first : first + 2]]
    assert told == ["description", "owner"]


def test_show_tells_what_a_scan_saw_and_the_contract_does_not_say(call, history) -> None:
    assert "What a scan saw" not in call("catalog", "show", NAME).out
    contract_hash = history.contracts.latest(SALES)[0]
    seen = Proposal("region", "pii:address", 0.66, Agreement.PROPOSED, Evidence(values=8, matching=6))
    history.classifications.put(Classification(SALES, 1, 1, contract_hash, 8, 8, 2, records.T0, (seen,)))
    answer = call("catalog", "show", NAME)
    assert "What a scan saw, and the contract does not say" in answer.out
    line = next(line for line in answer.out.splitlines() if "pii:address" in line)
    assert line.split()[:3] == ["region", "pii:address", "0.66"]
    assert "6 of 8 sampled values match" in line
    (told,) = json.loads(call("catalog", "show", NAME, "--json").out)["seen"]
    assert (told["column"], told["tag"]) == ("region", "pii:address")


def test_show_of_a_name_that_is_nearly_one(call, history) -> None:
    answer = call("catalog", "show", NAME[:-1])
    assert answer.code == 1
    assert f"Did you mean {NAME}?" in answer.err


def test_show_of_a_dataset_whose_contract_cannot_be_read(call, history) -> None:
    contract = replace(parse_contract(CONTRACT, SALES), text="{", hash="broken")
    history.contracts.put(contract)
    answer = call("catalog", "show", NAME)
    assert answer.code == 0
    assert "not valid YAML" in answer.out
    assert "3,000" in answer.out
    assert "cannot be read" in call("catalog", "propose", NAME, "--tag", "x").err


def test_gaps_by_kind(call, read_once, history) -> None:
    history.versions.record(replace(version(1), dataset=ORDERS))
    everything = json.loads(call("catalog", "gaps", "--unused-days", "36500", "--json").out)
    lacks = {each["dataset"]: each["gaps"] for each in everything["datasets"]}
    assert lacks == {str(ORDERS): ["undocumented", "unowned", "unread"], NAME: ["undocumented"]}
    unused = call("catalog", "gaps", "--kind", "unused", "--kind", "unowned", "--unused-days", "0").out
    assert "readers of late" in next(line for line in unused.splitlines() if NAME in line)
    nothing = call("catalog", "gaps", "--kind", "unowned", "--zone", "gold")
    assert (nothing.code, nothing.out) == (0, "")


def test_a_proposal_is_a_patch_on_standard_output(call, history, tmp_path) -> None:
    answer = call(
        "catalog", "propose", NAME, "--column", "buyer", "--description", "Who bought.", "--owner", "eva"
    )
    assert answer.code == 0
    file = tmp_path / "contract.odcs.yaml"
    file.write_text(CONTRACT)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=answer.out.encode(), check=True)
    assert file.read_text() == CONTRACT.replace("username: ines@example.com", "username: eva").replace(
        'tags: ["pii:name"]}', 'tags: ["pii:name"], description: Who bought.}'
    )
    assert json.loads(call("catalog", "propose", NAME, "--tag", "x", "--json").out)["dataset"] == NAME


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([NAME], "Nothing is proposed"),
        ([NAME, "--column", "byer", "--tag", "x"], "Did you mean buyer?"),
        (["clean.orders", "--tag", "x"], "There is no dataset clean.orders"),
        ([NAME, "--description", "x"], "name the column"),
    ],
)
def test_a_proposal_that_cannot_be_made_says_why(call, history, arguments, message) -> None:
    answer = call("catalog", "propose", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert message in answer.err
