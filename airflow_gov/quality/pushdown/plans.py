"""What a pushed-down rule asks for, and what it says in the end."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value: an aggregate expression over a relation.

    Those of the same relation that are asked for at the same time are computed in one pass.

    :param sql: the expression, e.g. ``count(*) FILTER (WHERE "x" > 1)``.
    :param relation: the relation's name in the session.
    :param alone: it gets a pass of its own, because it would slow the others down.
    """

    sql: str
    relation: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a SELECT of its own; for what is no aggregate of a relation's rows.

    :param sql: the SELECT. What it gives is held in memory: a few rows.
    :param ordered: it depends on the order of rows in the files.
    """

    sql: str
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Fenced:
    """A user's SELECT of datasets under their own names, run where it can reach nothing else.

    :param sql: the SELECT. It gives one row.
    :param others: the other datasets that its rule may read.
    """

    sql: str
    others: tuple[str, ...] = ()


Request = Aggregate | Rows | Fenced


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule observed.

    :param success: whether the rule holds.
    :param value: the observed value as Great Expectations reports it, JSON-compatible; None where it
        reports none.
    :param rows: rows that were looked at.
    :param missing: of these, rows without a value, which the rule passed over.
    :param unexpected: how many rows broke it.
    :param broken: for rules about single rows: an SQL expression over the relation's columns, true for
        the rows that broke it and never NULL. It may ask about other rows in a subquery.
    :param python: whether values were judged by a Python function.
    :param metadata: whether no data was read: the table's columns tell.
    """

    success: bool
    value: Any = None
    rows: int | None = None
    missing: int | None = None
    unexpected: int | None = None
    broken: str | None = None
    python: bool = False
    metadata: bool = False


#: Yields requests, is sent their answers in order (a value for an aggregate, a list of tuples for rows, a
#: tuple for a user's SELECT), and returns what it observed.
Plan = Generator[Sequence[Request], Sequence[Any], Observation]


class NotPushedDownError(Exception):
    """Raised by a plan before its first request: here the exact meaning has no SQL.

    :param reason: why, for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def one_by_one(
    selects: Generator[str, list[tuple[Any, ...]], T],
) -> Generator[Sequence[Request], Sequence[Any], T]:
    """What asks for the rows of one SELECT after the other, as a part of a plan.

    :param selects: yields SELECTs and is sent their rows.
    :returns: what it returns.
    """
    try:
        select = next(selects)
        while True:
            (rows,) = yield (Rows(select),)
            select = selects.send(rows)
    except StopIteration as end:
        found: T = end.value
        return found
