"""Settings: where a value comes from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.settings import STORE_CONNECTION_VARIABLE, Settings, options, size_in_bytes


def load(home: Path, file: str | None = None, **options_by_name: str) -> Settings:
    if file is not None:
        (home / "airflow.cfg").write_text(file, encoding="utf-8")
    return Settings.load({options()[name].variable: text for name, text in options_by_name.items()}, home)


def refused(home: Path, file: str | None = None, **options_by_name: str) -> str:
    with pytest.raises(GovernanceError) as caught:
        load(home, file, **options_by_name)
    assert caught.value.reason is Reason.CONFIGURATION_INVALID
    return str(caught.value)


def test_an_empty_home_has_everything_below_itself(tmp_path: Path) -> None:
    settings = Settings.load({"AIRFLOW_HOME": str(tmp_path)})
    folder = tmp_path / "airflow_gov"
    assert settings.home == tmp_path
    assert settings.sql_alchemy_conn == f"sqlite:///{folder}/governance.db"
    assert settings.catalog_properties == {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db"}
    assert settings.warehouse == f"{folder}/lake"
    assert settings.spool_folder == folder / "spool"
    assert settings.aws_conn_id is None
    assert settings.temp_folder is None
    assert settings.target_file_bytes == 128_000_000


def test_a_relative_home_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load({"AIRFLOW_HOME": "home"}).warehouse == f"{tmp_path}/home/airflow_gov/lake"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = "[airflow_gov]\nthreads = 3\nmemory_limit = 2GiB\n"
    settings = load(tmp_path, file, threads="5")
    assert (settings.threads, settings.memory_limit, settings.contracts_folder) == (5, "2GiB", "contracts")


def test_the_file_may_lie_elsewhere(tmp_path: Path) -> None:
    other = tmp_path / "other.cfg"
    other.write_text("[airflow_gov]\nthreads = 7\n")
    assert Settings.load({"AIRFLOW_CONFIG": str(other)}, tmp_path).threads == 7


def test_percent_signs_and_variables_are_read_as_airflow_reads_them(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text(
        "[airflow_gov]\nsql_alchemy_conn = postgresql://u:a%%40b@$DB_HOST/${DB_NAME}\n"
    )
    settings = Settings.load({"DB_HOST": "db", "DB_NAME": "gov"}, tmp_path)
    assert settings.sql_alchemy_conn == "postgresql+psycopg2://u:a%40b@db/gov"


def test_a_variable_that_is_not_set_stays_as_written(tmp_path: Path) -> None:
    assert load(tmp_path, catalog_name="lake_$NOWHERE").catalog_name == "lake_$NOWHERE"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgresql://h/d", "postgresql+psycopg2://h/d"),
        ("postgres://h/d", "postgresql+psycopg2://h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////var/gov.db", "sqlite:////var/gov.db"),
    ],
)
def test_the_installed_driver_is_chosen_where_none_is_named(tmp_path: Path, written: str, read: str) -> None:
    assert load(tmp_path, sql_alchemy_conn=written).sql_alchemy_conn == read


def test_the_connection_in_the_environment_wins(tmp_path: Path) -> None:
    environ = {
        STORE_CONNECTION_VARIABLE: "airflow-gov://ada:s%40fe@db:5433/gov?sslmode=require",
        options()["sql_alchemy_conn"].variable: "sqlite:////var/gov.db",
    }
    expected = "postgresql+psycopg2://ada:s%40fe@db:5433/gov?sslmode=require"
    assert Settings.load(environ, tmp_path).sql_alchemy_conn == expected


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("/data/lake/", "/data/lake"),
        ("file:///data/lake", "/data/lake"),
        ("s3://bucket/prefix/", "s3://bucket/prefix"),
    ],
)
def test_the_warehouse_is_a_folder_or_a_bucket(tmp_path: Path, written: str, read: str) -> None:
    assert load(tmp_path, warehouse=written).warehouse == read


def test_catalogue_properties_become_text(tmp_path: Path) -> None:
    written = json.dumps({"type": "rest", "uri": "https://c", "header.n": 3, "s3.anonymous": True})
    expected = {"type": "rest", "uri": "https://c", "header.n": "3", "s3.anonymous": "true"}
    assert load(tmp_path, catalog_properties=written).catalog_properties == expected


def test_zones_have_other_words(tmp_path: Path) -> None:
    assert load(tmp_path, zone_aliases='{"landing": "raw"}').zone_aliases == {"landing": "raw"}


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("threads", "many", "a whole number from 0"),
        ("threads", "-1", "a whole number from 0"),
        ("threads", "²", "a whole number from 0"),
        ("load_lease_seconds", "1", "a whole number from 10"),
        ("memory_limit", "lots", "a size greater than zero"),
        ("memory_limit", "0MB", "a size greater than zero"),
        ("memory_limit", "640", "a size greater than zero"),
        ("target_file_size", "", "a size greater than zero"),
        ("warehouse", "lake", "an absolute path"),
        ("warehouse", "gs://bucket", "s3://bucket/prefix"),
        ("warehouse", "s3:///prefix", "s3://bucket"),
        ("spool_folder", "spool", "an absolute path"),
        ("temp_folder", "tmp", "an absolute path"),
        ("catalog_name", "", "not empty"),
        ("contracts_folder", " ", "not empty"),
        ("zone_aliases", "landing=raw", "a JSON object"),
        ("zone_aliases", '["raw"]', "a JSON object"),
        ("zone_aliases", '{"landing": "bronze"}', "values are among raw, preprocessed"),
        ("zone_aliases", '{"raw": "gold"}', "lower-case words other than raw"),
        ("zone_aliases", '{"Landing": "raw"}', "lower-case words"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(
    tmp_path: Path, option: str, value: str, allowed: str
) -> None:
    message = refused(tmp_path, **{option: value})
    assert options()[option].variable in message
    assert repr(value) in message
    assert allowed in message


def test_a_bad_value_in_the_file_is_named_by_file_section_and_key(tmp_path: Path) -> None:
    message = refused(tmp_path, "[airflow_gov]\nthreads = x\n")
    assert f"{tmp_path}/airflow.cfg [airflow_gov] threads: 'x'" in message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sql_alchemy_conn", "mysql://u:hunter2@h/d"),
        ("sql_alchemy_conn", "hunter2"),
        ("sql_alchemy_conn", "sqlite:///hunter2.db"),
        ("catalog_properties", '{"s3.secret-access-key": "hunter2"'),
        ("catalog_properties", '{"s3": {"secret": "hunter2"}}'),
    ],
)
def test_a_value_that_may_hold_a_secret_is_not_shown(tmp_path: Path, option: str, value: str) -> None:
    message = refused(tmp_path, **{option: value})
    assert options()[option].variable in message
    assert "hunter2" not in message


def test_a_mistyped_option_is_refused_and_the_right_one_offered(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match="Did you mean warehouse"):
        Settings.load({"AIRFLOW__AIRFLOW_GOV__WAREHOSUE": "s3://b"}, tmp_path)
    assert "There are: sql_alchemy_conn," in refused(tmp_path, "[airflow_gov]\nzzz = 1\n")


@pytest.mark.parametrize("suffix", ["_CMD", "_SECRET"])
def test_commands_and_backends_are_sent_to_the_connection(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(GovernanceError, match="connection airflow_gov_default"):
        Settings.load({f"AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN{suffix}": "cat secret"}, tmp_path)


def test_an_unreadable_file_is_refused_without_quoting_it(tmp_path: Path) -> None:
    message = refused(tmp_path, "[airflow_gov]\npostgresql://u:hunter2@h\n")
    assert str(tmp_path / "airflow.cfg") in message
    assert "hunter2" not in message


def test_secrets_stay_out_of_the_repr(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        sql_alchemy_conn="postgresql://u:hunter2@h/d",
        catalog_properties='{"s3.secret-access-key": "hunter2"}',
    )
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1B", 1), ("640MB", 640_000_000), ("2 GiB", 2 * 2**30), ("1.5kB", 1500), ("1tib", 2**40)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_in_bytes(text) == size
