"""JSON as it comes from outside, read with limits: size, depth, no doubled keys, no NaN."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import chain
from typing import Any

from airflow_gov.lineage.event_errors import EventError

#: Longest text of one event, and of one batch, in bytes.
MAX_BYTES = 10_000_000
#: How deep the lists and objects of one event may be nested.
MAX_DEPTH = 100

#: Events of one batch.
MAX_EVENTS = 10_000

#: What delimits the elements of a list: strings are passed over whole. One without an end matches too, and
#: nothing is tried twice (``++``, ``*+``), or somebody could keep a thread busy for days.
_DELIMITERS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_KEY_ENDS = re.compile(r'"[ \t\r\n]*:')


class _Odd:
    """Stands in the tree for what JSON forbids, so that its place can be told."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class _Reader:
    """Reads one text. What is odd in it is found by a flag first and looked for only then.

    :param every_object: look at the keys of each object, which takes three times as long.
    """

    def __init__(self, *, every_object: bool = False) -> None:
        self.odd = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object if every_object else None,
            parse_constant=self._constant,
            parse_float=self._float,
        )

    def read(self, text: str) -> Any:
        """The value, with what JSON forbids replaced.

        :raises EventError: when it is not JSON, or nested so deep that reading it gives up.
        """
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise EventError(
                f"not JSON: {error.msg}, line {error.lineno} column {error.colno} (character {error.pos})"
            ) from None
        except RecursionError:
            raise _UnreadableError(f"nested deeper than {MAX_DEPTH} levels") from None
        except ValueError:
            # Python refuses to read whole numbers of thousands of digits.
            raise _UnreadableError("a whole number has too many digits") from None

    def _object(self, pairs: list[tuple[str, Any]]) -> Any:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.odd = True
            return _Odd("a key stands in this object more than once")
        return made

    def _constant(self, name: str) -> Any:
        self.odd = True
        return _Odd(f"{name} is not a number of JSON")

    def _float(self, text: str) -> Any:
        number = float(text)
        if number - number != 0:  # infinite: the text names a number that no float holds
            self.odd = True
            return _Odd("the number is too large")
        return number


class _UnreadableError(EventError):
    """Well-formed as far as it was read, and not to be read on: of a batch, only one event's fault."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """What was read, with its depth, and whether something odd is in it."""

    value: Any
    depth: int
    odd: bool


def parse_text(text: str | bytes) -> Any:
    """Read the JSON text (RFC 8259) of one event.

    :param text: UTF-8 where it is bytes; a byte order mark is left out.
    :returns: dicts, lists, strings, numbers, booleans and None.
    :raises EventError: when it is too long, is not JSON, is nested too deep, has a key twice in one object,
        or a number that JSON does not know; with the position or the JSON path.
    """
    tree = _read(_decoded(text))
    if tree.depth > MAX_DEPTH:
        raise EventError(f"nested deeper than {MAX_DEPTH} levels")
    if tree.odd:
        _tell_odd(tree.value)
    return tree.value


def parse_batch(text: str | bytes) -> list[Any]:
    """Read a JSON list of events; one that cannot be read leaves the others alone.

    :param text: UTF-8 where it is bytes.
    :returns: each event as :func:`parse_text` gives it; the text of one that it refuses, as bytes.
    :raises EventError: when the text is too long, is not JSON, or is no list.
    """
    plain = _decoded(text)
    try:
        tree = _read(plain)
    except _UnreadableError:
        return [_one_by_one(element) for element in _few(_elements(plain))]
    if type(tree.value) is not list:
        raise EventError("a batch has to be a list of events")
    events: list[Any] = _few(tree.value)
    if tree.odd or tree.depth > MAX_DEPTH:
        return [_one_by_one(element) for element in _elements(plain)]
    return events


def _few(events: list[Any]) -> list[Any]:
    """Refuse more events than can be answered for one by one."""
    if len(events) > MAX_EVENTS:
        raise EventError(f"a batch has at most {MAX_EVENTS:,} events, this one has {len(events):,}")
    return events


def _read(text: str) -> _Tree:
    reader = _Reader()
    value = reader.read(text)
    keys, strings, depth = _survey(value)
    if _may_double_keys(text, keys, strings):
        reader = _Reader(every_object=True)
        value = reader.read(text)
    return _Tree(value, depth, reader.odd)


def _may_double_keys(text: str, keys: int, strings: int) -> bool:
    """Whether an object of the text may have a key twice; of doubled keys the tree has the last only.

    Without backslashes every string is between two quotes, so that quotes tell the number of strings. Else
    whatever looks like a key is counted: the numbers are equal where no key is doubled, but for texts that
    quote JSON, which are read once more.
    """
    if "\\" not in text:
        return text.count('"') != 2 * (keys + strings)
    return len(_KEY_ENDS.findall(text)) != keys


def _survey(value: Any) -> tuple[int, int, int]:
    """How many keys a tree has, how many strings beside them, and how deep it is."""
    keys, strings, depth, level = 0, 0, 0, [value]
    while level:
        strings += list(map(type, level)).count(str)
        dicts = [each for each in level if type(each) is dict]
        lists = [each for each in level if type(each) is list]
        depth += bool(dicts or lists)
        keys += sum(map(len, dicts))
        level = [*chain.from_iterable(map(dict.values, dicts)), *chain.from_iterable(lists)]
    return keys, strings, depth


def _one_by_one(element: str) -> Any:
    try:
        return parse_text(element)
    except EventError:
        return element.strip().encode("utf-8", "surrogatepass")


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_BYTES:
        raise EventError(f"longer than {MAX_BYTES:,} bytes")
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EventError(f"not UTF-8: byte {error.start} is wrong") from None


def _elements(text: str) -> list[str]:
    """The texts of a list's elements, found without reading them."""
    if not text.lstrip().startswith("["):
        raise EventError("a batch has to be a list of events")
    depth, start, found = 0, 0, []
    for match in _DELIMITERS.finditer(text):
        mark = match[0]
        if (mark == "," and depth == 1) or (mark == "]" and depth == 1):
            found.append(text[start : match.start()])
            start = match.end()
        elif mark == "[" and depth == 0:
            start = match.end()
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
    return found


def _tell_odd(value: Any) -> None:
    if isinstance(value, _Odd):
        raise EventError(value.problem)
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        if isinstance(inner, dict | list | _Odd):
            try:
                _tell_odd(inner)
            except EventError as error:
                raise error.within(step) from None
