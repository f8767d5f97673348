"""Suites of Great Expectations in files of their own, which a contract names and which are part of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts.document import MAX_BYTES
from airflow_gov.contracts.files import read_bytes
from airflow_gov.contracts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_gov.model.contract import Contract, QualityEntry

#: How ODCS files write the engine's name, in lower case and without what is between its words.
_ENGINE = "greatexpectations"
_SUFFIX = ".json"


def is_great_expectations(engine: Any) -> bool:
    """Whether an ODCS `engine` is Great Expectations, however it is written."""
    return isinstance(engine, str) and re.sub(r"[\s_-]+", "", engine).lower() == _ENGINE


def suite_name(entry: Mapping[str, Any]) -> str | None:
    """The suite file that an ODCS quality entry names, as it is written there.

    :param entry: the entry, e.g. ``implementation: {suite: suites/flights.json}`` or the same path alone.
    """
    if not is_great_expectations(entry.get("engine")):
        return None
    given = entry.get("implementation")
    if isinstance(given, dict):
        name = given.get("suite")
        return name if isinstance(name, str) else None
    if not isinstance(given, str):
        return None
    name = given.strip()
    return name if name.endswith(_SUFFIX) and "\n" not in name and not name.startswith("{") else None


def named_suites(contract: Contract) -> Iterator[tuple[str, QualityEntry]]:
    """Every suite file that a contract names, and which entry does."""
    for entry in (*contract.quality, *(each for column in contract.columns for each in column.quality)):
        name = suite_name(entry.entry)
        if name is not None:
            yield name, entry


def read_suites(contract: Contract, folder: Path) -> tuple[Contract, list[Problem]]:
    """A contract with the suites it names.

    :param contract: as its file says.
    :param folder: the contracts folder, which a suite file must not lie outside of.
    :returns: the contract with the suites that could be read, and why others could not.
    """
    suites: dict[str, str] = {}
    problems: list[Problem] = []
    for name, entry in named_suites(contract):
        text = _read(Path(contract.path).parent / name, folder)
        if isinstance(text, str):
            problems.append(Problem(contract.path, entry.line, entry.path, f"the suite {name!r}: {text}"))
        else:
            suites[name] = text.decode("utf-8")
    return with_suites(contract, suites), problems


def with_suites(contract: Contract, suites: Mapping[str, str]) -> Contract:
    """A contract whose hash covers its suites: SHA-256 over the file's bytes and each suite's name and bytes.

    :param contract: as its file says.
    :param suites: the texts of the suite files it names, by name.
    """
    if not suites:
        return contract
    digest = hashlib.sha256(contract.text.encode())
    for name, text in sorted(suites.items()):
        # Neither YAML nor JSON can hold a zero byte, so nothing else hashes alike.
        digest.update(b"\0" + name.encode() + b"\0" + text.encode())
    return replace(contract, suites=dict(sorted(suites.items())), hash=digest.hexdigest())


def _read(path: Path, folder: Path) -> bytes | str:
    """A suite file's bytes, or why they cannot be had."""
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # loops of links, names no file can have
        return "this is no path of a file"
    if not inside:
        return f"the file lies outside of the contracts folder {folder}"
    raw = read_bytes(path)
    if isinstance(raw, Problem):
        return raw.reason
    if len(raw) > MAX_BYTES:
        return f"the file has more than {MAX_BYTES:,} bytes, the most a suite may have"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "the file is not UTF-8; save it as UTF-8"
    return raw
