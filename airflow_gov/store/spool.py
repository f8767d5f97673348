"""Where records wait on the local disk while the store is down."""

from __future__ import annotations

import fcntl
import itertools
import json
import logging
import os
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason, StoreUnavailableError
from airflow_gov.model.execution import Execution
from airflow_gov.model.serde import from_plain, to_plain
from airflow_gov.store.types import dump_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_gov.store.store import Store

_logger = logging.getLogger(__name__)

_ENTRY = ".json"
_UNFINISHED = ".part"
#: Seconds after which an unfinished entry is the leftover of a killed process.
_ABANDONED = 3600.0
_counter = itertools.count()


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Spool:
    """Records of executions that the store could not take, one file each, delivered later in order.

    An entry is whole or not there at all, and is removed only after the store has it: a process killed at
    any moment loses none, and one delivered twice changes nothing. Entries that cannot be read, or that
    the store refuses, move to the folder ``unreadable`` and a warning names them. A full spool refuses new
    entries with an error, because the older ones cannot be told anywhere else either.

    :param folder: made when it is first needed; shared by the processes of one machine.
    :param max_bytes: what all waiting entries may take on disk, in bytes.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 64 * 1024 * 1024) -> None:
        self.folder = Path(folder)
        self.max_bytes = max_bytes

    def put_execution(self, execution: Execution) -> None:
        """Keep a record for later.

        :raises StoreUnavailableError: when the spool is full or cannot be written. The record is then
            nowhere: tell the person who runs the task.
        """
        content = dump_json({"kind": "execution", "record": to_plain(execution)}).encode()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            used = sum(entry.stat().st_size for entry in self._entries())
            if used + len(content) > self.max_bytes:
                raise self._refused(f"it is full ({used} of {self.max_bytes} bytes)")
            self._write(content)
        except OSError as error:
            raise self._refused(str(error)) from error

    def deliver(
        self,
        store: Store,
        *,
        time_limit: float = 5.0,
        record: Callable[[Execution], object] | None = None,
    ) -> int:
        """Give what waits to the store, oldest first.

        :param time_limit: seconds after which the rest is left to the next call: tasks deliver when they
            start, and a long backlog must not hold one up.
        :param record: what is done with each; default: the store records that it finished. Twice must be as
            good as once.
        :returns: how many entries were delivered; 0 also when another process is delivering.
        :raises StoreUnavailableError: when the store is still down; what was not delivered stays.
        """
        if not any(True for _ in self._entries()):
            return 0
        try:
            with self._only_one() as mine:
                finish = record or store.executions.finish
                return self._deliver_all(finish, time.monotonic() + time_limit) if mine else 0
        except OSError as error:
            _logger.warning("The spool %s cannot be used now; its records wait: %s", self.folder, error)
            return 0

    def waiting(self) -> int:
        """How many entries wait."""
        return sum(1 for _ in self._entries())

    def _entries(self) -> Iterator[Path]:
        return self.folder.glob(f"*{_ENTRY}")

    def _write(self, content: bytes) -> None:
        # The time first, so that names sort in the order of writing; the rest keeps writers apart.
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_counter):06d}-{uuid.uuid4().hex[:8]}"
        unfinished = self.folder / f"{name}{_UNFINISHED}"
        try:
            with open(unfinished, "xb", opener=_owner_only) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self.folder / f"{name}{_ENTRY}")
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _deliver_all(self, record: Callable[[Execution], object], deadline: float) -> int:
        self._remove_abandoned()
        delivered = 0
        for entry in sorted(self._entries()):
            delivered += self._deliver_one(entry, record)
            if time.monotonic() > deadline:
                break
        return delivered

    def _deliver_one(self, entry: Path, record: Callable[[Execution], object]) -> bool:
        try:
            plain = json.loads(entry.read_bytes())
            execution = from_plain(Execution, plain["record"])
        except FileNotFoundError:
            return False
        except OSError as error:
            _logger.warning("The spooled record %s cannot be read now and stays: %s", entry, error)
            return False
        except (ValueError, KeyError, TypeError, AttributeError, GovernanceError) as error:
            self._set_aside(entry, error)
            return False
        try:
            record(execution)
        except GovernanceError as error:
            if error.reason is not Reason.STORE_REFUSED:
                raise
            self._set_aside(entry, error)
            return False
        entry.unlink(missing_ok=True)
        return True

    def _set_aside(self, entry: Path, error: Exception) -> None:
        aside = self.folder / "unreadable"
        aside.mkdir(exist_ok=True)
        entry.replace(aside / entry.name)
        _logger.warning(
            "A spooled record cannot be delivered and was set aside as %s: %s", aside / entry.name, error
        )

    def _remove_abandoned(self) -> None:
        for unfinished in self.folder.glob(f"*{_UNFINISHED}"):
            try:
                if time.time() - unfinished.stat().st_mtime > _ABANDONED:
                    unfinished.unlink()
            except FileNotFoundError:
                continue

    @contextmanager
    def _only_one(self) -> Iterator[bool]:
        # The kernel frees this lock when its process dies, however it dies.
        with (self.folder / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _refused(self, why: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            Reason.STORE_UNAVAILABLE,
            f"The governance store is down and its spool {self.folder} takes no more records: {why}. "
            "Bring the store back (airflow-gov db check); the next task delivers what waits.",
            spool=str(self.folder),
        )
