"""What a recogniser is: rows of data, and the few things they have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_gov.model.types import ColumnType, Decimal, List, Struct

#: Kinds of types, as far as recognisers tell them apart.
TEXT, WHOLE, DAY, MOMENT = "text", "whole", "day", "moment"

#: An RE2 class of ASCII letters and all that is not ASCII; DuckDB translates Unicode classes far slower.
LETTER = r"[^\x00-@\[-`{-\x7f]"

_KINDS = {
    "string": TEXT,
    "int": WHOLE,
    "long": WHOLE,
    "double": WHOLE,  # of those without a fraction
    "date": DAY,
    "timestamp": MOMENT,
    "timestamptz": MOMENT,
}


@dataclass(frozen=True, slots=True)
class Form:
    r"""One way in which values are written.

    :param pattern: RE2 expression of the whole value, blanks around it aside. DuckDB translates it once a
        scan: Unicode classes take it 30 ms, and a second where their repetitions are counted.
    :param check: says of a value that matches whether it is one, e.g. by its check digit.
    :param plain: other things are written so too: it supports what the name says, and alone proves nothing.
    :param longest: bytes of the longest value.
    """

    pattern: str
    check: Callable[[str], bool] | None = None
    plain: bool = False
    longest: int = 100


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Recognises one kind of personal data.

    :param id: e.g. ``email``.
    :param tag: what it proposes, e.g. ``pii:email``.
    :param source: the standard or law its rule is from.
    :param forms: how values are written.
    :param names: words of column names that say so; several words stand together or in one.
    :param hints: words that may say so.
    :param against: words of column names that say it is something else.
    :param kinds: types of columns that can hold it.
    :param weight: confidence when all values match and the name says nothing.
    :param shares: parts of matching values at which they begin to count, and at which they count whole.
    :param chance: the part of other values of the same form that matches by accident.
    :param proof: the part of the values that must match for them alone to speak against a contract.
    """

    id: str
    tag: str
    source: str
    forms: tuple[Form, ...]
    names: tuple[str, ...]
    hints: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset({TEXT})
    weight: float = 0.95
    shares: tuple[float, float] = (0.05, 0.4)
    chance: float = 0.0
    proof: float = 0.0


def words(text: str) -> tuple[str, ...]:
    """The words of a list that is written as one text."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a list that is written as one text, parted by commas."""
    return tuple(" ".join(each.split()) for each in text.split(","))


def kind_of(type_: ColumnType) -> str | None:
    """The kind of a type; None for types whose values no recogniser looks at."""
    if isinstance(type_, Decimal):
        return WHOLE if type_.scale == 0 else None
    if isinstance(type_, List | Struct):
        return None
    return _KINDS.get(type_.name)
