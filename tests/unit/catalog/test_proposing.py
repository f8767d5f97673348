"""Proposals: patches that change one thing of a contract's file and leave its layout alone."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.catalog.patches import relative_path, unified
from airflow_gov.catalog.proposing import Kept, Proposal, propose
from airflow_gov.contracts import parse_contract, readable
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 3, 1)
FLIGHTS = DatasetName.parse("clean.flights")
AWKWARD = "A \"quoted\" word: 'it' # <b>&\\ 50 %\n- ü 東 🛫 {a: [1]} \x85\u2028 null"

BLOCK = """\
# Who wrote this, and why.
apiVersion: v3.1.0
kind: DataContract
id: flights   # stays
version: 1.0.0
status: active
team:
  name: Ops
  members:
    - username: ana@example.com
      role: owner
    # the steward
    - username: ben@example.com
      role: steward

schema:
  - name: flights
    physicalName: clean.flights   # the dataset
    properties:
      - name: carrier    # two letters
        logicalType: string
        required: true
        tags:
          - core
        quality:
          - {type: text, description: Looks right.}

      - {name: tail, logicalType: string, tags: [], description: "Old, \\u00fc"}
      - name: note
        logicalType: string
        description: |
          Long
            text

        # after it
      - name: gate
        logicalType: string
        description:
        classification: 'public'
  - name: other
    physicalName: clean.other
    description: Another.
    tags: [a, b]   # of the other
    properties:
      - {name: x, logicalType: string}
