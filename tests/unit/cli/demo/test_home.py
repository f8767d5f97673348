"""The demo's Airflow home."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import pytest

from airflow_gov.cli.demo.home import DemoHome, prepare_home
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.settings import Settings


def test_holds_the_example_dags_with_their_contracts_and_sql(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "home")
    assert (home.dags / "flights.py").is_file()
    assert (home.dags / "contracts" / "flights.odcs.yaml").is_file()
    assert (home.dags / "sql" / "clean_flights.sql").is_file()


def test_its_secrets_are_random_kept_and_nobody_elses(tmp_path: Path) -> None:
    first, other = prepare_home(tmp_path / "first"), prepare_home(tmp_path / "other")
    written = first.configuration.read_text()
    assert prepare_home(first.folder).configuration.read_text() == written
    assert stat.S_IMODE(first.configuration.stat().st_mode) == 0o600
    keys = []
    for home in (first, other):
        parser = configparser.ConfigParser()
        parser.read(home.configuration)
        keys.append(
            (parser["core"]["fernet_key"], parser["api"]["secret_key"], parser["api_auth"]["jwt_secret"])
        )
    assert not set(keys[0]) & set(keys[1])


def test_its_environment_reaches_no_other_airflow(tmp_path: Path) -> None:
    home = DemoHome(tmp_path)
    environment = home.environment(
        {
            "PATH": "/usr/bin",
            "AIRFLOW_HOME": "/srv/airflow",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://production",
            "AIRFLOW_CONN_AIRFLOW_GOV_DEFAULT": "postgresql://governance",
        }
    )
    assert {key: value for key, value in environment.items() if "AIRFLOW" in key} == {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "airflow_gov.lineage.transport.GovernanceTransport"}',
        "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
    }
    assert environment["PATH"] == "/usr/bin"
    assert environment["HOME"] == str(tmp_path)
    assert Settings.load(environment).home == tmp_path


@pytest.mark.parametrize("content", ["airflow.cfg", "thesis.tex"])
def test_a_folder_that_the_demo_did_not_make_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / content).write_text("[core]\n")
    with pytest.raises(GovernanceError) as refused:
        prepare_home(tmp_path)
    assert refused.value.reason is Reason.PARAMETER_INVALID
    assert [each.name for each in tmp_path.iterdir()] == [content]
    assert (tmp_path / content).read_text() == "[core]\n"


def test_a_file_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GovernanceError, match="is a file"):
        prepare_home(tmp_path / "file")
