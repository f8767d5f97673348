"""Which properties a rule may have: one that nothing reads would be a condition that nobody checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_gov.quality.suites.thresholds import OPERATORS
from airflow_gov.quality.suites.words import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_gov.quality.suites.entries import Entry

#: Of every entry, as the Open Data Contract Standard 3.1 ("Data Quality") has them.
_OF_ALL = (
    "authoritativeDefinitions",
    "businessImpact",
    "customProperties",
    "description",
    "dimension",
    "id",
    "method",
    "name",
    "schedule",
    "scheduler",
    "severity",
    "tags",
    "type",
    "unit",
)
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "text": (),
    "library": ("metric", "rule", "arguments", *OPERATORS),
    "sql": ("query", *OPERATORS),
    "custom": ("engine", "implementation"),
}
#: Of a configuration as versions of Great Expectations have written it, and of third parties' our `module`.
_OF_EXPECTATION = (
    "type",
    "expectation_type",
    "kwargs",
    "severity",
    "description",
    "meta",
    "notes",
    "id",
    "ge_cloud_id",
    "expectation_context",
    "rendered_content",
    "success_on_last_run",
    "module",
)


def has_known_properties(entry: Entry, kind: str) -> bool:
    """Whether an entry has only properties that a rule of its type has; notes the others.

    :param kind: one of the standard's types.
    """
    return _all_known(entry, (*_BY_TYPE[kind], *_OF_ALL), f"a rule of type {kind}")


def is_expectation(entry: Entry) -> bool:
    """Whether a configured expectation has only properties that one has; notes what is wrong."""
    known = _all_known(entry, _OF_EXPECTATION, "an expectation", " beside `kwargs`")
    if "type" in entry.data and "expectation_type" in entry.data:
        entry.wrong("has `type` and `expectation_type`, which are the same: write one of them", "type")
        return False
    return known


def _all_known(entry: Entry, known: Iterable[str], what: str, where: str = "") -> bool:
    strange = [name for name in entry.data if name not in known]
    for name in strange:
        entry.wrong(f"{what} has no property {name!r}{where}{nearest(str(name), known)}", str(name))
    return not strange
