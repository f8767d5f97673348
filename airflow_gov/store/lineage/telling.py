"""Finds and keeps what jobs tell."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from airflow_gov.store.lineage.asking import Listed, among, parameter
from airflow_gov.store.lineage.bulk import put
from airflow_gov.store.lineage.tellings import body_of, compress, hash_of, unpack
from airflow_gov.store.lineage_tables import run, telling

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Select

    from airflow_gov.model.intake import Told
    from airflow_gov.store.database import Database
    from airflow_gov.store.lineage.known import Draft

_HASHES = Listed(wanted_job=int, wanted_hash=str)


class Tellings:
    """Tellings by their ids, and ids by what is told."""

    def __init__(self, connection: Connection, known: Draft) -> None:
        self._connection = connection
        self._known = known

    def load(self, ids: Collection[int]) -> None:
        """Make tellings known, so that :meth:`told` gives them."""
        missing = sorted(each for each in set(ids) if each not in self._known.told)
        if missing:
            dialect = self._connection.dialect.name
            given = {"ids": parameter(dialect, missing)}
            for telling_id, body in self._connection.execute(_bodies(dialect), given):
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
        keys = [(job_id, hash_of(each)) for job_id, each in told]
        missing = sorted({key for key in keys if key not in self._known.tellings})
        if missing:
            self._find(missing)
            new = dict(zip(keys, (each for _, each in told), strict=True))
            rows = [
                {"job_id": key[0], "hash": key[1], "body": compress(body_of(new[key]))}
                for key in missing
                if key not in self._known.tellings
            ]
            put(self._connection, telling, rows)
            if rows:
                self._find(missing)
        found = [self._known.tellings[key] for key in keys]
        for telling_id, (_, each) in zip(found, told, strict=True):
            if telling_id not in self._known.told:
                self._known.told[telling_id] = each
        return found

    def _find(self, keys: list[tuple[int, str]]) -> None:
        dialect = self._connection.dialect.name
        for row in self._connection.execute(_hashed(dialect), _HASHES.given(dialect, keys)):
            self._known.tellings[row.job_id, row.hash] = row.telling_id

    def is_within(self, one: int, other: int) -> bool:
        """Whether a telling has no edge that the other has not."""
        if one == other:
            return True
        key = (one, other)
        if key not in self._known.within:
            self._known.within[key] = _is_within(self.told(one), self.told(other))
        return self._known.within[key]


@cache
def _bodies(dialect: str) -> Select[Any]:
    query = select(telling.c.telling_id, telling.c.body)
    return query.where(among(dialect, telling.c.telling_id, "ids"))


@cache
def _hashed(dialect: str) -> Select[Any]:
    wanted = _HASHES.table(dialect)
    same = (telling.c.job_id == wanted.c.wanted_job) & (telling.c.hash == wanted.c.wanted_hash)
    query = select(telling.c.telling_id, telling.c.job_id, telling.c.hash).select_from(wanted)
    return query.join(telling, same)


class Sayings:
    """What single runs told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, run_ids: Collection[str]) -> dict[str, Told]:
        """What runs told of their lineage, in all their events; runs that told nothing are left out.

        :param run_ids: OpenLineage's.
        """
        query = select(run.c.run_id, telling.c.telling_id, telling.c.body)
        query = query.join(telling, telling.c.telling_id == run.c.telling_id)
        found: dict[int, Told] = {}
        told: dict[str, Told] = {}
        with self._database.read() as connection:
            for run_id, telling_id, body in connection.execute(
                query.where(among(connection.dialect.name, run.c.run_id, sorted(run_ids)))
            ):
                if telling_id not in found:
                    found[telling_id] = unpack(body)
                told[run_id] = found[telling_id]
        return told


def _is_within(one: Told, other: Told) -> bool:
    return (
        one.inputs <= other.inputs
        and one.outputs <= other.outputs
        and set(one.column_edges) <= set(other.column_edges)
        and one.dataset_edges <= other.dataset_edges
    )
