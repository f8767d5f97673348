"""The provider info is what Airflow accepts, and describes what exists."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager, _create_provider_info_schema_validator

from airflow_gov.get_provider_info import get_provider_info
from airflow_gov.hooks.governance import GovernanceHook
from airflow_gov.settings import ENVIRONMENT_PREFIX, Settings, options


def test_airflow_accepts_it() -> None:
    _create_provider_info_schema_validator().validate(get_provider_info())


def test_the_connection_form_is_what_airflow_asks_of_its_own_providers() -> None:
    schema = json.loads(files("airflow").joinpath("provider.yaml.schema.json").read_text("utf-8"))
    jsonschema.validate(get_provider_info()["connection-types"], schema["properties"]["connection-types"])


def test_airflow_finds_it_by_the_entry_point() -> None:
    points = [
        point for point in entry_points(group="apache_airflow_provider") if "airflow_gov" in point.value
    ]
    assert [point.load() for point in points] == [get_provider_info]


def test_the_plugin_is_registered_once_or_airflow_drops_it() -> None:
    points = [point for point in entry_points(group="airflow.plugins") if "airflow_gov" in point.value]
    assert [point.load().name for point in points] == ["airflow_gov"]
    assert "plugins" not in get_provider_info()


def test_the_connection_type_leads_to_the_hook() -> None:
    connection = ProvidersManager().hooks["airflow_gov"]
    assert connection is not None
    assert connection.hook_class_name == f"{GovernanceHook.__module__}.{GovernanceHook.__name__}"
    assert connection.connection_id_attribute_name == GovernanceHook.conn_name_attr
    assert connection.hook_name == GovernanceHook.hook_name
    assert connection.connection_testable


def test_the_connection_form_has_its_fields() -> None:
    manager = ProvidersManager()
    widgets = {name for name in manager.connection_form_widgets if name.startswith("extra__airflow_gov__")}
    assert widgets == {"extra__airflow_gov__drivername", "extra__airflow_gov__sslmode"}
    assert manager.field_behaviours["airflow_gov"]["relabeling"]["schema"].startswith("Database")


def _modules() -> list[str]:
    info = get_provider_info()
    return [
        module
        for kind in ("operators", "sensors", "hooks", "triggers")
        for entry in info[kind]
        for module in entry["python-modules"]
    ]


@pytest.mark.parametrize("module", _modules())
def test_every_module_it_names_exists(module: str) -> None:
    importlib.import_module(module)


def test_the_decorator_it_names_exists() -> None:
    (decorator,) = get_provider_info()["task-decorators"]
    assert decorator["class-name"] == decorator["path"]
    module, _, name = decorator["class-name"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_airflow_knows_the_extra_links() -> None:
    wanted = get_provider_info()["extra-links"]
    assert wanted == ["airflow_gov.links.quality.QualityReportLink"]
    assert set(wanted) <= set(ProvidersManager().extra_links_class_names)


@pytest.mark.parametrize("option", options().values(), ids=lambda option: option.name)
def test_every_option_is_documented_and_its_example_allowed(option: object, tmp_path: Path) -> None:
    assert isinstance(option, type(options()["warehouse"]))
    assert option.description.endswith(".")
    assert option.example
    Settings.load({option.variable: option.example}, tmp_path)


def test_options_and_settings_are_the_same_list() -> None:
    assert set(options()) == {field.name for field in fields(Settings)} - {"home", "lineage_namespace"}


def test_options_that_may_hold_a_password_are_hidden() -> None:
    assert {name for name, option in options().items() if option.sensitive} == {
        "sql_alchemy_conn",
        "catalog_properties",
    }


def test_airflow_renders_the_same_defaults_as_the_settings(tmp_path: Path) -> None:
    """`airflow config get-value` and our tasks must agree, though we read without Airflow."""
    script = (
        "import json, sys; from airflow.configuration import conf\n"
        "print('JSON' + json.dumps({name: conf.get('airflow_gov', name) for name in sys.argv[1:]}))"
    )
    shown = _run([sys.executable, "-c", script, *options()], tmp_path)
    rendered = json.loads(shown.partition("JSON")[2])
    settings = Settings.load({}, tmp_path)
    for name in ("sql_alchemy_conn", "warehouse", "memory_limit", "target_file_size", "contracts_folder"):
        assert rendered[name] == getattr(settings, name), name
    assert Path(rendered["spool_folder"]) == settings.spool_folder


@pytest.mark.airflow
def test_airflow_shows_the_provider(tmp_path: Path) -> None:
    airflow = Path(sys.executable).with_name("airflow")
    shown = _run([str(airflow), "providers", "get", "airflow-gov", "--output", "json"], tmp_path)
    (provider,) = json.loads(shown[shown.index("[") :])
    assert provider["Provider"] == "airflow-gov"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", provider["Version"])


def _run(command: list[str], home: Path) -> str:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(ENVIRONMENT_PREFIX)}
    environ |= {"AIRFLOW_HOME": str(home)}
    result = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
