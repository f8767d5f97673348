"""What the database says went wrong, said in this package's errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from airflow_gov.model.errors import GovernanceError, Reason, StoreSchemaError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.store.url import StoreUrl

#: How SQLite says that the schema is another one, and PostgreSQL (SQLSTATE: undefined table, column).
_MISSING_SQLITE = ("no such table", "no such column", "has no column named")
_MISSING_POSTGRESQL = ("42P01", "42703")
#: PostgreSQL's class of errors about what is too large for it, a name for an index: it says "operational".
_TOO_LARGE_POSTGRESQL = "54"


@contextmanager
def translated(url: StoreUrl) -> Iterator[None]:
    """Turn every error of the database into one of ours; the password of the URL is in none of them.

    :param url: the store, for the message.
    :raises StoreUnavailableError: it cannot be reached, is locked, full, or closed the connection.
    :raises StoreSchemaError: a table or column is not there.
    :raises GovernanceError: ``STORE_REFUSED`` when it refuses the record itself.
    """
    try:
        yield
    except (SQLAlchemyError, OverflowError) as error:
        raise _translate(error, url) from error


def unavailable(url: StoreUrl, why: str) -> StoreUnavailableError:
    """The error for a store that cannot be used now."""
    check = (
        "Check that the file and its folder can be written and that no other program holds it."
        if url.is_sqlite
        else "Check that the server runs, that this machine may reach it, and [airflow_gov] sql_alchemy_conn."
    )
    return StoreUnavailableError(
        Reason.STORE_UNAVAILABLE, f"The governance store {url} cannot be used: {why}. {check}", store=str(url)
    )


def _translate(error: Exception, url: StoreUrl) -> GovernanceError:
    why = _first_line(error, url)
    if _lacks_something(error, url, why):
        return StoreSchemaError(
            Reason.STORE_SCHEMA,
            f"The governance store {url} lacks a table or column: {why}. Run: airflow-gov db upgrade",
            store=str(url),
        )
    if _refused(error):
        return GovernanceError(
            Reason.STORE_REFUSED,
            f"The governance store {url} refused a record: {why}.",
            store=str(url),
        )
    return unavailable(url, why)


def _lacks_something(error: Exception, url: StoreUrl, why: str) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    if url.is_sqlite:
        return any(sign in why for sign in _MISSING_SQLITE)
    return getattr(error.orig, "pgcode", None) in _MISSING_POSTGRESQL


def _refused(error: Exception) -> bool:
    if isinstance(error, DataError | IntegrityError | OverflowError):
        return True
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "pgcode", None)
        return isinstance(code, str) and code.startswith(_TOO_LARGE_POSTGRESQL)
    return isinstance(error, StatementError)


def _first_line(error: Exception, url: StoreUrl) -> str:
    # `orig` is the driver's own error: SQLAlchemy's text adds the statement, its parameters and a link.
    original = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(original).splitlines() if line.strip()]
    return url.redact(lines[0] if lines else type(original).__name__).rstrip(".")
