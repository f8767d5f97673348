"""Takes events in: each in one transaction with everything that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.intake import Recorded
from airflow_gov.store.lineage.batch import Batch
from airflow_gov.store.lineage.events import keep_events, order
from airflow_gov.store.lineage.identities import mention
from airflow_gov.store.lineage.known import Memory, enter
from airflow_gov.store.lineage.names import NotAloneError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_gov.model.lineage import Origin, Projection
    from airflow_gov.store.database import Database

#: How often a transaction is begun anew that PostgreSQL gave up because of another one.
_TRIES = 5
#: SQLSTATE of such an end: serialization failure, deadlock.
_GIVEN_UP = ("40001", "40P01")


class Writing:
    """Writes events and the graph that follows from them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory = Memory()

    def record(self, projections: Sequence[Projection], *, origin: Origin, at: datetime) -> Recorded:
        """Take events in, all or none. An event that was taken in before changes nothing.

        Events may come in any order: the graph is the same in the end.

        :param projections: what is to be remembered of each.
        :param origin: how they came.
        :param at: when.
        """
        if not projections:
            return Recorded(0)
        # Inside a transaction of the caller nothing can be begun anew.
        nested = self._database.in_transaction
        alone = nested or self._has_news(projections)
        for left in reversed(range(_TRIES)):
            try:
                return self._record(projections, origin, at, alone=alone, nested=nested)
            except NotAloneError:
                alone = True
            except GovernanceError as error:
                if nested or not left or not _was_given_up(error):
                    raise
        return self._record(projections, origin, at, alone=True, nested=nested)

    def _has_news(self, projections: Sequence[Projection]) -> bool:
        """Whether a dataset is named as it was never named before, as far as this process knows."""
        known = self._memory.last().mentions
        return any(mention(facts) not in known for each in projections for facts in each.datasets)

    def _record(
        self, projections: Sequence[Projection], origin: Origin, at: datetime, *, alone: bool, nested: bool
    ) -> Recorded:
        first = {each.event.key: each for each in reversed(projections)}
        with self._database.transaction() as connection:
            known = self._memory.recall(enter(connection, alone=alone))
            new = keep_events(connection, [each.event for each in first.values()], origin=origin, at=at)
            fresh = sorted((first[key] for key in new), key=lambda each: order(each.event))
            Batch(connection, known, alone=alone).write(fresh)
        if not nested:
            self._memory.learn(known)
        return Recorded(len(new), len(projections) - len(new), frozenset(first.keys() - new))


def _was_given_up(error: GovernanceError) -> bool:
    original = getattr(error.__cause__, "orig", None)
    return getattr(original, "pgcode", None) in _GIVEN_UP
