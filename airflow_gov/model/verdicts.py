"""Verdicts, and what gates and stewards make of them: decisions, waivers and reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from airflow_gov.model.zones import DatasetName

#: A waiver holds no longer: what is wrong for good belongs into the contract.
LONGEST_WAIVER = timedelta(days=366)

#: How many rows that broke a rule a result names at most.
MAX_EXAMPLES = 20


class Severity(StrEnum):
    """What a rule that does not hold means: ``error`` blocks, ``warning`` publishes and tells."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The result of one rule on one snapshot.

    :param rule: the rule's name in its suite, e.g. ``required``, ``primary_key``, ``row_count``, or what
        the contract calls it.
    :param passed: whether it held.
    :param columns: the columns it is about.
    :param expected: what was expected, for people.
    :param observed: what was observed, for people; never values of classified columns.
    :param failed_rows: how many rows broke it, where rows do.
    :param severity: ``error`` blocks, ``warning`` publishes and tells.
    :param engine: what evaluated it: ``duckdb`` (pushed down), ``python`` (pushed down, with values
        judged by a Python function), ``great_expectations`` (on batches), ``metadata`` (nothing was read).
    :param check: what was evaluated, e.g. ``nullValues`` or ``expect_column_values_to_be_between``;
        empty for the rules every dataset has.
    :param dimension: ODCS quality dimension, e.g. ``completeness``.
    :param description: the rule's own words.
    :param value: what was observed, JSON-compatible; None where it would show a classified value.
    :param rows: rows that were looked at.
    :param missing: rows without a value, which the rule passed over.
    :param examples: keys of rows that broke it, at most :data:`MAX_EXAMPLES`; key columns by name.
    """

    rule: str
    passed: bool
    columns: tuple[str, ...] = ()
    expected: str = ""
    observed: str = ""
    failed_rows: int | None = None
    severity: str = Severity.ERROR
    engine: str = "duckdb"
    check: str = ""
    dimension: str | None = None
    description: str = ""
    value: Any = None
    rows: int | None = None
    missing: int | None = None
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether this result alone keeps a candidate from being published."""
        return not self.passed and self.severity == Severity.ERROR


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of checking one snapshot against one contract version.

    :param verdict_id: unique.
    :param dataset: the dataset.
    :param snapshot_id: the snapshot that was checked.
    :param contract_hash: the contract version.
    :param results: each rule's result.
    :param rows: rows in the snapshot.
    :param checked_at: when.
    :param execution_id: the execution that checked.
    :param load_ids: the loads of the candidate; empty for a version that was published already.
    """

    verdict_id: str
    dataset: DatasetName
    snapshot_id: int
    contract_hash: str
    results: tuple[RuleResult, ...]
    rows: int
    checked_at: datetime
    execution_id: str | None = None
    load_ids: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing that blocks failed."""
        return not any(result.blocks for result in self.results)

    @property
    def failures(self) -> tuple[RuleResult, ...]:
        """The rules that failed, warnings included."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def blocking(self) -> tuple[RuleResult, ...]:
        """The rules that failed and block."""
        return tuple(result for result in self.results if result.blocks)


class Ruling(StrEnum):
    """What a gate decided on a verdict. All but ``refused`` let the snapshot be published."""

    PASSED = "passed"
    WAIVED = "waived"
    WARNED = "warned"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate decided on one snapshot, recorded before the lake is told.

    :param dataset: the dataset.
    :param snapshot_id: the snapshot.
    :param contract_hash: the contract version.
    :param verdict_id: the verdict it rests on.
    :param ruling: what was decided.
    :param decided_at: when.
    :param execution_id: the gate's execution.
    :param waiver_id: the waiver that allowed it, where one did.
    """

    dataset: DatasetName
    snapshot_id: int
    contract_hash: str
    verdict_id: str
    ruling: Ruling
    decided_at: datetime
    execution_id: str | None = None
    waiver_id: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A steward lets a candidate through that breaks rules, with a reason and an expiry.

    It holds for these loads, this contract version and these rules only: a rule that fails later, or
    other data, is not waived.

    :param waiver_id: unique.
    :param dataset: the dataset.
    :param load_ids: the loads of the candidate.
    :param contract_hash: the contract version.
    :param verdict_id: the failing verdict that was looked at.
    :param rules: names of the rules that are waived.
    :param reason: why.
    :param steward: who.
    :param granted_by: how and as whom, e.g. ``cli: jane on host7`` or ``airflow: jane``.
    :param granted_at: when.
    :param expires_at: from then on it does not hold.
    """

    waiver_id: str
    dataset: DatasetName
    load_ids: tuple[str, ...]
    contract_hash: str
    verdict_id: str
    rules: tuple[str, ...]
    reason: str
    steward: str
    granted_by: str
    granted_at: datetime
    expires_at: datetime


class ReviewState(StrEnum):
    """Where a review stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Review:
    """A version that was published although rules failed, to be confirmed by a steward afterwards.

    :param review_id: unique.
    :param dataset: the dataset.
    :param version: the version's number.
    :param snapshot_id: its snapshot.
    :param verdict_id: the failing verdict.
    :param opened_at: when it was published.
    :param deadline: unconfirmed then, it is rolled back.
    :param state: where it stands; ``overdue`` once it was rolled back for want of a confirmation.
    :param steward: who decided.
    :param decided_by: how and as whom, see :class:`Waiver`.
    :param decided_at: when.
    :param reason: why.
    """

    review_id: str
    dataset: DatasetName
    version: int
    snapshot_id: int
    verdict_id: str
    opened_at: datetime
    deadline: datetime
    state: ReviewState = ReviewState.OPEN
    steward: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
