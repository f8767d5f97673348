"""Tokens with which producers outside this Airflow send lineage, and with which nothing else can be done.

Airflow's own tokens live a day, and a Spark cluster or a dbt job sends for months. A token of ours names its
namespaces and expires. It looks like ``agov_<id>_<secret>``: the id finds it, the secret proves it. The
secret is 256 random bits, so its SHA-256 is kept and nothing slower: there is nothing to guess, as there is
with passwords, and a fast hash lets every request be checked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.tokens import TokenRecord

if TYPE_CHECKING:
    from airflow_gov.store import Store

#: How long a token may live at most.
LONGEST = timedelta(days=366)
_ID_BYTES, _SECRET_BYTES = 6, 32
_NAME_LENGTH, _NAMESPACE_LENGTH = 200, 600
_TOKEN = re.compile(r"agov_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
#: What an unknown token is compared with, so that it takes as long as a known one.
_NOBODY = hashlib.sha256(b"").hexdigest()


def create_token(
    store: Store,
    name: str,
    namespaces: Sequence[str],
    *,
    expires_in: timedelta,
    own_namespace: str | None,
    actor: str,
    at: datetime,
) -> tuple[TokenRecord, str]:
    """Make a token and record that it was made.

    :param name: whose it is, for people.
    :param namespaces: of the jobs it may tell of: exact, or with ``*`` at the end for all that begin so.
    :param expires_in: how long it holds, at most :data:`LONGEST`.
    :param own_namespace: of this Airflow's jobs, which no token is good for.
    :param actor: who makes it.
    :param at: now.
    :returns: the record, and the token itself: it is nowhere else and cannot be shown again.
    :raises GovernanceError: ``PARAMETER_INVALID``, saying what is allowed.
    """
    _check_name(name)
    for namespace in namespaces:
        _check_namespace(namespace, own_namespace)
    if not namespaces:
        raise _invalid("A token needs the namespaces of the jobs it may tell of: name at least one.")
    if not timedelta(0) < expires_in <= LONGEST:
        raise _invalid(f"A token may live for {LONGEST.days} days at most.")
    token_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    record = TokenRecord(
        token_id=token_id,
        name=name,
        secret_hash=_hash(secret),
        namespaces=tuple(dict.fromkeys(namespaces)),
        created_by=actor,
        created_at=at,
        expires_at=at + expires_in,
    )
    with store.transaction():
        store.tokens.add(record)
        details = {"name": name, "namespaces": list(record.namespaces), "expires_at": record.expires_at}
        store.log.append(LogEntry("token.created", token_id, actor, at, details))
    return record, f"agov_{token_id}_{secret}"


def revoke_token(store: Store, which: str, *, actor: str, at: datetime) -> TokenRecord:
    """Let a token be refused from now on, and record it.

    :param which: its id, or its name where only one valid token has it.
    :returns: the token. Revoking it again changes nothing.
    :raises GovernanceError: ``PARAMETER_INVALID``: there is none, or more than one.
    """
    token = _find(store, which, at)
    with store.transaction():
        if store.tokens.revoke(token.token_id, actor, at):
            store.log.append(LogEntry("token.revoked", token.token_id, actor, at, {"name": token.name}))
    return store.tokens.get(token.token_id) or token


def check_token(store: Store, text: str, *, at: datetime) -> TokenRecord | None:
    """The token that a request shows.

    :param text: what the request shows.
    :param at: now.
    :returns: None for whatever is no valid token: unknown, wrong, expired, revoked.
    """
    match = _TOKEN.fullmatch(text)
    token = store.tokens.get(match[1]) if match else None
    proof, expected = _hash(match[2] if match else text), token.secret_hash if token else _NOBODY
    right = hmac.compare_digest(proof, expected)
    if token is None or not right or not is_valid(token, at):
        return None
    return token


def is_valid(token: TokenRecord, at: datetime) -> bool:
    """Whether a token is neither expired nor revoked."""
    return token.revoked_at is None and at < token.expires_at


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _find(store: Store, which: str, at: datetime) -> TokenRecord:
    if (token := store.tokens.get(which)) is not None:
        return token
    named = [token for token in store.tokens.list() if token.name == which]
    found = [token for token in named if is_valid(token, at)] or named
    if len(found) == 1:
        return found[0]
    if not found:
        raise _invalid(f"There is no token {which!r}: see airflow-gov tokens list.")
    ids = ", ".join(sorted(token.token_id for token in found))
    raise _invalid(f"{len(found)} tokens are named {which!r}: give the id, one of {ids}.")


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _NAME_LENGTH or not name.isprintable():
        raise _invalid(f"A token's name has 1 to {_NAME_LENGTH} printable characters.")


def _check_namespace(namespace: str, own_namespace: str | None) -> None:
    if not namespace or len(namespace) > _NAMESPACE_LENGTH or not namespace.isprintable():
        raise _invalid(f"A namespace has 1 to {_NAMESPACE_LENGTH} printable characters.")
    if "*" in namespace[:-1]:
        raise _invalid(f"In the namespace {namespace!r} the * may only stand at the end, as in team-a/*.")
    if namespace == own_namespace:
        raise _invalid(
            f"{namespace!r} is the namespace of this Airflow's own jobs, of which only its tasks tell. "
            "Give the producer another, or Airflow ([openlineage] namespace)."
        )


def _invalid(message: str) -> GovernanceError:
    return GovernanceError(Reason.PARAMETER_INVALID, message)
