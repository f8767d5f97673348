"""The hook: where it finds the store, its Test button, S3 through an AWS connection."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_gov.hooks.governance import GovernanceHook
from airflow_gov.hooks.s3 import s3_properties
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.settings import STORE_CONNECTION_VARIABLE, Settings, options
from airflow_gov.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({}, tmp_path)


def connect(monkeypatch: pytest.MonkeyPatch, url: str, conn_id: str = "airflow_gov_default") -> None:
    """Put a store's URL into Airflow as a connection of our type."""
    from sqlalchemy import make_url

    parts = make_url(url)
    query = "".join(f"&{key}={str(value).replace('/', '%2F')}" for key, value in parts.query.items())
    database = (parts.database or "").replace("/", "%2F")
    driver = parts.drivername.replace("+", "%2B")
    host = f"{parts.username}:{parts.password or ''}@{parts.host or ''}" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    uri = f"airflow-gov://{host}{port}/{database}?drivername={driver}{query}"
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", uri)


def test_without_a_connection_the_option_says_where(tmp_path: Path) -> None:
    settings = Settings.load({options()["sql_alchemy_conn"].variable: "sqlite:////srv/gov.db"}, tmp_path)
    assert GovernanceHook(settings=settings).store_url() == "sqlite:////srv/gov.db"


def test_without_anything_the_store_is_a_file_in_the_home(settings: Settings) -> None:
    expected = f"sqlite:///{settings.home}/airflow_gov/governance.db"
    assert GovernanceHook(settings=settings).store_url() == expected


def test_the_connection_wins(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_CONNECTION_VARIABLE, "airflow-gov://ada:s%40fe@db:5433/gov")
    assert GovernanceHook(settings=settings).store_url() == "postgresql+psycopg2://ada:s%40fe@db:5433/gov"


def test_another_connection_has_to_exist(settings: Settings) -> None:
    with pytest.raises(AirflowNotFoundException, match="gov_elsewhere"):
        GovernanceHook("gov_elsewhere", settings=settings).store_url()
    passed, message = GovernanceHook("gov_elsewhere", settings=settings).test_connection()
    assert not passed
    assert "gov_elsewhere" in message


def test_the_test_button_makes_the_embedded_store(settings: Settings) -> None:
    passed, message = GovernanceHook(settings=settings).test_connection()
    assert passed, message
    assert "schema revision" in message
    assert Store(settings.sql_alchemy_conn).schema_status().ok


@pytest.mark.postgres
def test_the_test_button_names_the_command_for_a_new_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, postgres_database: Callable[[], str]
) -> None:
    url = postgres_database()
    connect(monkeypatch, url)
    passed, message = GovernanceHook(settings=settings).test_connection()
    assert not passed
    assert "airflow-gov db upgrade" in message
    store = Store(url)
    store.upgrade()
    store.dispose()
    passed, message = GovernanceHook(settings=settings).test_connection()
    assert passed, message


def test_the_test_button_says_what_is_wrong_without_the_password(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STORE_CONNECTION_VARIABLE, "airflow-gov://ada:hunter2@127.0.0.1:1/gov")
    passed, message = GovernanceHook(settings=settings).test_connection()
    assert not passed
    assert "127.0.0.1" in message
    assert "hunter2" not in message


def test_governance_has_the_connections_store_and_the_settings_lake(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    connect(monkeypatch, url)
    governance = GovernanceHook(settings=settings).get_governance()
    assert governance.store_url == url
    assert governance.lake_properties["warehouse"] == settings.warehouse
    governance.store.ping()
    governance.close()
    assert (tmp_path / "elsewhere.db").exists()


@pytest.mark.s3
def test_an_aws_connection_reaches_s3(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    bucket = s3.bucket("governed")
    endpoint, key, secret = s3.endpoint, s3.access_key, s3.secret_key
    monkeypatch.setenv(
        "AIRFLOW_CONN_LAKE_S3",
        f'{{"conn_type": "aws", "login": "{key}", "password": "{secret}", '
        f'"extra": {{"region_name": "eu-central-1", "endpoint_url": "{endpoint}"}}}}',
    )
    environ = {
        options()["aws_conn_id"].variable: "lake_s3",
        options()["warehouse"].variable: f"s3://{bucket}/lake",
    }
    governance = GovernanceHook(settings=Settings.load(environ, tmp_path)).get_governance()
    properties = governance.lake_properties
    assert properties["s3.endpoint"] == endpoint
    assert properties["s3.region"] == "eu-central-1"
    client = boto3.client(
        "s3",
        endpoint_url=properties["s3.endpoint"],
        region_name=properties["s3.region"],
        aws_access_key_id=properties["s3.access-key-id"],
        aws_secret_access_key=properties["s3.secret-access-key"],
    )
    assert bucket in [found["Name"] for found in client.list_buckets()["Buckets"]]


def test_an_endpoint_for_s3_alone_and_a_session_token_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_LAKE_S3",
        '{"conn_type": "aws", "login": "key", "password": "secret", "extra": {"aws_session_token": "token",'
        ' "endpoint_url": "http://all", "service_config": {"s3": {"endpoint_url": "http://s3"}}}}',
    )
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    assert s3_properties("lake_s3") == {
        "s3.access-key-id": "key",
        "s3.secret-access-key": "secret",
        "s3.session-token": "token",
        "s3.endpoint": "http://s3",
    }


def test_an_aws_connection_without_credentials_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AIRFLOW_CONN_LAKE_S3", "aws://")
    with pytest.raises(GovernanceError, match="yields no credentials") as caught:
        s3_properties("lake_s3")
    assert caught.value.reason is Reason.CONFIGURATION_INVALID


def test_without_the_amazon_provider_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # What `import` meets where the extra is not installed.
    monkeypatch.setitem(sys.modules, "airflow.providers.amazon.aws.hooks.base_aws", None)
    with pytest.raises(GovernanceError, match=r"airflow-gov\[amazon\]") as caught:
        s3_properties("lake_s3")
    assert caught.value.reason is Reason.DEPENDENCY_MISSING
