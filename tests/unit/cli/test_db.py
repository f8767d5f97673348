from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from airflow_gov.cli.main import EXIT_INTERRUPTED, run
from airflow_gov.store import Store
from airflow_gov.store.schema import HEAD, REVISIONS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN", raising=False)
    monkeypatch.delenv("AIRFLOW_CONN_AIRFLOW_GOV_DEFAULT", raising=False)
    return tmp_path


def _status(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert run(["db", "status", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_from_nothing_to_ready(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _status(capsys) == {
        "store": f"sqlite:///{home}/airflow_gov/governance.db",
        "current": None,
        "head": HEAD,
        "ok": False,
    }
    assert not (home / "airflow_gov").exists()
    assert run(["db", "upgrade"]) == 0
    assert capsys.readouterr().out == ""
    assert _status(capsys)["ok"] is True
    assert run(["db", "check"]) == 0


def test_status_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "status"]) == 0
    assert "no tables yet" in capsys.readouterr().out


def test_check_fails_with_the_command_to_run(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "upgrade", "--revision", REVISIONS[0]]) == 0
    assert run(["db", "check"]) == 1
    assert "airflow-gov db upgrade" in capsys.readouterr().err


def test_downgrade_asks_first(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["db", "upgrade"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run(["db", "downgrade", REVISIONS[0]]) == EXIT_INTERRUPTED
    assert _status(capsys)["current"] == HEAD
    assert run(["db", "downgrade", REVISIONS[0], "--yes"]) == 0
    assert _status(capsys)["current"] == REVISIONS[0]


def test_a_revision_that_is_none_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "upgrade", "--revision", "9999"]) == 1
    assert "no revision '9999'" in capsys.readouterr().err


def test_a_store_that_is_down_is_told_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN", "postgresql://ana:hunter2@127.0.0.1:1/gov")
    for command in ("check", "status", "upgrade"):
        assert run(["db", command]) == 1
    shown = capsys.readouterr()
    assert "postgresql://127.0.0.1:1/gov" in shown.err
    assert "hunter2" not in shown.err + shown.out


@pytest.mark.parametrize("command", [[], ["upgrade"], ["downgrade"], ["check"], ["status"]])
def test_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", *command, "--help"]) == 0
    assert "Example" in capsys.readouterr().out


def test_what_the_commands_made_is_a_store(home: Path) -> None:
    assert run(["db", "upgrade"]) == 0
    assert Store(f"sqlite:///{home}/airflow_gov/governance.db").versions.summaries() == []
