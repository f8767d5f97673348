"""Reviews: versions that stewards confirm after they were published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, Select, and_, false, or_, select, update

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.verdicts import Review, ReviewState
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.catalogue_rows import catalogued
from airflow_gov.store.gate_tables import review as table
from airflow_gov.store.statements import insert_new

if TYPE_CHECKING:
    import builtins
    from datetime import datetime

    from airflow_gov.store.database import Database


class Reviews:
    """Every review, open and decided ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, review: Review) -> bool:
        """Open a review. Opened again, nothing changes, whatever was decided since.

        :returns: whether it is new.
        """
        row = {name: getattr(review, name) for name in _NAMES} | {
            "dataset": str(review.dataset),
            "state": review.state.value,
            "settled": False,
        }
        with self._database.transaction() as connection:
            catalogued(self._database, review.dataset)
            return insert_new(connection, table, row)

    def get(self, review_id: str) -> Review | None:
        """One review."""
        found = self._list(select(table).where(table.c.review_id == review_id))
        return found[0] if found else None

    def for_snapshot(self, dataset: DatasetName, snapshot_id: int) -> Review | None:
        """The review of a snapshot."""
        query = select(table).where(table.c.dataset == str(dataset), table.c.snapshot_id == snapshot_id)
        found = self._list(query.order_by(table.c.opened_at.desc()).limit(1))
        return found[0] if found else None

    def list(
        self, dataset: DatasetName | None = None, state: ReviewState | None = None, limit: int | None = None
    ) -> builtins.list[Review]:
        """Reviews, newest first.

        :param dataset: only this dataset's.
        :param state: only those that stand there.
        :param limit: how many at most; default: all.
        """
        query = select(table).order_by(table.c.opened_at.desc(), table.c.review_id.desc())
        if dataset is not None:
            query = query.where(table.c.dataset == str(dataset))
        if state is not None:
            query = query.where(table.c.state == state.value)
        return self._list(query if limit is None else query.limit(limit))

    def due(self, now: datetime, dataset: DatasetName | None = None) -> builtins.list[Review]:
        """Reviews that something must be done about, oldest deadline first.

        Those that nobody decided by their deadline; and those that were rejected or overdue and whose
        version was not taken back yet, because the process that was about to was killed.

        :param dataset: only this dataset's.
        """
        late = and_(table.c.state == ReviewState.OPEN.value, table.c.deadline <= now)
        to_finish = table.c.state.in_([ReviewState.REJECTED.value, ReviewState.OVERDUE.value])
        query = select(table).where(table.c.settled == false(), or_(late, to_finish))
        if dataset is not None:
            query = query.where(table.c.dataset == str(dataset))
        return self._list(query.order_by(table.c.deadline, table.c.review_id))

    def decide(
        self,
        review_id: str,
        state: ReviewState,
        steward: str | None,
        decided_by: str,
        reason: str,
        at: datetime,
    ) -> Review:
        """Decide an open review, once: of two at the same moment one wins.

        :param state: what was decided.
        :param steward: who; None where a deadline did.
        :param decided_by: how and as whom.
        :returns: the review as it stands now.
        :raises GovernanceError: ``PARAMETER_INVALID`` when there is no such review, or it was decided.
        """
        values = {
            "state": state.value,
            "steward": steward,
            "decided_by": decided_by,
            "decided_at": at,
            "reason": reason,
            "settled": state is ReviewState.CONFIRMED,
        }
        still_open = (table.c.review_id == review_id, table.c.state == ReviewState.OPEN.value)
        with self._database.transaction() as connection:
            decided = connection.execute(update(table).where(*still_open).values(values)).rowcount
            review = self.get(review_id)
            if review is not None and decided:
                catalogued(self._database, review.dataset)
        if review is None:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"There is no review {review_id!r}. See: airflow-gov gates list",
                review_id=review_id,
            )
        if not decided:
            raise _decided(review)
        return review

    def settle(self, review_id: str) -> bool:
        """Record that what a decision asked for has been done.

        :returns: whether it was this call that did.
        """
        unsettled = (table.c.review_id == review_id, table.c.settled == false())
        with self._database.transaction() as connection:
            return connection.execute(update(table).where(*unsettled).values(settled=True)).rowcount == 1

    def _list(self, query: Select[Any]) -> builtins.list[Review]:
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


_NAMES = tuple(column.name for column in table.columns if column.name != "settled")


def _read(row: RowMapping) -> Review:
    values = {name: row[name] for name in _NAMES}
    return Review(
        **values | {"dataset": DatasetName.parse(row["dataset"]), "state": ReviewState(row["state"])}
    )


def _decided(review: Review) -> GovernanceError:
    who = f" by {review.steward}" if review.steward else ""
    when = review.decided_at.isoformat(timespec="seconds") if review.decided_at else "before"
    return GovernanceError(
        Reason.PARAMETER_INVALID,
        f"The review of {review.dataset} version {review.version} is {review.state} already{who} ({when}): "
        "a review is decided once.",
        review_id=review.review_id,
        state=review.state.value,
    )
