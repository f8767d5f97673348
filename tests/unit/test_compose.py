"""docker-compose.yaml and Dockerfile, as far as they can be checked without an engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.configuration import conf
from sqlalchemy import make_url

from airflow_gov.settings import Settings, options

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:?[-?])([^}]*))?\}")
#: The ports on which the services listen, as their images or commands have it.
PORTS = {"airflow-db": 5432, "governance-db": 5432, "broker": 6379, "s3": 8333, "api-server": 8080}


def one_shot(service: dict[str, Any]) -> bool:
    return service.get("restart") == "no"


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def environment(service: str) -> dict[str, str]:
    """What a container of the service gets when every variable is set to its own name in lower case."""

    def substituted(value: str) -> str:
        return VARIABLE.sub(lambda match: match[1].lower(), value).replace("$$", "$")

    return {key: substituted(value) for key, value in SERVICES[service].get("environment", {}).items()}


AIRFLOW_SERVICES = [name for name, service in SERVICES.items() if service["image"] == "airflow-gov"]


def test_the_services_are_those_of_a_celery_deployment() -> None:
    assert set(AIRFLOW_SERVICES) == {
        "api-server",
        "scheduler",
        "dag-processor",
        "triggerer",
        "worker",
        "airflow-init",
    }
    assert set(SERVICES) - set(AIRFLOW_SERVICES) == {"airflow-db", "governance-db", "broker", "s3"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_there_is_to_wait_for(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_completed_successfully":
            assert one_shot(SERVICES[other])
        else:
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in SERVICES[other]


def test_nothing_waits_for_itself() -> None:
    waiting = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    while free := [name for name, others in waiting.items() if not others]:
        for name in free:
            del waiting[name]
        for others in waiting.values():
            others.difference_update(free)

    assert waiting == {}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_checked_restarted_and_not_root(name: str) -> None:
    service = SERVICES[name]

    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert one_shot(service) or service["restart"] == "unless-stopped"
    assert one_shot(service) or service["healthcheck"]["test"]
    assert service["image"] == "airflow-gov" or re.fullmatch(r"[a-z/]+:\d[\w.-]+", service["image"])


def test_networks_volumes_and_configs_are_all_declared_and_all_used() -> None:
    volumes = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}

    assert {volume for volume in volumes if not volume.startswith("$")} == set(COMPOSE["volumes"])
    assert {network for service in SERVICES.values() for network in service["networks"]} == set(
        COMPOSE["networks"]
    )
    used = {config["source"] for service in SERVICES.values() for config in service.get("configs", ())}
    assert used == set(COMPOSE["configs"])


def test_every_address_is_a_service_at_the_port_where_it_listens() -> None:
    addresses = {
        (host, int(port))
        for text in strings(SERVICES)
        for host, port in re.findall(r"(?:://|@)([a-z][a-z0-9-]*):(\d+)", text)
        if host != "localhost"
    }

    assert addresses
    assert addresses <= set(PORTS.items())


def test_secrets_come_from_outside_and_have_no_default() -> None:
    found = {match[1]: match for match in VARIABLE.finditer(TEXT)}

    assert {name for name, match in found.items() if match[2] != ":?"} == {"SOURCE_FOLDER"}
    assert all(match[3] for match in found.values())
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_KEY|AUTH$|CONN_LAKE|SQL_ALCHEMY_CONN", key):
                assert ":?" in value, key


def test_the_header_tells_how_to_make_every_secret() -> None:
    header = TEXT[: TEXT.index("x-airflow")]
    required = {match[1] for match in VARIABLE.finditer(TEXT) if match[2] == ":?"}

    assert {name for name in required if name not in header} == set()


@pytest.mark.parametrize("name", AIRFLOW_SERVICES)
def test_the_settings_take_what_the_environment_says(name: str, tmp_path: Path) -> None:
    settings = Settings.load(environment(name), home=tmp_path)

    store = make_url(settings.sql_alchemy_conn)
    assert (store.host, store.database, store.password) == (
        "governance-db",
        "governance",
        "governance_db_password",
    )
    catalogue = make_url(settings.catalog_properties["uri"])
    assert settings.catalog_properties["type"] == "sql"
    assert (catalogue.host, catalogue.username, catalogue.database) == (
        "governance-db",
        "governance",
        "catalog",
    )
    assert "CREATE DATABASE catalog" in COMPOSE["configs"]["catalog-database"]["content"]
    assert settings.warehouse == "s3://lake/governed"
    connection = json.loads(environment(name)[f"AIRFLOW_CONN_{settings.aws_conn_id.upper()}"])
    assert (connection["conn_type"], connection["login"], connection["password"]) == (
        "aws",
        "s3_access_key",
        "s3_secret_key",
    )
    assert connection["extra"]["endpoint_url"] == "http://s3:8333"


@pytest.mark.parametrize("name", AIRFLOW_SERVICES)
def test_every_option_that_is_set_exists(name: str) -> None:
    for variable in environment(name):
        if not variable.startswith("AIRFLOW__"):
            continue
        section, option = variable.removeprefix("AIRFLOW__").lower().split("__", 1)
        if section == "airflow_gov":
            assert option in options()
        elif section == "celery":  # declared by a provider that only the image has
            assert option in ("broker_url", "result_backend")
        else:
            assert option in conf.configuration_description[section]["options"], variable


def test_the_databases_are_made_as_they_are_reached() -> None:
    for name, variable in (
        ("airflow-db", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"),
        ("governance-db", "AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN"),
    ):
        url, made = make_url(environment("worker")[variable]), environment(name)
        assert (url.username, url.password, url.host) == (
            made["POSTGRES_USER"],
            made["POSTGRES_PASSWORD"],
            name,
        )
        # PostgreSQL's image names the database after the user.
        assert url.database == made["POSTGRES_USER"]
    worker = environment("worker")
    assert worker["AIRFLOW__CELERY__RESULT_BACKEND"] == "db+" + worker["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert make_url(worker["AIRFLOW__CELERY__BROKER_URL"]).password == environment("broker")["REDISCLI_AUTH"]
    assert environment("airflow-init")["AWS_SECRET_ACCESS_KEY"] == environment("s3")["AWS_SECRET_ACCESS_KEY"]


def test_the_image_is_the_airflow_that_is_pinned_and_runs_as_its_user() -> None:
    instructions = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()
    pinned = re.search(r"^apache-airflow==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)

    assert pinned is not None
    assert f"FROM apache/airflow:slim-{pinned[1]}-python3.11" in instructions
    assert [line for line in instructions if line.startswith("USER ")][-1] == "USER airflow"
    copied = [line.split()[2:-1] for line in instructions if line.startswith("COPY ")]
    assert all((ROOT / name).exists() for names in copied for name in names)
    [install] = [line for line in instructions if "pip install" in line]
    assert "--constraint constraints.txt" in install
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for names in copied for name in names} <= set(allowed)