"""

JSON = """\
{
  "apiVersion": "v3.0.2",
  "kind": "DataContract",
  "id": "flights",
  "version": "1.0.0",
  "status": "active",
  "team": [
    {"username": "ana@example.com", "role": "owner"}
  ],
  "schema": [
    {
      "name": "flights",
      "physicalName": "clean.flights",
      "properties": [
        {
          "name": "carrier",
          "logicalType": "string"
        },
        {"name": "tail", "logicalType": "string", "tags": ["core"]},
        {"name": "note", "logicalType": "string", "description": "Old."},
        {"name": "gate", "logicalType": "string"}
      ]
    }
  ]
}
"""


def kept(text: str, path: str = "/opt/airflow/dags/contracts/ops/flights.odcs.yaml") -> Kept:
    return Kept("hash", text, path)


def patched(folder: Path, text: str, proposal: Proposal, *, tool: str = "git") -> str:
    """The file after the patch was applied, as its reader would do it."""
    patch = propose(kept(text), FLIGHTS, proposal, today=TODAY)
    file = folder / patch.path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    commands = {
        "git": ["git", "apply", "--whitespace=nowarn", "-"],
        "patch": ["patch", "-p1", "--binary", "-s"],
    }
    done = subprocess.run(
        commands[tool], cwd=folder, input=patch.text.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr, patch.text)
    return file.read_bytes().decode()


def changed(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    lines = unified(old, new, "f").split("\n")[2:]
    return [line[1:] for line in lines if line[:1] == "-"], [line[1:] for line in lines if line[:1] == "+"]


CASES: dict[str, tuple[Proposal, list[str], list[str]]] = {
    "a key that is missing goes before what is nested": (
        Proposal("carrier", description="The airline."),
        [],
        ["        description: The airline."],
    ),
    "a value in a line stays in it": (
        Proposal("tail", description="New, and: better"),
        ['      - {name: tail, logicalType: string, tags: [], description: "Old, \\u00fc"}'],
        ['      - {name: tail, logicalType: string, tags: [], description: "New, and: better"}'],
    ),
    "a block of text becomes a line": (
        Proposal("note", description="Short."),
        ["        description: |", "          Long", "            text"],
        ["        description: Short."],
    ),
    "a key without a value gets one": (
        Proposal("gate", description="Where."),
        ["        description:"],
        ["        description: Where."],
    ),
    "quotes stay as they are": (
        Proposal("gate", classification="internal"),
        ["        classification: 'public'"],
        ["        classification: 'internal'"],
    ),
    "a tag in a list of lines": (Proposal("carrier", tag="iata"), [], ["          - iata"]),
    "a tag in an empty list": (
        Proposal("tail", tag="pii:x"),
        ['      - {name: tail, logicalType: string, tags: [], description: "Old, \\u00fc"}'],
        ['      - {name: tail, logicalType: string, tags: ["pii:x"], description: "Old, \\u00fc"}'],
    ),
    "a first tag": (Proposal("gate", tag="iata"), [], ["        tags: [iata]"]),
    "a tag of the dataset": (Proposal(tag="core"), [], ["    tags: [core]"]),
    "what the dataset is": (
        Proposal(dataset_description="All flights."),
        [],
        ["    description: All flights."],
    ),
    "another owner": (
        Proposal(owner="eva@example.com"),
        ["    - username: ana@example.com"],
        ["    - username: eva@example.com"],
    ),
    "another steward": (
        Proposal(steward="eva"),
        [],
        ["      role: steward", "    - username: eva"],  # the last two of four lines
    ),
}


@pytest.mark.parametrize(
    ("case", "tool"), [*((case, "git") for case in CASES), *((case, "patch") for case in list(CASES)[:3])]
)
def test_one_thing_changes_and_the_rest_stays(tmp_path: Path, case: str, tool: str) -> None:
    proposal, gone, come = CASES[case]
    assert changed(BLOCK, patched(tmp_path, BLOCK, proposal, tool=tool)) == (gone, come)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_what_ends_lines_and_files_stays(tmp_path: Path, newline: str, end: str, start: str) -> None:
    text = start + BLOCK.rstrip("\n").replace("\n", newline) + end.replace("\n", newline)
    last = text.replace("logicalType: string}" + end.replace("\n", newline), "logicalType: string}")
    for proposal in (Proposal("carrier", tag="iata", description=AWKWARD), Proposal(steward="eva")):
        new = patched(tmp_path, text, proposal)
        assert new.replace("\r\n", "").count("\n") == (0 if newline == "\r\n" else new.count("\n"))
        assert new.startswith(start)
        assert new.endswith(newline) == bool(end), last


#: Each of them means something to YAML, to JSON, or to neither.
WORDS = (
    *(
        "yes",
        "~",
        "1e3",
        "2026-03-01",
        "- a",
        "a: b",
        "a #b",
        "[x",
        "'",
        "\\",
        "=",
        "<<",
        "0x1F",
        "a:",
        "? a",
    ),
    *("&a", "*a", "!a", "%a", "@a", "`a", "a\tb", "\u200bx", "x" * 2000, AWKWARD),
)


def test_whatever_is_written_is_read_again_letter_by_letter(tmp_path: Path) -> None:
    for text in (BLOCK, JSON):
        for word in WORDS:
            patch = propose(
                kept(text), FLIGHTS, Proposal("carrier", description=word, tag=word[:200]), today=TODAY
            )
            assert "\n+" in patch.text
        new = patched(tmp_path, text, Proposal("carrier", description=AWKWARD, owner=AWKWARD))
        contract = parse_contract(new, FLIGHTS)
        assert contract.columns[0].description == AWKWARD.strip()
        assert contract.owner == AWKWARD.strip()


JSON_CASES = [
    (Proposal("carrier", description="The airline."), '          "description": "The airline."'),
    (Proposal("tail", tag="x"), '        {"name": "tail", "logicalType": "string", "tags": ["core", "x"]},'),
    (Proposal("gate", tag="x"), '        {"name": "gate", "logicalType": "string", "tags": ["x"]}'),
    (Proposal(steward="eva"), '    {"username": "eva", "role": "steward"}'),
    (Proposal(owner="eva"), '    {"username": "eva", "role": "owner"}'),
]


@pytest.mark.parametrize(("proposal", "line"), JSON_CASES)
def test_a_contract_in_json_stays_json(tmp_path: Path, proposal: Proposal, line: str) -> None:
    import json

    new = patched(tmp_path, JSON, proposal)
    json.loads(new)
    assert line in new.split("\n")


def test_an_owner_of_whom_more_is_said_leaves_and_the_next_one_comes(tmp_path: Path) -> None:
    text = BLOCK.replace("      role: owner\n", "      role: owner\n      name: Ana\n")
    gone, come = changed(text, patched(tmp_path, text, Proposal(owner="eva")))
    assert gone == []
    assert come == [
        '      dateOut: "2026-03-01"',
        "      replacedByUsername: eva",
        "    - username: eva",
        "      role: owner",
    ]


def test_a_contract_without_a_team_gets_one(tmp_path: Path) -> None:
    start = BLOCK.index("team:")
    text = BLOCK[:start] + BLOCK[BLOCK.index("schema:") :]
    new = patched(tmp_path, text, Proposal(owner="eva"))
    assert changed(text, new)[1] == ["team: {members: [{username: eva, role: owner}]}"]
    assert parse_contract(new, FLIGHTS).owner == "eva"


def test_several_things_are_one_patch(tmp_path: Path) -> None:
    proposal = Proposal("carrier", "The airline.", "public", "iata", "All flights.", "eva", "kim")
    contract = parse_contract(patched(tmp_path, BLOCK, proposal), FLIGHTS)
    carrier = contract.columns[0]
    assert (carrier.description, carrier.classification, carrier.tags) == (
        "The airline.",
        "public",
        ("core", "iata"),
    )
    assert (contract.description, contract.owner) == ("All flights.", "eva")
    assert contract.stewards == ("ben@example.com", "kim")


def test_it_says_whose_owner_changes_too() -> None:
    patch = propose(kept(BLOCK), FLIGHTS, Proposal(owner="eva"), today=TODAY)
    assert list(map(str, patch.also)) == ["clean.other"]
    assert propose(kept(BLOCK), FLIGHTS, Proposal(tag="x"), today=TODAY).also == ()


def test_the_examples_can_be_described() -> None:
    for contract in readable(ROOT / "dags/contracts"):
        for column in contract.columns[-1:]:
            proposal = Proposal(column.name, description=f"{column.description} – told anew", steward="eva")
            about = Kept(contract.hash, contract.text, contract.path)
            patch = propose(about, contract.dataset, proposal, today=TODAY)
            assert patch.path.startswith("contracts/"), patch.path


NESTED = BLOCK.replace(
    "      - {name: tail,",
    """      - name: buyer
        logicalType: object
        properties:
          - name: email   # theirs
            logicalType: string
          - name: phones
            logicalType: array
            items:
              logicalType: object
              properties:
                - {name: number, logicalType: string}
      - {name: tail,""",
)
NESTED_CASES = {
    "buyer.email": ['            tags: ["pii:x"]'],
    "buyer.phones": ['            tags: ["pii:x"]'],
    "buyer.phones.number": ['                - {name: number, logicalType: string, tags: ["pii:x"]}'],
    "buyer": ['        tags: ["pii:x"]'],
}


@pytest.mark.parametrize("column", NESTED_CASES)
def test_a_field_inside_a_column_goes_by_its_path(tmp_path: Path, column: str) -> None:
    new = patched(tmp_path, NESTED, Proposal(column, tag="pii:x"))
    assert changed(NESTED, new)[1] == NESTED_CASES[column]
    field = parse_contract(new, FLIGHTS).find(column)
    assert field is not None
    assert field.tags == ("pii:x",)


ANCHORED = BLOCK.replace("      - {name: tail,", "      - &same {name: tail,").replace(
    "      - {name: x, logicalType: string}", "      - *same"
)

REFUSED: list[tuple[str, Proposal, Reason, str]] = [
    (BLOCK, Proposal(), Reason.PARAMETER_INVALID, "Nothing is proposed"),
    (BLOCK, Proposal("carrier"), Reason.PARAMETER_INVALID, "Nothing is proposed"),
    (BLOCK, Proposal(description="x"), Reason.PARAMETER_INVALID, "name the column"),
    (BLOCK, Proposal("carrier", description=" "), Reason.PARAMETER_INVALID, "1 to 2,000"),
    (BLOCK, Proposal("carrier", description="x" * 2001), Reason.PARAMETER_INVALID, "1 to 2,000"),
    (BLOCK, Proposal("carrier", tag="x" * 201), Reason.PARAMETER_INVALID, "tag: 1 to 200"),
    (BLOCK, Proposal(steward="x" * 201), Reason.PARAMETER_INVALID, "steward: 1 to 200"),
    (BLOCK, Proposal("carier", description="x"), Reason.COLUMN_UNKNOWN, "Did you mean carrier"),
    (BLOCK, Proposal("xyz", description="x"), Reason.COLUMN_UNKNOWN, "It has: carrier, tail, note, gate"),
    (NESTED, Proposal("buyer.mail", tag="x"), Reason.COLUMN_UNKNOWN, "Did you mean buyer.email"),
    (NESTED, Proposal("email", tag="x"), Reason.COLUMN_UNKNOWN, "buyer.email"),
    (NESTED, Proposal("buyer.email", classification="restricted"), Reason.CONTRACT_INVALID, "not belong"),
    (BLOCK, Proposal("carrier", tag="core"), Reason.PARAMETER_INVALID, "says so already"),
    (BLOCK, Proposal(steward="ben@example.com"), Reason.PARAMETER_INVALID, "says so already"),
    (BLOCK, Proposal(owner="ana@example.com"), Reason.PARAMETER_INVALID, "says so already"),
    (BLOCK, Proposal("carrier", classification="restricted"), Reason.CONTRACT_INVALID, "not belong in clean"),
    (BLOCK, Proposal("carrier", description="\udc80"), Reason.CONTRACT_INVALID, "by hand"),
    (BLOCK, Proposal("carrier", description="\udc80", tag="x"), Reason.CONTRACT_INVALID, "by hand"),
    (ANCHORED, Proposal("tail", description="x"), Reason.CONTRACT_INVALID, "by hand"),
    ("a: [", Proposal(tag="x"), Reason.CONTRACT_INVALID, "cannot be read"),
    ("- a", Proposal(tag="x"), Reason.CONTRACT_INVALID, "cannot be read"),
    ("schema: []", Proposal(tag="x"), Reason.CONTRACT_INVALID, "does not declare"),
]


@pytest.mark.parametrize(("text", "proposal", "reason", "message"), REFUSED)
def test_what_cannot_be_proposed_says_why(text: str, proposal: Any, reason: Reason, message: str) -> None:
    with pytest.raises(GovernanceError, match=message) as caught:
        propose(kept(text), FLIGHTS, proposal, today=TODAY)
    assert caught.value.reason is reason


PATHS = {
    "/opt/airflow/dags/contracts/ops/f.yaml": "contracts/ops/f.yaml",
    "/contracts/old/contracts/f.yaml": "contracts/f.yaml",
    "contracts/f.yaml": "contracts/f.yaml",
    "./a/f.yaml": "a/f.yaml",
    "/somewhere/else/f.yaml": "f.yaml",
    "../../etc/f.yaml": "f.yaml",
    "": "contract.odcs.yaml",
}


def test_the_path_is_that_in_the_bundle() -> None:
    assert {path: relative_path(path, "contracts") for path in PATHS} == PATHS
    assert relative_path("/x/data/contracts/f.yaml", "data/contracts") == "data/contracts/f.yaml"


@pytest.mark.parametrize(
    "name", ["with space.yaml", 'quo"te.yaml', "ümlaut.yaml", "tab\there.yaml", "back\\slash.yaml"]
)
def test_a_file_of_any_name_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a\n")
    patch = unified("a\n", "b\n", name)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True, capture_output=True)
    assert (tmp_path / name).read_text() == "b\n"
