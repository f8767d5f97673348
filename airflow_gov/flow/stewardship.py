"""Who answers for a dataset's exceptions, by when, and the reviews they are asked for."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.flow.promises import kept_contract
from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.verdicts import Review

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Version
    from airflow_gov.model.verdicts import Decision
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

#: How long a steward has, where the contract does not say.
REVIEW_PERIOD = timedelta(days=2)
#: What is longer is a slip.
LONGEST_PERIOD = timedelta(days=3660)
#: The ODCS ``slaProperties`` that say it, in lower case.
_PROPERTIES = ("reviewdeadline", "review")


def review_period(contract: Contract) -> timedelta:
    """How long a steward has to confirm what was published although rules failed.

    It is ``slaProperties`` ``reviewDeadline`` (or ``review``) of the contract, with value and unit.

    :raises GovernanceError: ``CONTRACT_INVALID`` when that is no length of time.
    """
    for entry in contract.sla:
        if str(entry.get("property", "")).lower() not in _PROPERTIES:
            continue
        try:
            period = read_duration(entry.get("value"), entry.get("unit") or "d")
        except ValueError as error:
            raise _no_period(contract, str(error)) from None
        if period > LONGEST_PERIOD:
            raise _no_period(contract, f"longer than {LONGEST_PERIOD.days // 366} years")
        return period
    return REVIEW_PERIOD


def _no_period(contract: Contract, why: str) -> GovernanceError:
    return GovernanceError(
        Reason.CONTRACT_INVALID,
        f"{contract.dataset}: the review's deadline in slaProperties: {why}.",
        dataset=str(contract.dataset),
    )


def require_stewards(contract: Contract) -> None:
    """Refuse what needs a steward where the contract names none.

    :raises GovernanceError: ``STEWARD_REQUIRED``.
    """
    if not contract.stewards:
        raise GovernanceError(
            Reason.STEWARD_REQUIRED,
            f"{contract.dataset} has no steward: name one in its contract (team member with the role "
            f"steward), or let the gate fail instead.",
            dataset=str(contract.dataset),
        )


def stewards_of(governance: Governance, dataset: DatasetName, contract_hash: str) -> tuple[str, ...]:
    """Who may decide on a candidate or version of a dataset.

    Its own contract names them and, where a version is published, that of the current one does, too: a
    load that no gate let through makes nobody a steward, its own included.

    :param contract_hash: the contract of what is decided on.
    :raises GovernanceError: ``STEWARD_REQUIRED`` when that is nobody.
    """
    contract = kept_contract(governance, dataset, contract_hash)
    require_stewards(contract)
    current = governance.store.versions.current(dataset)
    if current is None or current.contract_hash in (None, contract_hash):
        return contract.stewards
    published = kept_contract(governance, dataset, current.contract_hash)
    common = tuple(steward for steward in contract.stewards if steward in published.stewards)
    if not common:
        raise GovernanceError(
            Reason.STEWARD_REQUIRED,
            f"Nobody is a steward of {dataset} by both contracts: that of what is decided on names "
            f"{', '.join(contract.stewards)}, that of the current version {current.version} names "
            f"{', '.join(published.stewards) or 'nobody'}.",
            dataset=str(dataset),
        )
    return common


def require_steward(governance: Governance, dataset: DatasetName, contract_hash: str, steward: str) -> None:
    """Refuse what only a steward of the dataset may do.

    :param contract_hash: the contract of what is decided on.
    :param steward: who wants to.
    :raises GovernanceError: ``STEWARD_REQUIRED``.
    """
    stewards = stewards_of(governance, dataset, contract_hash)
    if steward not in stewards:
        raise GovernanceError(
            Reason.STEWARD_REQUIRED,
            f"{steward!r} is no steward of {dataset}: its contract names {', '.join(stewards)}.",
            dataset=str(dataset),
            steward=steward,
        )


def contract_of(governance: Governance, review: Review) -> str:
    """The hash of the contract under which the version was published that a review is of.

    :raises GovernanceError: ``CONTRACT_MISSING`` when the store does not know it.
    """
    version = governance.store.versions.get(review.dataset, review.version)
    if version is None or version.contract_hash is None:
        raise GovernanceError(
            Reason.CONTRACT_MISSING,
            f"The contract of {review.dataset} version {review.version} is not in the store.",
            dataset=str(review.dataset),
        )
    return version.contract_hash


def require_reason(dataset: DatasetName, reason: str, act: str) -> None:
    """Refuse an act of a steward without a word of why.

    :param act: what it is, e.g. ``confirmed``.
    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if not reason.strip():
        raise GovernanceError(Reason.PARAMETER_INVALID, f"Say why {dataset} is {act} (reason).")


def review_id_of(dataset: DatasetName, snapshot_id: int) -> str:
    """The id of a snapshot's review: the same for everybody who opens it."""
    return hashlib.sha256(f"{dataset} {snapshot_id}".encode()).hexdigest()[:16]


def open_review(governance: Governance, version: Version, decision: Decision, *, actor: str) -> Review:
    """Ask the steward to confirm a version. Asked again, the review stays as it is.

    :param version: what was published.
    :param decision: the gate's, whose moment the deadline counts from.
    :param actor: who published it.
    """
    contract = kept_contract(governance, version.dataset, decision.contract_hash)
    review = Review(
        review_id=review_id_of(version.dataset, version.snapshot_id),
        dataset=version.dataset,
        version=version.version,
        snapshot_id=version.snapshot_id,
        verdict_id=decision.verdict_id,
        opened_at=decision.decided_at,
        deadline=decision.decided_at + review_period(contract),
    )
    with governance.store.transaction():
        if governance.store.reviews.open(review):
            log_review(governance, "review.opened", review, actor, governance.clock())
        return governance.store.reviews.get(review.review_id) or review


def log_review(
    governance: Governance, action: str, review: Review, actor: str, at: datetime, **details: object
) -> None:
    """Append what became of a review to the log."""
    facts = {
        "review": review.review_id,
        "version": review.version,
        "snapshot": review.snapshot_id,
        "verdict": review.verdict_id,
        "deadline": review.deadline.isoformat(timespec="seconds"),
        "steward": review.steward,
        "decided_by": review.decided_by,
        "reason": review.reason,
        **details,
    }
    told = {name: value for name, value in facts.items() if value is not None}
    governance.store.log.append(
        LogEntry(action=action, subject=str(review.dataset), actor=actor, at=at, details=told)
    )
