"""What a gate makes of a verdict: pass, waive, warn, ask for a review, or refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.verdicts import Ruling
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Candidate, Load
    from airflow_gov.model.verdicts import RuleResult, Verdict, Waiver
    from airflow_gov.runtime import Governance

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_ROWS = re.compile(r"\s*(\d+)\s*")


class OnFailure(StrEnum):
    """What a gate does with a candidate that does not keep its contract."""

    FAIL = "fail"
    """The candidate stays, the task fails."""
    QUARANTINE = "quarantine"
    """Rows that break rules are set aside, the others are published."""
    WARN = "warn"
    """It is published, and told."""
    REVIEW = "review"
    """It is published, and rolled back unless a steward confirms it in time."""


@dataclass(frozen=True, slots=True)
class QuarantineLimit:
    """How many rows may be set aside before the gate fails after all.

    :param rows: a number of rows, or None.
    :param percent: a share of the loads' rows in percent, or None.
    """

    rows: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, limit: str | float | None) -> QuarantineLimit:
        """Read a limit.

        :param limit: rows (``100``, ``"100"``), a share (``"10%"``, ``"2.5 %"``), or None for no limit.
        :raises GovernanceError: ``PARAMETER_INVALID``.
        """
        if limit is None:
            return cls()
        text = str(int(limit)) if isinstance(limit, float) and limit.is_integer() else str(limit)
        if not isinstance(limit, bool):
            if (percent := _PERCENT.fullmatch(text)) and float(percent[1]) <= 100:
                return cls(percent=float(percent[1]))
            if rows := _ROWS.fullmatch(text):
                return cls(rows=int(rows[1]))
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"quarantine_limit is {text[:40]!r}: give a number of rows (100), a share of them ('10%'), "
            f"or None for no limit.",
        )

    def exceeded(self, aside: int, rows: int) -> bool:
        """Whether too many rows were set aside.

        :param aside: rows set aside.
        :param rows: rows there were.
        """
        if self.rows is not None and aside > self.rows:
            return True
        return self.percent is not None and aside * 100 > self.percent * rows

    def __str__(self) -> str:
        if self.rows is not None:
            return f"{self.rows:,} rows"
        return f"{self.percent:g} % of the rows" if self.percent is not None else "no limit"


@dataclass(frozen=True, slots=True)
class GateOptions:
    """How a gate decides.

    :param on_failure: what it does with a candidate that does not keep its contract.
    :param quarantine_limit: how many rows it may set aside, see :meth:`QuarantineLimit.parse`.
    :param expectation_parameters: values of ``{"$PARAMETER": name}`` in expectations.
    :param contract_hashes: which version of a dataset's contract the Dag has today; None where it is not
        known.
    """

    on_failure: OnFailure = OnFailure.FAIL
    quarantine_limit: str | int | float | None = "10%"
    expectation_parameters: Mapping[str, Any] = field(default_factory=dict)
    contract_hashes: Callable[[DatasetName], str | None] | None = None

    def __post_init__(self) -> None:
        if self.on_failure not in OnFailure._value2member_map_:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"on_failure is {str(self.on_failure)[:40]!r}: it is one of {', '.join(OnFailure)}.",
            )
        object.__setattr__(self, "on_failure", OnFailure(self.on_failure))
        QuarantineLimit.parse(self.quarantine_limit)

    @property
    def limit(self) -> QuarantineLimit:
        """How many rows may be set aside."""
        return QuarantineLimit.parse(self.quarantine_limit)

    def require_unchanged(self, load: Load) -> None:
        """Refuse a candidate that was written under another version of the contract than the Dag has.

        :raises GovernanceError: ``CONTRACT_CHANGED``; the candidate stays.
        """
        today = self.contract_hashes(load.dataset) if self.contract_hashes is not None else None
        if today is not None and today != load.contract_hash:
            raise GovernanceError(
                Reason.CONTRACT_CHANGED,
                f"The contract of {load.dataset} changed after load {load.load_id} was written under it "
                f"(then {load.contract_hash[:12]}, now {today[:12]}): run the task that loads it again. The "
                f"candidate stays.",
                dataset=str(load.dataset),
                load_id=load.load_id,
            )


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with the verdict on it.

    :param candidate: the snapshot, on today's main.
    :param loads: the loads it carries.
    :param contract: what was promised.
    :param verdict: the result of checking exactly this snapshot against this contract.
    """

    candidate: Candidate
    loads: tuple[Load, ...]
    contract: Contract
    verdict: Verdict

    @property
    def dataset(self) -> DatasetName:
        """The dataset."""
        return self.candidate.dataset


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a gate decided.

    :param judged: on what.
    :param ruling: what.
    :param waiver: the waiver that allowed it, where one did.
    """

    judged: Judged
    ruling: Ruling
    waiver: Waiver | None = None


def rule_on(governance: Governance, judged: Judged, on_failure: OnFailure) -> Ruled:
    """Decide on a verdict; nothing is recorded."""
    if judged.verdict.passed:
        return Ruled(judged, Ruling.PASSED)
    waiver = _covering(governance, judged)
    if waiver is not None:
        return Ruled(judged, Ruling.WAIVED, waiver)
    ruling = {OnFailure.WARN: Ruling.WARNED, OnFailure.REVIEW: Ruling.REVIEW}.get(on_failure, Ruling.REFUSED)
    return Ruled(judged, ruling)


def rule_name(result: RuleResult) -> str:
    """What a rule is called where it must be told from all others of its verdict.

    Rules that every dataset has are there once per column: ``required(flight)``.
    """
    if result.check or not result.columns:
        return result.rule
    return f"{result.rule}({', '.join(result.columns)})"


def _covering(governance: Governance, judged: Judged) -> Waiver | None:
    """A waiver of every rule that blocks, granted for the very rows of this candidate."""
    candidate, verdict = judged.candidate, judged.verdict
    blocking = {rule_name(result) for result in verdict.blocking}
    waivers = governance.store.waivers.valid(
        candidate.dataset, candidate.load_ids, judged.contract.hash, governance.clock()
    )
    covering = [waiver for waiver in waivers if blocking <= set(waiver.rules)]
    if not covering:
        return None
    facts = governance.lake.snapshot(candidate.dataset, candidate.snapshot_id)
    same_rows = {candidate.snapshot_id, *(facts.made_of if facts is not None else ())}
    for waiver in covering:
        looked_at = governance.store.verdicts.get(waiver.verdict_id)
        if looked_at is not None and looked_at.snapshot_id in same_rows:
            return waiver
    return None
