"""Two texts of a file as a patch that ``git apply`` and ``patch -p1`` take."""

from __future__ import annotations

import difflib
import re
from pathlib import PurePosixPath

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NO_NEWLINE = "\n\\ No newline at end of file\n"
_QUOTED = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def unified(old: str, new: str, path: str) -> str:
    """A unified diff with three lines around each change.

    :param path: the file's, relative to where the patch is applied.
    """
    # At line feeds alone: what else Python takes for the end of a line is a letter to `patch`.
    before, after = _LINE.findall(old), _LINE.findall(new)
    lines = difflib.unified_diff(before, after, _named(f"a/{path}"), _named(f"b/{path}"))
    return "".join(line if line.endswith("\n") else line + _NO_NEWLINE for line in lines)


def relative_path(path: str, folder: str) -> str:
    """A contract's path in its bundle.

    :param path: where it was read: absolute, on a machine that nobody knows any more, or relative.
    :param folder: where contracts lie in a bundle.
    """
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".")]
    wanted = [part for part in PurePosixPath(folder).parts if part not in ("/", ".")]
    for start in range(len(parts) - len(wanted), -1, -1):
        if wanted and parts[start : start + len(wanted)] == wanted:
            return "/".join(parts[start:])
    inside = not path.startswith("/") and ".." not in parts
    return "/".join(parts) if inside and parts else (parts or ["contract.odcs.yaml"])[-1]


def _named(path: str) -> str:
    """A name as git writes it: in quotes where it needs them, with a tab behind it where it has spaces."""
    if path.isprintable() and not set(path) & {'"', "\\"}:
        return f"{path}\t" if " " in path else path
    letters = (
        _QUOTED.get(letter)
        or (letter if letter.isprintable() else "".join(f"\\{byte:03o}" for byte in letter.encode()))
        for letter in path
    )
    return f'"{"".join(letters)}"'
