"""The bundle of the Lineage tab is what its sources make, and what the page's policy lets run."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "airflow_gov" / "web"
UI = WEB / "ui"
BUNDLE = WEB / "static" / "lineage"
#: As in ui/fingerprint.ts.
INPUTS = ("fingerprint.ts", "package-lock.json", "package.json", "src", "tsconfig.json", "vite.config.ts")


def sources() -> list[Path]:
    found: list[Path] = []
    for name in INPUTS:
        path = UI / name
        found += [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return sorted(found, key=lambda each: each.relative_to(UI).as_posix())


def test_it_was_built_from_these_sources() -> None:
    lines = "".join(
        f"{path.relative_to(UI).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for path in sources()
    )
    built_from = (BUNDLE / "SOURCES.sha256").read_text().strip()
    assert built_from == hashlib.sha256(lines.encode()).hexdigest(), "sources were changed: make ui"


def test_it_is_one_script_one_style_sheet_and_their_licences() -> None:
    names = {path.name for path in BUNDLE.iterdir()}
    assert names == {"lineage.js", "lineage.css", "LICENSES.md", "SOURCES.sha256"}
    assert "sourceMappingURL" not in (BUNDLE / "lineage.js").read_text("utf-8")


def test_the_licence_of_everything_in_it_is_told() -> None:
    told = set(re.findall(r"^## (\S+) - ", (BUNDLE / "LICENSES.md").read_text("utf-8"), re.MULTILINE))
    wanted = set(json.loads((UI / "package.json").read_text())["dependencies"])
    assert wanted <= told


def test_its_style_sheet_loads_nothing() -> None:
    assert re.findall(r"url\(|@import|expression\(", (BUNDLE / "lineage.css").read_text("utf-8")) == []


@pytest.mark.parametrize("path", [p for p in sources() if p.suffix in {".ts", ".tsx"}], ids=lambda p: p.name)
def test_its_sources_leave_escaping_to_react_and_the_frame_to_the_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert (
        re.findall(r"dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|\beval\(|new Function\(", text)
        == []
    )
    assert re.findall(r"\b(?:window|globalThis)\.(?:parent|top|open)\b|\bparent\.", text) == []
    assert len(text.splitlines()) < 300


def test_the_lock_file_knows_versions_and_hashes_but_no_registry() -> None:
    packages = json.loads((UI / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and not package.get("integrity")] == []


def test_its_classes_are_its_own() -> None:
    def classes(*files: Path) -> set[str]:
        bare = (re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", file.read_text("utf-8"), flags=re.S) for file in files)
        return set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(bare)))

    # The page loads governance.css for its colours and for these.
    shared = {"button", "dark", "eyebrow", "icon", "muted", "state"}
    own = classes(*(UI / "src" / "styles").glob("*.css"))
    assert own & classes(WEB / "static" / "governance.css") <= shared
