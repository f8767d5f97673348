"""DuckDB's errors in a user's SQL, as errors of this package."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

from airflow_gov.model.errors import GovernanceError, Reason

#: Errors whose messages quote values of the data.
_QUOTING_VALUES = (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException)
_QUOTED = re.compile(r"'[^']*(?:'(?=\w)[^']*)*'|\"[^\"]*\"")
_WITH_VALUE = re.compile(r"with value \S+")


def sql_failure(error: duckdb.Error, sql: str, *, before: str = "") -> GovernanceError:
    """What a user is told when DuckDB stops at their SQL.

    :param error: DuckDB's error, made with ``errors_as_json``.
    :param sql: the user's text.
    :param before: what stood before it in the statement that ran.
    :raises duckdb.InterruptException: the error itself, when somebody interrupted the query.
    """
    if isinstance(error, duckdb.InterruptException):
        raise error
    facts = _facts(error)
    message = message_of(error)
    if isinstance(error, duckdb.PermissionException):
        return GovernanceError(
            Reason.SQL_REFUSED,
            f"The SQL reaches outside its declared sources, which is refused: {message}",
        )
    attributes: dict[str, Any] = {"error_type": facts.get("exception_type", type(error).__name__)}
    position = _position(facts, sql, before)
    if position is None:
        return GovernanceError(Reason.SQL_FAILED, f"The SQL failed: {message}{_hint(error)}", **attributes)
    line, column = position
    shown = sql.splitlines()[line - 1] if sql else ""
    return GovernanceError(
        Reason.SQL_FAILED,
        f"The SQL failed at line {line}, column {column}: {message}{_hint(error)}\n"
        f"  {shown}\n  {' ' * (column - 1)}^",
        line=line,
        column=column,
        **attributes,
    )


def position_in(error: duckdb.Error) -> int | None:
    """The byte of the statement at which DuckDB stopped, where it says so."""
    position = _facts(error).get("position")
    return int(position) if position is not None and position.isdigit() else None


def message_of(error: duckdb.Error) -> str:
    """DuckDB's words, whether it wrote them as JSON or not, without the values it quotes.

    A value that does not convert may be anybody's address, and messages end up in logs and records. So
    these errors are also not chained to ours (``from None``): a traceback would show them all the same.
    """
    message = _facts(error).get("exception_message", str(error)).strip()
    if isinstance(error, _QUOTING_VALUES):
        message = _QUOTED.sub("'…'", message.partition("\n")[0])
        message = _WITH_VALUE.sub("with value …", message)
    return message


def _facts(error: duckdb.Error) -> dict[str, str]:
    _, _, text = str(error).partition(": ")
    try:
        facts = json.loads(text)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _position(facts: dict[str, str], sql: str, before: str) -> tuple[int, int] | None:
    """Line and column in the user's text, both from 1."""
    position = facts.get("position")
    if position is None or not position.isdigit():
        return None
    offset = int(position) - len(before.encode())
    data = sql.encode()
    if not 0 <= offset <= len(data):
        return None
    head = data[:offset].decode(errors="replace")
    return head.count("\n") + 1, len(head) - (head.rfind("\n") + 1) + 1


def _hint(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.OutOfMemoryException):
        return " Raise [airflow_gov] memory_limit, or give temp_folder a disk with room to spill."
    return ""
