"""Failures of the catalogue and of the storage, told as one error that names where and no secret."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import (
    CommitFailedException,
    CommitStateUnknownException,
    NoSuchTableError,
    RESTError,
    UnauthorizedError,
)
from sqlalchemy.exc import DBAPIError

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OUTAGES = (
    DBAPIError,
    RESTError,
    UnauthorizedError,
    CommitStateUnknownException,
    BotoCoreError,
    ClientError,
)
_USER_INFO = re.compile(r"(\w+://)[^/@\s]*@")
#: What PyIceberg raises, as plain ValueErrors, when another writer's commit came first.
_OVERTAKEN = re.compile(
    r"Cannot add snapshot with sequence number|Cannot set \S+ to unknown snapshot|"
    r"Snapshot with snapshot id \d+ does not exist"
)


def is_conflict(error: BaseException) -> bool:
    """Whether a commit lost against another writer and certainly did not land.

    Besides the error that PyIceberg retries there are some it does not: a snapshot numbered before
    another branch's commit landed, one that maintenance removed in the meantime, and a database that
    was busy for longer than its timeout.
    """
    if isinstance(error, ValueError):
        return _OVERTAKEN.match(str(error)) is not None
    if isinstance(error, DBAPIError):
        return "database is locked" in str(error.orig) or getattr(error.orig, "pgcode", None) in (
            "40001",
            "40P01",
        )
    return isinstance(error, CommitFailedException)


@contextmanager
def outages_named(properties: Mapping[str, str]) -> Iterator[None]:
    """Turn an outage of the catalogue or of the storage into ``LAKE_UNAVAILABLE``.

    :param properties: the catalogue's, to say which catalogue, warehouse and endpoint.
    """
    try:
        yield
    except GovernanceError:
        raise
    except NoSuchTableError as error:
        raise GovernanceError(Reason.DATASET_UNKNOWN, f"The lake has no such table: {error}.") from error
    except CommitFailedException as error:
        raise GovernanceError(
            Reason.LAKE_UNAVAILABLE,
            f"The lake's catalogue is kept busy by other writers: {error}. Try again.",
        ) from error
    except _OUTAGES as error:
        raise _unavailable(properties, error) from None
    except OSError as error:
        if not _is_remote(error):
            raise
        raise _unavailable(properties, error) from None


def _is_remote(error: OSError) -> bool:
    # The library takes a while to load: where nobody has (or not to the end), this is no error of its.
    of_requests = getattr(sys.modules.get("requests.exceptions"), "RequestException", ())
    return isinstance(error, of_requests) or "AWS Error" in str(error) or "s3://" in str(error)


def _unavailable(properties: Mapping[str, str], error: Exception) -> GovernanceError:
    where = ", ".join(f"{name} {without_secrets(text, properties)}" for name, text in _places(properties))
    cause = without_secrets(_cause(error), properties)
    return GovernanceError(
        Reason.LAKE_UNAVAILABLE,
        f"The lake cannot be used ({where}): {cause}. Check that it runs, its address and the credentials.",
        cause=type(error).__name__,
    )


def _places(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, name in (("uri", "catalogue"), ("warehouse", "warehouse"), ("s3.endpoint", "endpoint")):
        if value := properties.get(key):
            yield name, value


def _cause(error: Exception) -> str:
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    first = next((line for line in text.splitlines() if line.strip()), type(error).__name__)
    return first.strip().rstrip(".")[:300]


def without_secrets(text: str, properties: Mapping[str, str]) -> str:
    """A text without the credentials that the properties hold."""
    text = _USER_INFO.sub(r"\1", text)
    secrets = [
        value
        for key, value in properties.items()
        if re.search(r"secret|token|password|credential|access-key", key) and value
    ]
    secrets.extend(filter(None, (_password(value) for value in properties.values())))
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _password(value: str) -> str | None:
    try:
        return urlsplit(value).password
    except ValueError:
        return None
