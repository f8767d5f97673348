"""`airflow-gov lineage import`, `spool` and `dead-letters`: events come in, or it is said why not."""

from __future__ import annotations

import gzip
import io
import json
import sys
from typing import Any

import pytest

from airflow_gov.lineage.delivering import event_spool
from airflow_gov.model.lineage import Origin
from airflow_gov.settings import Settings
from airflow_gov.store import Store
from support import stores
from support.outside_events import bad_event, run_event


@pytest.fixture
def store(home):
    made = Store(stores.ready(home / "airflow_gov" / "governance.db"))
    yield made
    made.dispose()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "events.jsonl"


def lines(*events: Any) -> bytes:
    return b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in events)


def jobs(store: Store) -> list[str]:
    return [json.loads(event.body)["job"]["name"] for event in store.lineage.events(limit=10_000)]


def test_a_file_is_taken_in_once(call, file, store):
    file.write_bytes(lines(*(run_event(number) for number in range(1_200))))
    answer = call("lineage", "import", str(file), "--json")
    assert answer.code == 0
    assert json.loads(answer.out) == {"read": 1_200, "new": 1_200, "duplicates": 0, "refused": []}
    answer = call("lineage", "import", str(file))
    assert answer.code == 0
    assert answer.out == "Read 1,200 events: 0 new, 1,200 known before, 0 refused.\n"
    assert len(jobs(store)) == 1_200


def test_events_of_our_own_namespace_may_be_imported(call, file, store):
    file.write_bytes(lines(run_event(1, namespace="default")))
    assert call("lineage", "import", str(file)).code == 0
    assert jobs(store) == ["sales.load"]


def test_bad_lines_are_named_and_leave_the_others_alone(call, file, store):
    file.write_bytes(
        lines(
            run_event(1),
            b"\n",
            bad_event(2),
            b'{"eventTime": "2026\n',
            b"  \r\n",
            run_event(3),
            b'{"x": "' + b"x" * 10_000_000 + b'"}\n',
            b"\xff\n",
            b'{"a": "\x1b[31m"}\n',
            json.dumps(run_event(4)).encode(),
        )
    )
    answer = call("lineage", "import", str(file))
    assert answer.code == 1
    assert answer.err.splitlines() == [
        "line 3: $.job.name: is missing",
        "line 4: $: not JSON: Unterminated string starting at, line 1 column 15 (character 14)",
        "line 7: $: longer than 10,000,000 bytes",
        "line 8: $: not UTF-8: byte 0 is wrong",
        "line 9: $: not JSON: Invalid control character at, line 1 column 8 (character 7)",
    ]
    assert "Read 8 events: 3 new, 0 known before, 5 refused." in answer.out
    assert len(jobs(store)) == 3
    assert {letter.origin for letter in store.lineage.dead_letters(10)} == {Origin.IMPORT}
    refused = json.loads(call("lineage", "import", str(file), "--json").out)["refused"]
    assert refused[0] == {"line": 3, "path": "$.job.name", "reason": "is missing"}


def test_strictly_a_bad_line_keeps_everything_out(call, file, store):
    file.write_bytes(lines(run_event(1), bad_event(2)))
    answer = call("lineage", "import", str(file), "--strict")
    assert answer.code == 1
    assert "line 2: $.job.name" in answer.err
    assert answer.out == "Nothing was taken: 1 of 2 lines are bad.\n"
    assert jobs(store) == []
    assert store.lineage.dead_letters(10) == []
    file.write_bytes(lines(run_event(1), run_event(2)))
    assert call("lineage", "import", str(file), "--strict").code == 0
    assert len(jobs(store)) == 2


@pytest.mark.parametrize("strict", [[], ["--strict"]])
@pytest.mark.parametrize("packed", [False, True])
def test_the_standard_input_is_read(call, monkeypatch, store, strict, packed):
    content = lines(run_event(1), run_event(2))
    given = io.BufferedReader(_Pipe(gzip.compress(content) if packed else content))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
    assert call("lineage", "import", "-", *strict).code == 0
    assert len(jobs(store)) == 2


class _Pipe(io.BytesIO):
    """What cannot be read twice."""

    def seekable(self) -> bool:
        return False


def test_a_compressed_file_is_unpacked(call, tmp_path, store):
    for name in ("events.jsonl.gz", "called.otherwise"):
        (tmp_path / name).write_bytes(gzip.compress(lines(run_event(len(name)))))
        assert call("lineage", "import", str(tmp_path / name)).code == 0
    assert len(jobs(store)) == 2


def test_a_compressed_file_that_was_cut_is_named(call, file, store):
    file.write_bytes(gzip.compress(lines(*(run_event(number) for number in range(50))))[:-200])
    answer = call("lineage", "import", str(file))
    assert answer.code == 1
    assert f"{file} cannot be read on after line" in answer.err


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"")], ids=range(3))
def test_an_empty_file_holds_no_events(call, file, content):
    file.write_bytes(content)
    answer = call("lineage", "import", str(file), "--json")
    assert (answer.code, json.loads(answer.out)["read"]) == (0, 0)


def test_a_file_that_is_not_there_is_wrong_usage(call, tmp_path):
    assert call("lineage", "import", str(tmp_path / "none")).code == 2


def test_the_spool_is_shown_and_delivered(call, store):
    spool = event_spool(Settings.load())
    assert json.loads(call("lineage", "spool", "show", "--json").out)["events"] == 0
    for number in range(3):
        spool.put(json.dumps(run_event(number, namespace="default")).encode())
    shown = json.loads(call("lineage", "spool", "show", "--json").out)
    assert (shown["events"], shown["lost"], shown["limit"]) == (3, 0, 256_000_000)
    assert str(spool.folder) in call("lineage", "spool", "show").out
    assert json.loads(call("lineage", "spool", "deliver", "--json").out) == {"delivered": 3, "waiting": 0}
    assert call("lineage", "spool", "deliver").out == "Delivered 0 events; 0 wait.\n"
    assert len(jobs(store)) == 3


def test_a_spool_whose_store_is_down_keeps_its_events(call, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path}/file/store.db")
    spool = event_spool(Settings.load())
    spool.put(json.dumps(run_event(1)).encode())
    answer = call("lineage", "spool", "deliver")
    assert answer.code == 1
    assert "cannot be used" in answer.err
    assert spool.waiting().events == 1


def test_dead_letters_are_listed_and_shown(call, file):
    assert "No event was refused" in call("lineage", "dead-letters", "list").err
    file.write_bytes(lines(bad_event(1), b'{"personal": "\\u001b[31mana@example.com"}\n'))
    call("lineage", "import", str(file))
    listed = json.loads(call("lineage", "dead-letters", "list", "--json").out)
    assert [letter["path"] for letter in listed] == ["$", "$.job.name"]
    assert "ana@example.com" not in call("lineage", "dead-letters", "list").out
    shown = json.loads(call("lineage", "dead-letters", "show", str(listed[1]["id"]), "--json").out)
    assert json.loads(shown["body"]) == bad_event(1)
    text = call("lineage", "dead-letters", "show", str(listed[0]["id"])).out
    assert "ana@example.com" in text
    assert "\x1b" not in text


def test_a_dead_letter_that_there_is_none_of_is_said(call):
    answer = call("lineage", "dead-letters", "show", "7")
    assert answer.code == 1
    assert "There is no dead letter 7" in answer.err
