"""Rows that an upsert gives back: what its load had replaced under keys that it no longer brings.

A load that runs again leaves what it would have left the first time. Keys it does not bring any more
had rows of other loads before; those come back from the newest version that had them. Keys that the
load had inserted go. Where maintenance removed the versions that would tell, the rows stay as they are.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from airflow_gov.lake.files import FileFacts, live_files
from airflow_gov.lake.rewriting import FILE, Doomed, Session, group_by_partition, path_of
from airflow_gov.lake.scanning import Source
from airflow_gov.lake.summaries import notes_of
from airflow_gov.lake.types import quoted
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.loads import WriteMode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pyiceberg.table import FileScanTask, Table
    from pyiceberg.table.snapshots import Snapshot

_LOST = "__airflow_gov_lost"
_FOUND = "__airflow_gov_found"
_LOAD = quoted(LOAD_ID_COLUMN)


class Restoration:
    """What one run of an upsert load gives back.

    :param table: the table.
    :param session: where it is worked out.
    :param own: the files that may hold rows of the load's run before.
    :param keys: the key columns.
    """

    def __init__(
        self, table: Table, session: Session, own: Sequence[FileScanTask], keys: Sequence[str]
    ) -> None:
        self._table = table
        self._session = session
        self._own = own
        self._keys = tuple(keys)
        self._names = ", ".join(quoted(key) for key in keys)
        same = " AND ".join(f"r.{quoted(key)} IS NOT DISTINCT FROM k.{quoted(key)}" for key in keys)
        self._is_lost = f"EXISTS (SELECT 1 FROM {_LOST} k WHERE {same})"  # noqa: S608 - names are quoted

    def write(self, doomed: Doomed, history: Sequence[Snapshot], beside: Collection[str]) -> list[Path]:
        """Write the rows that come back into local files, each of one partition and one load.

        :param doomed: the rows that the load takes out of the table.
        :param history: the base and its ancestors, newest first.
        :param beside: loads that are applied with this one: their earlier rows do not come back.
        """
        self._note_lost(doomed)
        written: list[Path] = []
        owners, replaced = {doomed.load_id}, {doomed.load_id, *beside}
        for snapshot, before in pairwise(history):
            if not self._lost():
                return written
            notes = notes_of(snapshot)
            replaced.update(note.id for note in notes)
            if any(note.id in owners and note.mode is WriteMode.UPSERT for note in notes):
                written += self._from_version(before, replaced)
                owners |= self._look_further()
        # Snapshots are numbered from 1; removing one makes its child look like a first.
        if self._lost() and (not history or history[-1].sequence_number != 1):
            written += self._kept(doomed)
        return written

    def _note_lost(self, doomed: Doomed) -> None:
        """The keys of the load's rows that the new run does not bring."""
        self._session.prepare_keys(doomed)
        with self._session.rows(self._source(self._own), (LOAD_ID_COLUMN, *self._keys)) as rows:
            self._session.run(
                f"CREATE OR REPLACE TEMP TABLE {_LOST} AS SELECT DISTINCT {self._names} FROM {rows} r "  # noqa: S608
                f"WHERE {self._session.own(doomed)} AND NOT {self._session.matched(doomed)}"
            )

    def _lost(self) -> bool:
        return bool(self._session.run(f"SELECT 1 FROM {_LOST} LIMIT 1"))  # noqa: S608

    def _from_version(self, version: Snapshot, replaced: Collection[str]) -> list[Path]:
        """Lost rows as a version had them, but for those of loads that ran again since."""
        tasks = self._suspects(version)
        again = ", ".join(f"'{load_id}'" for load_id in sorted(replaced))
        is_open = f"coalesce(r.{_LOAD} IN ({again}), false)"
        with self._session.rows(self._source(tasks), (LOAD_ID_COLUMN, *self._keys), with_file=True) as rows:
            self._session.run(
                f"CREATE OR REPLACE TEMP TABLE {_FOUND} AS SELECT {self._names}, {_LOAD}, {FILE}, "  # noqa: S608
                f"{is_open} AS is_open FROM {rows} r WHERE {self._is_lost}"
            )
        hit = self._session.run(f"SELECT DISTINCT {FILE} FROM {_FOUND} WHERE NOT is_open")  # noqa: S608
        paths = {path for (path,) in hit}
        return self._written([task for task in tasks if path_of(task) in paths], f"NOT {is_open}")

    def _look_further(self) -> set[str]:
        """Keep looking for keys whose rows were of loads that ran again; gives those loads."""
        self._session.run(
            f"CREATE OR REPLACE TEMP TABLE {_LOST} AS SELECT {self._names} FROM {_FOUND} WHERE is_open "  # noqa: S608
            f"EXCEPT SELECT {self._names} FROM {_FOUND} WHERE NOT is_open"
        )
        return {load for (load,) in self._session.run(f"SELECT DISTINCT {_LOAD} FROM {_FOUND} WHERE is_open")}  # noqa: S608

    def _kept(self, doomed: Doomed) -> list[Path]:
        return self._written(self._own, self._session.own(doomed))

    def _written(self, tasks: Sequence[FileScanTask], condition: str) -> list[Path]:
        facts = FileFacts(self._table.schema())
        groups = group_by_partition(tasks, [facts.load_of(task.file) for task in tasks])
        return [
            path
            for group in groups
            for path in self._session.write(self._source(group), f"WHERE {self._is_lost} AND {condition}")
        ]

    def _suspects(self, version: Snapshot) -> list[FileScanTask]:
        """Files of a version that may hold a lost key, by their statistics."""
        facts = FileFacts(self._table.schema())
        spans = {key: facts.span([task.file for task in self._own], key) for key in self._keys}
        return [task for task in live_files(self._table, version) if facts.may_overlap(task.file, spans)]

    def _source(self, tasks: Sequence[FileScanTask]) -> Source:
        return Source(self._table, self._table.schema(), tuple(tasks))
