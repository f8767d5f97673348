"""How long tags and names of people may be: databases sort datasets by them, and refuse what is longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_gov.contracts.problems import Findings, JsonPath

#: Characters of a tag, and of a user name.
LONGEST = 200


def check_lengths(data: Any, findings: Findings) -> None:
    """Note tags and user names that are too long, wherever they stand.

    :param data: the document.
    :param findings: gets what is wrong.
    """
    for path, text in _names(data, ()):
        if len(text) > LONGEST:
            what = "a user name" if path[-1] == "username" else "a tag"
            findings.add(path, f"{what} has at most {LONGEST} characters, and this one {len(text):,}")


def _names(value: Any, path: JsonPath) -> Iterator[tuple[JsonPath, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "username" and isinstance(each, str):
                yield (*path, key), each
            elif key == "tags" and isinstance(each, list):
                texts = ((place, text) for place, text in enumerate(each) if isinstance(text, str))
                yield from (((*path, key, place), text) for place, text in texts)
            else:
                yield from _names(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _names(each, (*path, place))
