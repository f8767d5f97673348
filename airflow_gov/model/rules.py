"""Quality rules as a contract's suite has them, whatever language they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_gov.model.verdicts import Severity
from airflow_gov.model.zones import DatasetName


class RuleKind(StrEnum):
    """The language of a rule."""

    LIBRARY = "library"
    """A metric of the Open Data Contract Standard's library."""
    SQL = "sql"
    """An ODCS ``sql`` rule: one SELECT of one value."""
    EXPECTATION = "expectation"
    """An expectation of Great Expectations."""
    OBSERVED = "observed"
    """One of ours about time: freshness, volume, schema drift."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    :param name: unique in its suite.
    :param kind: its language.
    :param check: what it evaluates: an ODCS metric, ``sql``, an expectation's type in snake case,
        ``freshness``, ``volume`` or ``schemaDrift``.
    :param columns: the columns it is about.
    :param arguments: its arguments as written, ``mustBe…`` and ``unit`` of ODCS among them.
    :param severity: what it means when it does not hold.
    :param dimension: ODCS quality dimension.
    :param description: its own words.
    :param place: where it stands, for people: file, line and path.
    """

    name: str
    kind: RuleKind
    check: str
    columns: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    dimension: str | None = None
    description: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """All quality rules of a dataset, those of structure aside, which every dataset has.

    :param dataset: the dataset.
    :param rules: in the order of the contract.
    """

    dataset: DatasetName
    rules: tuple[Rule, ...] = ()
