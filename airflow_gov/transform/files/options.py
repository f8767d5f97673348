"""How a user wants files to be read."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from airflow_gov.model.errors import GovernanceError, Reason


@dataclass(frozen=True)
class ReadOptions:
    """How to read files; the keys of ``read_options``.

    :param columns: file column → contract column, or None to leave the file's column out.
    :param null: texts that mean null, besides the empty one.
    :param encoding: of text files, any that Python knows; default: UTF-8, or what a byte order mark says.
    :param delimiter: of CSV; default: the one that makes the header fit the contract.
    :param quote: of CSV.
    :param escape: of CSV, how a quote inside quotes is written: doubled, or behind this character.
    :param header: whether CSV and Excel have one; without one the columns come in the contract's order.
    :param skip: lines (CSV) or rows (Excel) before the header.
    :param date_format: of dates in text, as strptime writes it, e.g. ``%d.%m.%Y``; default: ISO 8601.
    :param timestamp_format: of timestamps in text; default: ISO 8601.
    :param decimal_separator: of numbers in text, ``.`` or ``,``.
    :param sheet: of Excel; default: the first.
    """

    columns: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    null: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    escape: str | None = None
    header: bool = True
    skip: int = 0
    date_format: str | None = None
    timestamp_format: str | None = None
    decimal_separator: str = "."
    sheet: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> ReadOptions:
        """Read the options as a user wrote them.

        :raises GovernanceError: ``PARAMETER_INVALID``, naming the option and what it may be.
        """
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise _invalid(unknown[0], f"is not known; there are {', '.join(sorted(known))}")
        given = dict(values)
        if isinstance(given.get("null"), str):
            given["null"] = [given["null"]]
        given["null"] = tuple(str(text) for text in given.get("null") or ())
        options = cls(**given)
        _check(options)
        return options

    @property
    def nulls(self) -> tuple[str, ...]:
        """All texts that mean null."""
        return ("", *(text for text in self.null if text))


def _check(options: ReadOptions) -> None:
    for name in ("delimiter", "quote", "escape"):
        value = getattr(options, name)
        if value is not None and (not isinstance(value, str) or len(value) != 1):
            raise _invalid(name, f"is {value!r}, not one character")
    if options.decimal_separator not in (".", ","):
        raise _invalid("decimal_separator", f"is {options.decimal_separator!r}, not '.' or ','")
    if not isinstance(options.skip, int) or options.skip < 0:
        raise _invalid("skip", f"is {options.skip!r}, not a number from 0")
    if not isinstance(options.columns, Mapping):
        raise _invalid("columns", "is not a mapping of file columns to contract columns")
    if options.encoding is not None:
        try:
            codecs.lookup(options.encoding)
        except LookupError as error:
            raise _invalid("encoding", f"is {options.encoding!r}, which Python does not know") from error


def _invalid(name: str, what: str) -> GovernanceError:
    return GovernanceError(
        Reason.PARAMETER_INVALID, f"read_options: the option {name!r} {what}.", option=name
    )
