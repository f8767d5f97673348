"""What the package declares, pins and explains is what it uses."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import airflow_gov

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PINS = (ROOT / "constraints.txt").read_text().splitlines()

#: Imported along with a package that is declared, and versioned by it.
COMPANIONS = {"anyio": "fastapi", "botocore": "boto3", "markupsafe": "jinja2", "starlette": "fastapi"}
#: Declared and used without an import of their own.
NOT_IMPORTED = {
    "apache-airflow-providers-common-sql": "hooks come from connections",
    "open-data-contract-standard": "its schema.json is read",
    "requests": "PyIceberg raises its errors: lake/errors.py knows them where it is loaded",
}


def declared() -> dict[str, list[Requirement]]:
    """Requirements by where they are declared: the package, an extra or a group."""
    found = {"": PROJECT["project"]["dependencies"]}
    found |= PROJECT["project"]["optional-dependencies"] | PROJECT["dependency-groups"]
    return {where: [Requirement(text) for text in texts] for where, texts in found.items()}


def pinned() -> dict[str, list[Version]]:
    versions: dict[str, list[Version]] = {}
    for line in PINS:
        name, _, rest = line.partition("==")
        versions.setdefault(canonicalize_name(name), []).append(Version(rest.partition(";")[0].strip()))
    return versions


def test_constraints_are_versions_and_nothing_else() -> None:
    assert PINS
    assert [
        line for line in PINS if not re.fullmatch(r"[a-z0-9._-]+==[\w.+!]+( ; [\w .<>=!'*()-]+)?", line)
    ] == []


@pytest.mark.parametrize(
    "requirement", sorted({r for rs in declared().values() for r in rs}, key=str), ids=str
)
def test_every_dependency_is_pinned_to_a_version_it_allows(requirement: Requirement) -> None:
    versions = pinned()[canonicalize_name(requirement.name)]

    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_every_dependency_is_there_for_a_reason_that_is_written_down() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \|(?: `([a-z-]+)` \|)? (.+) \|$", section("Dependencies"), re.MULTILINE
    )
    explained = {(where, name) for name, where, reason in rows if reason.strip()}

    assert explained == {(where, r.name) for where, requirements in declared().items() for r in requirements}


def test_the_command_that_pins_is_the_one_that_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text()
    groups = re.findall(r"--group (\w+)", section("Dependencies"))

    assert set(groups) == set(PROJECT["dependency-groups"])
    assert f"GROUPS := {' '.join(groups)}" in makefile
    extras = re.search(r"ALL_EXTRAS := \.\[([\w,-]+)\]", makefile)
    assert extras is not None
    assert set(extras[1].split(",")) == set(PROJECT["project"]["optional-dependencies"])


def test_the_top_level_holds_what_is_explained_and_nothing_else() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\| `([\w.-]+)` \| \S.* \|$", section("The top level"), re.MULTILINE)

    assert {line.split("/")[0] for line in files.splitlines()} == set(rows)


def test_every_folder_of_the_package_has_its_place_among_the_layers() -> None:
    folders = {path.name for path in (ROOT / "airflow_gov").iterdir() if (path / "__init__.py").exists()}
    [layers] = [c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]

    assert folders - {word for layer in layers["layers"] for word in re.findall(r"\w+", layer)} == set()
    assert {
        folder for folder in folders if f"`{folder}`" not in CONTRIBUTING.replace("airflow_gov/", "")
    } == set()


def test_whatever_is_imported_is_declared_and_whatever_is_declared_is_used() -> None:
    packages = {
        canonicalize_name(r.name)
        for where, requirements in declared().items()
        if not where or where in PROJECT["project"]["optional-dependencies"]
        for r in requirements
    }
    main = {canonicalize_name(requirement.name) for requirement in declared()[""]}
    installed = packages_distributions()
    imported = {distribution(module, installed) for module in imports("airflow_gov")}

    assert imported - packages == set()
    assert main - imported == set(NOT_IMPORTED)


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "dags"])
def test_what_the_rest_of_the_project_imports_is_declared_too(folder: str) -> None:
    packages = {canonicalize_name(r.name) for requirements in declared().values() for r in requirements}
    # A benchmark may use what supports the tests.
    own = {path.stem for path in (ROOT / folder).iterdir()} | {"support"}
    installed = packages_distributions()
    missing = [module for module in imports(folder) if module.split(".")[0] not in {*own, *installed}]

    # A benchmark's peers are not installed for the tests; each is declared in the group `bench`.
    assert {module.split(".")[0] for module in missing} <= {"dlt", "pandera"}
    imported = {
        distribution(m, installed) for m in imports(folder) - set(missing) if m.split(".")[0] not in own
    }
    assert imported - packages == set()


def imports(folder: str) -> set[str]:
    """The modules of other people that a folder's code imports, wherever in the code."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module)
    return {name for name in found if name.split(".")[0] not in {*sys.stdlib_module_names, "airflow_gov"}}


def distribution(module: str, installed: Mapping[str, list[str]]) -> str:
    if module.startswith("airflow.providers."):
        provider = module.split(".")[2:4]
        known = pinned()
        for length in (2, 1):
            name = "-".join(["apache-airflow-providers", *provider[:length]])
            if name in known:
                return name
    top = module.split(".")[0]
    if top == "airflow":
        return "apache-airflow"
    return COMPANIONS.get(top) or canonicalize_name(installed[top][0])


def test_there_is_one_version() -> None:
    newest = re.search(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert newest is not None
    assert PROJECT["project"]["version"] == airflow_gov.__version__ == newest[1]


@pytest.mark.parametrize(
    "name", ["Makefile", ".ci/run", ".pre-commit-config.yaml", "constraints.txt", "Dockerfile"]
)
def test_nothing_ties_the_project_to_a_machine_or_a_registry(name: str) -> None:
    text = (ROOT / name).read_text()

    assert re.findall(r"https?://|--index|--find-links|(?<![\w.])/(?:home|root|tmp|work|Users)/", text) == []


def test_hooks_before_a_commit_download_nothing_and_exist() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    declared_tools = {"ruff", "mypy", "lint-imports", *PROJECT["project"]["scripts"]}

    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].split()[0].removeprefix(".venv/bin/") in declared_tools


def test_the_licence_is_the_one_that_is_declared() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def section(title: str) -> str:
    """A section of CONTRIBUTING.md, those in it included."""
    return CONTRIBUTING.split(f"\n## {title}\n")[1].split("\n## ")[0]
