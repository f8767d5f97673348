"""The two facets that make up most of an event, seen at a glance to be as nearly all producers write them.

A glance that finds something else says nothing: then the facet is checked member by member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

#: Longest name, in characters, that a glance lets pass.
_LONGEST = 500
_TEXTS: frozenset[type] = frozenset({str})
_OBJECTS: frozenset[type] = frozenset({dict})
_LISTS: frozenset[type] = frozenset({list})


def at_a_glance(is_plain: Callable[[Any], bool], check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check that begins with a glance.

    :param is_plain: whether a value is surely right, and holds no null.
    :param check: the check of everything else.
    """

    def checked(value: Any) -> bool:
        return not is_plain(value) and check(value)

    return checked


def is_plain_schema(facet: Any) -> bool:
    """Whether it is a schema whose fields have a name and a type each, and nothing more."""
    try:
        fields = facet["fields"]
        names, kinds = [each["name"] for each in fields], [each["type"] for each in fields]
        return (
            type(fields) is list
            and _are(fields, _OBJECTS)
            and set(map(len, fields)) == {2}
            and _are(kinds, _TEXTS)
            and _are_names(names)
        )
    except (KeyError, TypeError):
        return False


def is_plain_lineage(facet: Any) -> bool:
    """Whether it is column lineage whose input fields all say how they take part."""
    try:
        fields = facet["fields"]
        if type(fields) is not dict or facet.get("dataset"):
            return False
        found = [each["inputFields"] for each in fields.values()]
        inputs = list(chain.from_iterable(found))
        listed = [each["transformations"] for each in inputs]
        ways = list(chain.from_iterable(listed))
        return (
            _are(fields.values(), _OBJECTS)
            and set(map(len, fields.values())) == {1}
            and _are([*found, *listed], _LISTS)
            and _are([*inputs, *ways], _OBJECTS)
            and set(map(len, inputs)) == {4}
            and _are_names(fields)
            and all(_are_names([each[name] for each in inputs]) for name in ("namespace", "name", "field"))
            and all(map(_is_way, ways))
        )
    except (KeyError, TypeError):
        return False


def _are(values: Iterable[Any], kinds: frozenset[type]) -> bool:
    return set(map(type, values)) == kinds


def _are_names(values: Iterable[Any]) -> bool:
    if not _are(values, _TEXTS):
        return False
    text, lengths = "".join(values), set(map(len, values))
    return text.isascii() and "\0" not in text and 0 not in lengths and max(lengths) <= _LONGEST


def _is_way(way: Any) -> bool:
    return (
        len(way) == 4
        and type(way["type"]) is str
        and type(way["subtype"]) is str
        and type(way["description"]) is str
        and type(way["masking"]) is bool
    )
