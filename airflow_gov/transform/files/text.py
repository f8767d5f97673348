"""Text files, plain and in UTF-8: their beginning, and their lines one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from airflow_gov.transform.files.plain import LocalFile, malformed, wrong_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of a file's beginning, in which the header must end.
HEAD = 1 << 20
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


class Lines:
    """The lines of a UTF-8 file, one after the other, and those that make up the current row."""

    def __init__(self, name: str, opened: BinaryIO) -> None:
        self._name = name
        self._opened = opened
        self._number = 0
        self._taken: list[str] = []
        self.first = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._opened.readline(MAX_LINE)
        if not raw:
            raise StopIteration
        self._number += 1
        if len(raw) == MAX_LINE:
            raise malformed(self._name, f"line {self._number} is longer than {MAX_LINE:,} bytes.")
        try:
            line = raw.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise wrong_encoding(self._name, self._number, "utf-8") from error
        self._taken.append(line)
        return line

    def drop(self, count: int) -> None:
        """Pass over lines."""
        for _ in range(count):
            next(self, None)

    def begin(self) -> None:
        """The next line is the first of a new row."""
        self._taken = []
        self.first = self._number + 1

    @property
    def lines(self) -> int:
        """How many lines the current row has."""
        return len(self._taken)

    @property
    def content(self) -> str:
        """The current row as delivered, without its line ending."""
        return "".join(self._taken).rstrip("\r\n")

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name
