"""What the scanner proposes for the columns of a dataset, and how that stands against the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from airflow_gov.model.zones import DatasetName


class Agreement(StrEnum):
    """How a proposal stands against the contract, which stays the truth.

    AGREES: the contract says the same. PROPOSED: it says nothing of the kind. CONTRADICTS: it calls the
    column public, or something else. UNSEEN: it has the tag, and nothing in the column looks like it.
    """

    AGREES = "agrees"
    PROPOSED = "proposed"
    CONTRADICTS = "contradicts"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a tag is proposed. There are no values in it.

    :param name: the words of the column's name that say so, e.g. ``("e mail",)``.
    :param against: words of the name that speak against it, e.g. ``("order",)``.
    :param type: the column's type.
    :param values: sampled values that are neither null nor empty.
    :param distinct: different ones among them.
    :param matching: how many of `values` are written so, a check digit included where there is one.
    :param plain: how many are at least written as such values may be, which alone proves nothing.
    """

    name: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    type: str = ""
    values: int = 0
    distinct: int = 0
    matching: int = 0
    plain: int = 0

    @property
    def share(self) -> float:
        """The part of the values that match, 0 to 1."""
        return self.matching / self.values if self.values else 0.0

    @property
    def plain_share(self) -> float:
        """The part of the values that match or may be such values, 0 to 1."""
        return self.plain / self.values if self.values else 0.0

    def __str__(self) -> str:
        parts = []
        if self.name:
            parts.append(f"its name says {' and '.join(repr(each) for each in self.name)}")
        if self.against:
            parts.append(f"its name also says {' and '.join(repr(each) for each in self.against)}")
        if self.values:
            parts.append(f"{self.matching:,} of {self.values:,} sampled values match")
            if self.plain > self.matching:
                parts.append(f"{self.plain - self.matching:,} more may be such")
        else:
            parts.append("no values to look at")
        parts.append(f"type {self.type}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tag for a column.

    :param tag: e.g. ``pii:email``.
    :param confidence: 0 to 1; 0 where the contract has the tag and nothing looks like it.
    :param agreement: how that stands against the contract.
    :param recogniser: which recogniser says so, e.g. ``national_id.es_dni``; empty where none does.
    :param source: the standard or law its rule is from.
    """

    column: str
    tag: str
    confidence: float
    agreement: Agreement
    evidence: Evidence
    recogniser: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Overlooked:
    """A column whose values were not looked into, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Classification:
    """The result of scanning one version of a dataset.

    :param version: the published version that was scanned.
    :param contract_hash: the contract it was held against; None where there is none that can be read.
    :param rows: rows of the version.
    :param sampled: how many of them were looked at.
    :param columns: how many columns the version has, ``_load_id`` aside.
    :param proposals: by the order of the columns, the surest of a column first.
    """

    dataset: DatasetName
    version: int
    snapshot_id: int
    contract_hash: str | None
    rows: int
    sampled: int
    columns: int
    scanned_at: datetime
    proposals: tuple[Proposal, ...] = ()
    overlooked: tuple[Overlooked, ...] = ()


@dataclass(frozen=True, slots=True)
class Scanned:
    """That a dataset was scanned.

    :param version: the version that was looked at.
    :param contract_hash: the contract it was held against; None where there was none that could be read.
    """

    version: int
    contract_hash: str | None
    scanned_at: datetime
