"""Finding contract files in a folder and reading their bytes, whatever lies there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from airflow_gov.contracts.document import MAX_BYTES
from airflow_gov.contracts.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Which files of a folder are contracts. Hidden files and folders are left alone.
SUFFIXES = (".yaml", ".yml")


def find_files(folder: Path) -> Iterator[Path]:
    """The contract files of a folder and the folders in it, in the order of their names.

    Symbolic links are followed (Kubernetes and git-sync mount Dags as such); what is reached a second
    time is left out, so that a loop ends.
    """
    yield from _walk(folder, set())


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    if _seen_before(folder, seen):
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path, seen)
        elif path.suffix.lower() in SUFFIXES and not _seen_before(path, seen):
            yield path


def _seen_before(path: Path, seen: set[tuple[int, int]]) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False  # reading it will tell why
    known = (status.st_dev, status.st_ino) in seen
    seen.add((status.st_dev, status.st_ino))
    return known


def read_bytes(path: Path) -> bytes | Problem:
    """A file's bytes (at most one more than a contract may have), or why they cannot be read."""
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Problem(str(path), 1, "$", "is not a regular file")
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem(str(path), 1, "$", f"the file cannot be read: {error.strerror}")
