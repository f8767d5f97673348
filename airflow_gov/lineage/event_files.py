"""Files of events, one JSON text a line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from airflow_gov.lineage.event_text import MAX_BYTES
from airflow_gov.model.errors import GovernanceError, Reason

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    :param number: from 1.
    :param text: without its end; cut where it is longer than an event may be.
    :param read: bytes of the file that were read up to its end.
    """

    number: int
    text: bytes
    read: int


def read_lines(file: IO[bytes], name: str) -> Iterator[Line]:
    """The lines that hold something, however long they are, and unpacked where the file is gzip.

    :param file: buffered, at its beginning.
    :param name: what it is called, for messages.
    :raises GovernanceError: ``SOURCE_MALFORMED``: the compressed file is damaged or cut short.
    """
    packed = file.peek(2)[:2] == _GZIP  # type: ignore[attr-defined]
    # Whoever opened the file closes it.
    source: Any = gzip.GzipFile(fileobj=file) if packed else file
    number = 0
    try:
        while text := source.readline(MAX_BYTES + 2):
            number += 1
            whole = text
            while not whole.endswith(b"\n") and (whole := source.readline(MAX_BYTES)):
                pass
            if text.strip():
                yield Line(number, text.rstrip(b"\r\n"), file.tell() if file.seekable() else 0)
    except (EOFError, OSError, zlib.error) as error:
        raise GovernanceError(
            Reason.SOURCE_MALFORMED,
            f"{name} cannot be read on after line {number}: {error}. Events before it were taken; the whole "
            "file may be imported again, as each is taken once.",
            line=number,
        ) from error
