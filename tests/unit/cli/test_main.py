"""How the command starts and how it ends."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import airflow_gov
from airflow_gov.cli.main import COMMANDS, cli

PROGRAM = [sys.executable, "-m", "airflow_gov.cli"]


def program(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


def test_every_command_can_be_called_and_its_help_line_is_its_own() -> None:
    context = cli.make_context("airflow-gov", ["--help"], resilient_parsing=True)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str()


def test_version(call) -> None:
    assert call("--version").out.strip().endswith(airflow_gov.__version__)


def test_help_shows_examples(call) -> None:
    answer = call("--help")
    assert answer.code == 0
    assert "airflow-gov executions list --status failed" in answer.out


@pytest.mark.parametrize(
    "arguments", [("nothing",), ("zones", "--bogus"), ("executions", "list", "--since", "x")]
)
def test_wrong_usage_is_exit_code_2(call, arguments) -> None:
    answer = call(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert "Error" in answer.err


def test_a_refusal_is_one_line_on_standard_error_and_exit_code_1(call) -> None:
    answer = call("datasets", "show", "gold.nothing")
    assert answer.code == 1
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert "gold.nothing" in answer.err


def test_settings_that_are_wrong_are_refused_with_the_option(call, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__THREADS", "many")
    answer = call("zones")
    assert answer.code == 1
    assert "AIRFLOW__AIRFLOW_GOV__THREADS" in answer.err


def test_a_connection_that_airflow_does_not_have(home: Path) -> None:
    answer = program("--conn-id", "no_such_store", "zones")
    assert answer.returncode == 1, answer.stderr
    assert "no_such_store" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_connection_from_the_environment_by_way_of_airflow(home: Path, history) -> None:
    elsewhere = home / "elsewhere.db"
    (home / "airflow_gov" / "governance.db").rename(elsewhere)
    connection = {
        "conn_type": "airflow_gov",
        "schema": str(elsewhere),
        "extra": {"drivername": "sqlite"},
    }
    environment = {**os.environ, "AIRFLOW_CONN_OTHER_STORE": json.dumps(connection)}
    answer = program("--conn-id", "other_store", "datasets", "list", env=environment)
    assert answer.returncode == 0, answer.stderr
    assert "gold.sales" in answer.stdout


def children_seconds() -> float:
    """Processor time, which other work on this machine does not lengthen as it does wall time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


READ_COMMANDS = [
    ("zones",),
    ("datasets", "list"),
    ("datasets", "show", "gold.sales_per_region_and_calendar_quarter_restated"),
    ("datasets", "versions", "gold.sales_per_region_and_calendar_quarter_restated"),
    ("executions", "list"),
    ("executions", "show", "01a1fbb4-74cd-781a-8361-aca085928001"),
    ("gates", "list", "--json"),
    ("gates", "show", "gold.sales_per_region_and_calendar_quarter_restated"),
]


@pytest.mark.parametrize("arguments", READ_COMMANDS, ids=" ".join)
def test_read_commands_start_before_airflow_would_be_there_and_import_nothing_heavy(
    history, arguments, importing_airflow
) -> None:
    script = (
        "import sys\n"
        "from airflow_gov.cli.main import run\n"
        f"code = run({list(arguments)!r})\n"
        "heavy = {'airflow', 'alembic', 'duckdb', 'numpy', 'pandas', 'pyarrow', 'pydantic', 'pyiceberg'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    before = children_seconds()
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    seconds = children_seconds() - before
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.strip() == "[]"
    assert seconds < importing_airflow


@pytest.fixture(scope="module")
def importing_airflow() -> float:
    """Seconds of a processor that the import of Airflow alone takes."""
    before = children_seconds()
    subprocess.run([sys.executable, "-c", "import airflow.models"], check=True, timeout=120)
    return children_seconds() - before


def test_a_reader_that_has_seen_enough_is_no_error(history) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "executions", "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, complaints = process.communicate(timeout=120)
    assert complaints == b""


def test_ctrl_c_is_quiet(home: Path) -> None:
    # A pipe that nobody writes to: the question waits for its answer.
    waiting, _ = os.pipe()
    script = (
        "import click, sys\n"
        "def wait(): click.confirm('Go on?', abort=True, err=True)\n"
        "from airflow_gov.cli.main import cli, run\n"
        "cli.add_command(click.Command('wait', callback=wait))\n"
        "cli.get_command = lambda ctx, name: cli.commands[name]\n"
        "print('ready', flush=True)\n"
        "sys.exit(run(['wait']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=waiting,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in complaints
