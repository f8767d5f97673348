"""Python's regular expressions in DuckDB's words (RE2), where they mean exactly the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

#: RE2 takes no longer repetition, counting those inside each other.
_MAX_REPEAT = 1000
_MAX_LENGTH = 2000
#: Flags whose meaning is translated; others leave the expression to Python.
_KNOWN = re.IGNORECASE | re.DOTALL | re.ASCII | re.UNICODE | re.VERBOSE


@dataclass(frozen=True)
class Translation:
    """A regular expression for RE2.

    :param text: the expression.
    :param ascii_only: it means the same for ASCII text only.
    """

    text: str
    ascii_only: bool


class _UntranslatableError(Exception):
    """RE2 has nothing that means the same."""


def translate(pattern: str) -> Translation | None:
    """Translate for the question whether the expression is found anywhere in a text.

    :param pattern: compiles in Python.
    :returns: None where RE2 has nothing that means the same.
    """
    parsed = parser.parse(pattern)
    translator = _Translator(parsed.state.flags)
    try:
        text = translator.sequence(parsed, tail=True)
    except _UntranslatableError:
        return None
    return Translation(text, translator.ascii_only) if len(text) <= _MAX_LENGTH else None


Ranges = Sequence[tuple[int, int]]

_DIGITS: Ranges = [(0x30, 0x39)]
_WORD: Ranges = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
#: Python's white space in ASCII has four separators more than that of its flag ASCII.
_SPACE: Ranges = [(0x09, 0x0D), (0x1C, 0x20)]
_SPACE_OF_FLAG: Ranges = [(0x09, 0x0D), (0x20, 0x20)]
_NEGATED = {
    ops.CATEGORY_NOT_DIGIT: ops.CATEGORY_DIGIT,
    ops.CATEGORY_NOT_WORD: ops.CATEGORY_WORD,
    ops.CATEGORY_NOT_SPACE: ops.CATEGORY_SPACE,
}
_PLACES = {
    ops.AT_BEGINNING: r"\A",
    ops.AT_BEGINNING_STRING: r"\A",
    ops.AT_END_STRING: r"\z",
}
_BOUNDARIES = {ops.AT_BOUNDARY: r"\b", ops.AT_NON_BOUNDARY: r"\B"}


class _Translator:
    """Writes what Python's parser read.

    :param flags: the flags of the whole expression.
    """

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.ascii_only = False
        self.repeats = 1
        self.writers: dict[Any, Callable[[Any, bool], str]] = {
            ops.LITERAL: lambda code, _: self.cased(_character(code), [code]),
            ops.NOT_LITERAL: lambda code, _: self.cased(f"[^{_character(code)}]", [code]),
            ops.ANY: lambda *_: "(?s:.)" if self.flags & re.DOTALL else r"[^\x{a}]",
            ops.IN: lambda items, _: self.set(items),
            ops.AT: self.place,
            ops.BRANCH: self.branch,
            ops.SUBPATTERN: self.group,
            ops.MAX_REPEAT: lambda parts, _: self.repeat(parts),
            # Which of the texts is found makes no difference, only whether one is.
            ops.MIN_REPEAT: lambda parts, _: self.repeat(parts),
        }

    def sequence(self, items: Sequence[tuple[Any, Any]], *, tail: bool) -> str:
        """One after the other; `tail` where nothing follows them in the whole expression."""
        if self.flags & ~_KNOWN:
            raise _UntranslatableError
        last = len(items) - 1
        return "".join(self.one(*item, tail=tail and number == last) for number, item in enumerate(items))

    def one(self, operation: Any, argument: Any, *, tail: bool) -> str:
        """One part of an expression."""
        if operation not in self.writers:
            raise _UntranslatableError
        return self.writers[operation](argument, tail)

    def cased(self, text: str, codes: Sequence[int]) -> str:
        """What stands for characters, in any case where the flag says so."""
        if not self.flags & re.IGNORECASE:
            return text
        if any(code > 127 for code in codes):
            raise _UntranslatableError
        self.ascii_only = True
        return f"(?i:{text})"

    def set(self, items: Sequence[tuple[Any, Any]]) -> str:
        """``[…]``."""
        negated = bool(items) and items[0][0] is ops.NEGATE
        parts, codes = [], []
        for operation, argument in items[1:] if negated else items:
            if operation is ops.LITERAL:
                parts.append(_character(argument))
                codes.append(argument)
            elif operation is ops.RANGE:
                parts.append(f"{_character(argument[0])}-{_character(argument[1])}")
                codes += argument
            else:
                parts.append(self.category(argument))
        return self.cased(f"[{'^' if negated else ''}{''.join(parts)}]", codes)

    def category(self, category: Any) -> str:
        r"""``\d``, ``\w``, ``\s`` and their opposites, inside brackets."""
        of_flag = bool(self.flags & re.ASCII)
        self.ascii_only = self.ascii_only or not of_flag
        classes = {
            ops.CATEGORY_DIGIT: _DIGITS,
            ops.CATEGORY_WORD: _WORD,
            ops.CATEGORY_SPACE: _SPACE_OF_FLAG if of_flag else _SPACE,
        }
        if category in _NEGATED:
            return _written(_complement(classes[_NEGATED[category]]))
        return _written(classes[category])

    def place(self, place: Any, tail: bool) -> str:
        """``^``, ``$`` and the like."""
        if place in _PLACES:
            return _PLACES[place]
        if place is ops.AT_END and tail:
            # Python's $ also stands before a line feed at the end; nothing follows that could want it.
            return r"\x{a}?\z"
        if place not in _BOUNDARIES:
            raise _UntranslatableError
        self.ascii_only = self.ascii_only or not self.flags & re.ASCII
        return _BOUNDARIES[place]

    def branch(self, argument: Any, tail: bool) -> str:
        """``a|b``."""
        return f"(?:{'|'.join(self.sequence(each, tail=tail) for each in argument[1])})"

    def group(self, argument: Any, tail: bool) -> str:
        """``(…)``, with flags of its own or without."""
        _, added, removed, items = argument
        outside, self.flags = self.flags, (self.flags | added) & ~removed
        inside = self.sequence(items, tail=tail)
        self.flags = outside
        return f"(?:{inside})"

    def repeat(self, argument: Any) -> str:
        """``*``, ``+``, ``?``, ``{2,3}``."""
        least, most, items = argument
        largest = least if most is ops.MAXREPEAT else most
        outside = self.repeats
        self.repeats *= max(1, largest)
        if self.repeats > _MAX_REPEAT:
            raise _UntranslatableError
        inside = self.sequence(items, tail=False)
        self.repeats = outside
        return f"(?:{inside}){{{least},{'' if most is ops.MAXREPEAT else most}}}"


def _character(code: int) -> str:
    if 0xD800 <= code <= 0xDFFF:
        raise _UntranslatableError  # half of a character: no text in UTF-8 has it
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\x{{{code:x}}}"


def _complement(ranges: Ranges) -> Ranges:
    """The characters that are not in some ranges: inside brackets RE2 negates all or nothing."""
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), 0x10FFFF]
    return list(zip(starts, ends, strict=True))


def _written(ranges: Ranges) -> str:
    return "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in ranges)
