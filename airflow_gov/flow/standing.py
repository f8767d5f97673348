"""How everything stands that a gate has to do with: candidates, reviews, waivers. Only the store is asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_gov.flow.deciding import rule_name
from airflow_gov.model.verdicts import ReviewState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_gov.model.loads import Load
    from airflow_gov.model.verdicts import Review, Verdict, Waiver
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store import Store

#: Verdicts of a dataset that are looked through for those on its candidates.
RECENT = 200


class Stand(StrEnum):
    """Where something stands."""

    WAITING = "waiting"
    """A candidate that no gate has looked at."""
    FAILED = "failed"
    """A candidate that breaks rules."""
    PASSED = "passed"
    """A candidate that keeps its contract and is about to be published."""
    WAIVED = "waived"
    """A candidate whose broken rules a steward waived: its gate publishes it when it runs again."""
    REVIEW = "review"
    """A version that waits for its confirmation."""
    OVERDUE = "overdue"
    """A version that nobody confirmed in time, or that was rejected, and that was not taken back yet."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate and what is known of it.

    :param load: the load.
    :param stand: where it stands.
    :param verdict: the newest verdict on what it holds now.
    :param waiver: the waiver that holds for it now.
    """

    load: Load
    stand: Stand
    verdict: Verdict | None = None
    waiver: Waiver | None = None


def candidates(store: Store, now: datetime, dataset: DatasetName | None = None) -> list[Standing]:
    """Every candidate, newest first.

    :param now: whether waivers hold.
    :param dataset: only this dataset's.
    """
    loads = store.loads.waiting(dataset, limit=1_000)
    verdicts = {name: store.verdicts.list(name, RECENT) for name in {load.dataset for load in loads}}
    return [_standing(store, now, load, verdicts[load.dataset]) for load in loads]


def reviews(store: Store, now: datetime, dataset: DatasetName | None = None) -> list[tuple[Stand, Review]]:
    """Every review that somebody has to do something about, by its deadline."""
    due = {review.review_id: review for review in store.reviews.due(now, dataset)}
    others = [
        review for review in store.reviews.list(dataset, ReviewState.OPEN) if review.review_id not in due
    ]
    found = [
        *((Stand.OVERDUE, review) for review in due.values()),
        *((Stand.REVIEW, review) for review in others),
    ]
    return sorted(found, key=lambda each: (each[1].deadline, each[1].review_id))


def waivers(store: Store, now: datetime, dataset: DatasetName | None = None) -> list[Waiver]:
    """Every waiver that holds now, newest first."""
    return [waiver for waiver in store.waivers.list(dataset, limit=1_000) if waiver.expires_at > now]


def _standing(store: Store, now: datetime, load: Load, verdicts: Sequence[Verdict]) -> Standing:
    verdict = next((each for each in verdicts if _is_about(each, load)), None)
    if verdict is None:
        return Standing(load, Stand.WAITING)
    if verdict.passed:
        return Standing(load, Stand.PASSED, verdict)
    blocking = {rule_name(result) for result in verdict.blocking}
    for waiver in store.waivers.valid(load.dataset, verdict.load_ids, verdict.contract_hash, now):
        if blocking <= set(waiver.rules):
            return Standing(load, Stand.WAIVED, verdict, waiver)
    return Standing(load, Stand.FAILED, verdict)


def _is_about(verdict: Verdict, load: Load) -> bool:
    """Whether a verdict is about what a load holds now, not about what an earlier try of it wrote."""
    if load.load_id not in verdict.load_ids:
        return False
    return load.updated_at is None or verdict.checked_at >= load.updated_at
