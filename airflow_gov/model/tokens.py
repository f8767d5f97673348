"""Tokens of those who send lineage from outside this Airflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as it is kept: without its secret.

    :param token_id: the part of the token that names it.
    :param secret_hash: of the part that proves it.
    :param namespaces: of the jobs that may be told of with it; ``*`` at the end stands for anything.
    """

    token_id: str
    name: str
    secret_hash: str
    namespaces: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    last_used_at: datetime | None = None
