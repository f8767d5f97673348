"""What a load changes in a table, per write mode: worked out on lists of files before any commit.

In every mode the rows that the same load brought earlier are replaced, which makes a load idempotent:
a second run of it, or the run after a clear, never doubles a row.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from pyiceberg.table import FileScanTask, Table

from airflow_gov.lake.files import FileFacts, holding_load
from airflow_gov.lake.registering import take_over
from airflow_gov.lake.restoring import Restoration
from airflow_gov.lake.rewriting import Doomed, Hits, Rewriter, Session, group_by_partition, path_of
from airflow_gov.lake.scanning import Source
from airflow_gov.lake.storage import delete_files
from airflow_gov.lake.summaries import LoadNote
from airflow_gov.model.loads import RowCounts, WriteMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from pyiceberg.manifest import DataFile
    from pyiceberg.table.snapshots import Snapshot

#: Below the table's data folder: what was left of files that lost rows.
REWRITTEN_FOLDER = "rewritten"


@dataclass(frozen=True, slots=True)
class StagedLoad:
    """A load's data files, ready to be put into a table.

    :param load_id: the load.
    :param mode: how it is applied.
    :param files: its data files; every row of them is the load's.
    :param keys: key columns, for ``upsert``.
    :param made_of: the candidate snapshots the files are taken from.
    """

    load_id: str
    mode: WriteMode
    files: tuple[DataFile, ...]
    keys: tuple[str, ...] = ()
    made_of: tuple[int, ...] = ()

    @property
    def note(self) -> LoadNote:
        """What a snapshot says about it."""
        return LoadNote(self.load_id, self.mode, self.keys, self.made_of)

    @property
    def rows(self) -> int:
        """Rows in its files."""
        return sum(file.record_count for file in self.files)


@dataclass(slots=True)
class _Removal:
    """Rows that a load takes out of the table."""

    rows: int = 0
    matched: int = 0

    def add(self, hits: Hits) -> None:
        self.rows += hits.rows
        self.matched += hits.matched


@dataclass
class Change:
    """The difference between a base snapshot and the table with loads applied, in files.

    Use it as a context manager: files that were rewritten for it are deleted when it fails.

    :param table: the table the base is in.
    :param base: the base snapshot's files; read when the first load needs them.
    :param rewriter: what takes rows out of files.
    :param history: the base snapshot and its ancestors, newest first.
    """

    table: Table
    base: Callable[[], Sequence[FileScanTask]]
    rewriter: Rewriter
    history: Sequence[Snapshot] = ()
    _files: dict[str, FileScanTask] | None = None
    _added: dict[str, FileScanTask] = field(default_factory=dict)
    _removed: dict[str, FileScanTask] = field(default_factory=dict)
    _rewritten: list[DataFile] = field(default_factory=list)
    _applied: set[str] = field(default_factory=set)
    _stack: ExitStack = field(default_factory=ExitStack)
    _session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._session = None

    @property
    def added(self) -> list[DataFile]:
        """Files that come in, those with what is left of others among them."""
        return [task.file for task in self._added.values()]

    @property
    def removed(self) -> list[DataFile]:
        """Files that go out."""
        return [task.file for task in self._removed.values()]

    def abandon(self) -> None:
        """Delete the files that were written for this change; it was not and will not be committed."""
        delete_files(self.table.io, [file.file_path for file in self._rewritten])

    def apply(self, load: StagedLoad, *, is_new: bool = False) -> RowCounts:
        """Apply a load beside those that were applied before.

        What it overwrites is what the base held, never what the loads beside it bring: tasks that
        publish together are one act, in whatever order they finished. An upsert does take keys over
        from them, because a key has one row.

        :param is_new: no row of this load can be in the table, so an append need not look.
        :returns: rows written, inserted, updated and deleted.
        """
        removal = _Removal()
        given_back = [] if is_new else self._given_back(load)
        if not (is_new and load.mode is WriteMode.APPEND):
            self._drop_whole(load, removal)
            self._drop_rows(load, removal)
        for file in load.files:
            self._add(FileScanTask(file))
        self.replace([], given_back)
        self._applied.add(load.load_id)
        return RowCounts(
            written=load.rows,
            inserted=max(load.rows - removal.matched, 0),
            updated=removal.matched,
            deleted=removal.rows - removal.matched - sum(file.record_count for file in given_back),
        )

    def replace(self, old: Sequence[FileScanTask], new: Iterable[DataFile]) -> None:
        """Put files in the place of others that hold the same rows."""
        for task in old:
            self._remove(task)
        for file in new:
            self._rewritten.append(file)
            self._add(FileScanTask(file))

    def _drop_whole(self, load: StagedLoad, removal: _Removal) -> None:
        """Files that go as a whole: a matter of metadata."""
        facts = FileFacts(self.table.schema())
        partitions = {repr(file.partition) for file in load.files}
        for task in list(self._current().values()):
            load_of = facts.load_of(task.file)
            # Rows that an applied load had in the base are gone, so a file of it is what it brings now.
            if load_of in self._applied:
                continue
            in_partition = repr(task.file.partition) in partitions
            if (
                load.mode is WriteMode.OVERWRITE
                or (load.mode is WriteMode.OVERWRITE_PARTITION and in_partition)
                # An upsert counts the keys it replaces, so it looks into its own files too.
                or (load.mode is not WriteMode.UPSERT and load_of == load.load_id)
            ):
                removal.add(Hits(self._source([task]).count_of(task), 0))
                self._remove(task)

    def _drop_rows(self, load: StagedLoad, removal: _Removal) -> None:
        """Rows that go while others of their file stay: those files are rewritten."""
        suspects = self._suspects(load)
        if not suspects:
            return
        doomed = self._doomed(load)
        session = self._open_session()
        by_path = {path_of(task): task for task in suspects}
        hit: list[FileScanTask] = []
        for path, hits in session.hits(self._source(suspects), doomed).items():
            removal.add(hits)
            hit.append(by_path[path])
        facts = FileFacts(self.table.schema())
        for group in group_by_partition(hit, [facts.load_of(task.file) for task in hit]):
            left = session.without(self._source(group), doomed)
            self.replace(group, take_over(self.table, left, REWRITTEN_FOLDER))

    def _given_back(self, load: StagedLoad) -> list[DataFile]:
        """Rows that come back when an upsert ran before and brings fewer keys now."""
        own = holding_load(self.table, list(self._current().values()), load.load_id) if load.keys else []
        if not own:
            return []
        restoration = Restoration(self.table, self._open_session(), own, load.keys)
        paths = restoration.write(self._doomed(load), self.history, self._applied)
        return take_over(self.table, paths, REWRITTEN_FOLDER)

    def _suspects(self, load: StagedLoad) -> list[FileScanTask]:
        """Files that may hold rows which go, by their statistics."""
        tasks = list(self._current().values())
        suspects = {task.file.file_path: task for task in holding_load(self.table, tasks, load.load_id)}
        if load.mode is WriteMode.UPSERT and load.files:
            facts = FileFacts(self.table.schema())
            spans = {key: facts.span(load.files, key) for key in load.keys}
            suspects.update(
                {task.file.file_path: task for task in tasks if facts.may_overlap(task.file, spans)}
            )
        return list(suspects.values())

    def _doomed(self, load: StagedLoad) -> Doomed:
        if load.mode is not WriteMode.UPSERT or not load.files:
            return Doomed(load.load_id)
        return Doomed(load.load_id, self._source([FileScanTask(file) for file in load.files]), load.keys)

    def _source(self, tasks: Sequence[FileScanTask]) -> Source:
        return Source(self.table, self.table.schema(), tuple(tasks))

    def _current(self) -> dict[str, FileScanTask]:
        if self._files is None:
            self._files = {task.file.file_path: task for task in self.base()}
            self._files.update(self._added)
        return self._files

    def _add(self, task: FileScanTask) -> None:
        path = task.file.file_path
        self._added[path] = task
        if self._files is not None:
            self._files[path] = task

    def _remove(self, task: FileScanTask) -> None:
        path = task.file.file_path
        if self._files is not None:
            self._files.pop(path, None)
        if self._added.pop(path, None) is None:
            self._removed[path] = task

    def _open_session(self) -> Session:
        if self._session is None:
            self._session = self._stack.enter_context(self.rewriter.open())
        return self._session
