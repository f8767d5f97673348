"""What the entries of a contract's quality lists are read with: their problems, and words common to all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_gov.contracts import Problem
from airflow_gov.model.contract import LOAD_ID_COLUMN, Column, Contract, QualityEntry
from airflow_gov.model.raw import RAW_INDEX_COLUMNS
from airflow_gov.model.verdicts import Severity
from airflow_gov.model.zones import Zone
from airflow_gov.quality.suites.words import nearest

if TYPE_CHECKING:
    from airflow_gov.model.errors import GovernanceError
    from airflow_gov.model.rules import Rule
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality.subject import Schema


class RefuseSql(Protocol):
    """Refuses a user's SELECT; see :meth:`airflow_gov.quality.rules.QueryEngine.refuse_sql`."""

    def __call__(
        self, sql: str, schemas: Mapping[DatasetName, Schema | None], *, one_value: bool = True
    ) -> None:
        """Refuse it, or return."""


#: What people call how bad it is (ODCS leaves the words open), and what it means here.
SEVERITIES: Mapping[str, Severity] = {
    **dict.fromkeys(("error", "critical", "blocker", "high", "major"), Severity.ERROR),
    **dict.fromkeys(("warning", "warn", "medium", "minor", "low", "info"), Severity.WARNING),
}


@dataclass
class Reading:
    """What reading a suite needs, and what comes of it.

    :param contract: the contract.
    :param parameters: values of ``{"$PARAMETER": name}`` in expectations; None where they are not known yet.
    :param refuse_sql: looks at users' SELECTs; None: they are not looked at.
    :param problems: what is wrong.
    :param missing: the error of Great Expectations that is needed and not installed.
    """

    contract: Contract
    parameters: Mapping[str, Any] | None = None
    refuse_sql: RefuseSql | None = None
    problems: list[Problem] = field(default_factory=list)
    missing: GovernanceError | None = None


@dataclass(frozen=True)
class Entry:
    """One rule as it is written, and where.

    :param reading: the suite that is read; gets what is wrong.
    :param at: the entry.
    :param column: the column it stands at; None: at the dataset.
    :param file: the file it stands in.
    :param defaults: values of parameters that are not given, of the suite it is in.
    """

    reading: Reading
    at: QualityEntry
    column: Column | None
    file: str
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The contract it belongs to."""
        return self.reading.contract

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong so far."""
        return self.reading.problems

    @property
    def data(self) -> Mapping[str, Any]:
        """Its properties."""
        return self.at.entry

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.file}:{self.at.line}: {self.at.path}"

    def wrong(self, reason: str, key: str = "") -> None:
        """Note a problem, of the entry or of one of its properties."""
        path = f"{self.at.path}.{key}" if key else self.at.path
        self.problems.append(Problem(self.file, self.at.line, path, reason))

    def inside(self, data: Mapping[str, Any]) -> Entry:
        """The same entry with other properties: those of the block inside it."""
        return replace(self, at=replace(self.at, entry=data))

    def severity(self, word: Any) -> Severity:
        """What a word for severity means; nothing said means that the rule blocks."""
        known = SEVERITIES.get(str(word).strip().lower()) if word is not None else Severity.ERROR
        if known is None:
            self.wrong(f"unknown severity {word!r}: write one of {', '.join(SEVERITIES)}", "severity")
        return known or Severity.ERROR

    def text(self, key: str) -> str:
        """A property that is text, or an empty one."""
        value = self.data.get(key)
        return value.strip() if isinstance(value, str) else ""

    def has_columns(self, names: Any, key: str = "") -> bool:
        """Whether the dataset has all these columns; notes those it lacks."""
        known = [name for name, _ in columns_of(self.contract)]
        lost = [name for name in names if name not in known]
        for name in lost:
            self.wrong(f"{self.contract.dataset} has no column {name!r}{nearest(str(name), known)}", key)
        return not lost


def columns_of(contract: Contract) -> list[tuple[str, str]]:
    """The columns that rules of a dataset can be about, with their types.

    Of a raw dataset these are the columns of its file index: what is inside the files has no types yet.
    """
    columns = RAW_INDEX_COLUMNS if contract.dataset.zone is Zone.RAW else contract.columns
    return [(column.name, str(column.type)) for column in columns if column.name != LOAD_ID_COLUMN]


def numbered(rules: list[Rule], taken: frozenset[str]) -> tuple[Rule, ...]:
    """Rules with names that are unique, also among names that are taken."""
    used = set(taken)
    named = []
    for rule in rules:
        name, number = rule.name, 1
        while name in used:
            number += 1
            name = f"{rule.name} ({number})"
        used.add(name)
        named.append(replace(rule, name=name))
    return tuple(named)
