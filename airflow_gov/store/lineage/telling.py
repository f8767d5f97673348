"""Finds and keeps what jobs tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from airflow_gov.store.lineage.asking import among, listed
from airflow_gov.store.lineage.tellings import compress, pack, unpack
from airflow_gov.store.lineage_tables import telling
from airflow_gov.store.statements import insert_missing

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from airflow_gov.model.intake import Told
    from airflow_gov.store.lineage.known import Known


class Tellings:
    """Tellings by their ids, and ids by what is told."""

    def __init__(self, connection: Connection, known: Known) -> None:
        self._connection = connection
        self._known = known

    def load(self, ids: Collection[int]) -> None:
        """Make tellings known, so that :meth:`told` gives them."""
        missing = sorted(each for each in set(ids) if each not in self._known.told)
        if missing:
            query = select(telling.c.telling_id, telling.c.body)
            query = query.where(among(self._connection, telling.c.telling_id, missing))
            for telling_id, body in self._connection.execute(query):
                self._known.told[telling_id] = unpack(body)

    def told(self, telling_id: int) -> Told:
        """What was told."""
        if telling_id not in self._known.told:
            self.load((telling_id,))
        return self._known.told[telling_id]

    def keep(self, told: Collection[tuple[int, Told]]) -> list[int]:
        """Keep what jobs told.

        :param told: of each job's id.
        :returns: the tellings' ids, in the same order.
        """
        packed = [(job_id, *pack(each)) for job_id, each in told]
        keys = {(job_id, hashed): text for job_id, hashed, text in packed}
        missing = sorted(key for key in keys if key not in self._known.tellings)
        if missing:
            self._find(missing)
            rows = [
                {"job_id": key[0], "hash": key[1], "body": compress(keys[key])}
                for key in missing
                if key not in self._known.tellings
            ]
            insert_missing(self._connection, telling, rows)
            if rows:
                self._find(missing)
        found = [self._known.tellings[job_id, hashed] for job_id, hashed, _ in packed]
        for telling_id, (_, each) in zip(found, told, strict=True):
            self._known.told.setdefault(telling_id, each)
        return found

    def _find(self, keys: list[tuple[int, str]]) -> None:
        wanted = listed(self._connection, keys, wanted_job=int, wanted_hash=str)
        same = (telling.c.job_id == wanted.c.wanted_job) & (telling.c.hash == wanted.c.wanted_hash)
        query = select(telling.c.telling_id, telling.c.job_id, telling.c.hash).select_from(wanted)
        for row in self._connection.execute(query.join(telling, same)):
            self._known.tellings[row.job_id, row.hash] = row.telling_id

    def is_within(self, one: int, other: int) -> bool:
        """Whether a telling has no edge that the other has not."""
        if one == other:
            return True
        key = (one, other)
        if key not in self._known.within:
            self._known.within[key] = _is_within(self.told(one), self.told(other))
        return self._known.within[key]


def _is_within(one: Told, other: Told) -> bool:
    return (
        one.inputs <= other.inputs
        and one.outputs <= other.outputs
        and set(one.column_edges) <= set(other.column_edges)
        and one.dataset_edges <= other.dataset_edges
    )
