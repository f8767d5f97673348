"""What is wrong with a contract file, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Keys and indexes from the document's root, e.g. ``("schema", 0, "physicalName")``.
JsonPath = tuple[str | int, ...]

#: Most problems that are told of one file.
MAX_PROBLEMS = 1000

_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong with a contract file.

    :param file: the file, as the caller named it or as it was found.
    :param line: line from 1 at which the thing stands; 1 where it concerns the whole file.
    :param path: JSONPath (RFC 9535) of the thing, e.g. ``$.schema[0].physicalName``.
    :param reason: what is wrong and what to write instead.
    """

    file: str
    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {self.reason}"


def json_path(path: JsonPath) -> str:
    """A path as RFC 9535 writes it."""
    return "$" + "".join(_step(key) for key in path)


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if _PLAIN_KEY.fullmatch(key):
        return f".{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"


class Findings:
    """Collects the problems of one file, each once.

    :param file: the file's name.
    :param lines: the line of every path of the document.
    """

    def __init__(self, file: str, lines: dict[JsonPath, int]) -> None:
        self.file = file
        self._lines = lines
        self._problems: dict[Problem, None] = {}

    @property
    def problems(self) -> list[Problem]:
        """In the order of the file."""
        return sorted(self._problems)

    @property
    def full(self) -> bool:
        """Whether there are so many that nobody reads more."""
        return len(self._problems) >= MAX_PROBLEMS

    def line(self, path: JsonPath) -> int:
        """The line of a path, or of the nearest thing around it that is there."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def add(self, path: JsonPath, reason: str, *, line: int | None = None) -> None:
        """Note a problem; without a line, in that of its path."""
        self.note(Problem(self.file, line or self.line(path), json_path(path), reason))

    def note(self, problem: Problem) -> None:
        """Note a problem that is at hand."""
        if not self.full:
            self._problems[problem] = None
