"""The text of a suite of Great Expectations: its configurations, their lines, and values of parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts.document import load_document
from airflow_gov.model.contract import QualityEntry

if TYPE_CHECKING:
    from airflow_gov.quality.suites.entries import Entry

#: What a suite calls the values of its parameters that are used where none are given.
DEFAULTS = "suite_parameters"


@dataclass(frozen=True, slots=True)
class SuiteText:
    """What a suite says.

    :param configurations: each with its line.
    :param defaults: values of parameters, by name.
    """

    configurations: Sequence[QualityEntry]
    defaults: Mapping[str, Any]


def read_suite(entry: Entry, text: str) -> SuiteText | None:
    """What a suite's text says; None where it says nothing that could be run, which is noted.

    :param entry: at the suite's file.
    """
    try:
        suite = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        what = str(error) if isinstance(error, _TwiceError) else f"this is no JSON: {error}"
        replace(entry, at=QualityEntry({}, line)).wrong(what)
        return None
    found = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(found, list) or not found:
        what = "has no rules" if found == [] else "has no list `expectations`"
        replace(entry, at=QualityEntry({}, 1, "$.expectations")).wrong(f"the suite {what}")
        return None
    lines = load_document(text.encode(), entry.file).findings
    defaults = suite.get(DEFAULTS) or {}
    if not isinstance(defaults, Mapping):
        at = QualityEntry({}, lines.line((DEFAULTS,)), f"$.{DEFAULTS}")
        replace(entry, at=at).wrong("a mapping of values by the names of parameters must stand here")
        return None
    configurations = [
        QualityEntry(
            each if isinstance(each, dict) else {},
            lines.line(("expectations", index)),
            f"$.expectations[{index}]",
        )
        for index, each in enumerate(found)
    ]
    return SuiteText(configurations, defaults)


class _TwiceError(ValueError):
    """A key that stands twice: what was written first would be lost."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"the key {twice!r} stands twice in one mapping; only one of them would count")
    return made
