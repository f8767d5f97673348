"""Text files, plain and in UTF-8: their beginning, and their lines."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from airflow_gov.transform.files.plain import LocalFile, malformed, wrong_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of a file's beginning, in which the header must end.
HEAD = 1 << 20
#: Bytes of a text that are looked at together.
BLOCK = 1 << 20
#: Longest line that is read by itself, in bytes.
MAX_LINE = 16 << 20


def read_head(file: LocalFile) -> tuple[str, bool]:
    """The beginning of a UTF-8 text, and whether that is all of it."""
    with file.path.open("rb") as opened:
        raw = opened.read(HEAD)
        whole = not opened.read(1)
    # A character cut in two at the end is no error; one that is wrong before it is told with its line.
    end = len(raw) if whole else raw.rfind(b"\n") + 1 or len(raw)
    try:
        return raw[:end].decode("utf-8-sig"), whole
    except UnicodeDecodeError as error:
        raise wrong_encoding(file.name, raw.count(b"\n", 0, error.start) + 1, "utf-8") from error


def line_blocks(file: LocalFile) -> Iterator[tuple[int, list[str]]]:
    """The lines of a UTF-8 text with their endings, some at a time, and the number of the first of them.

    :raises GovernanceError: ``SOURCE_MALFORMED``, naming a line that is no UTF-8 or too long.
    """
    number = 1
    with file.path.open("rb") as opened:
        while raw := opened.read(BLOCK):
            rest = opened.readline(MAX_LINE)
            if len(rest) == MAX_LINE:
                line = number + raw.count(b"\n")
                raise malformed(file.name, f"line {line} is longer than {MAX_LINE:,} bytes.", line=line)
            raw += rest
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                line = number + raw.count(b"\n", 0, error.start)
                raise wrong_encoding(file.name, line, "utf-8") from error
            # str.splitlines would split at more than line feeds.
            lines = list(io.StringIO(text, newline="\n"))
            yield number, lines
            number += len(lines)
