"""What need not be looked at again: nothing changed since the last look, and it is not too late."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.check import DatasetCheck


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the outcome of a look depended on, and between which moments it counts.

    :param digest: of what it depended on.
    :param since: when it was looked at: a clock may be set back.
    :param until: when the outcome may differ all the same; None: never.
    """

    digest: str
    since: datetime
    until: datetime | None

    def __post_init__(self) -> None:
        if self.until is not None and self.until.tzinfo is None:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"{self.until.isoformat()}, until when a look is said to stand, has no time zone.",
            )

    def __str__(self) -> str:
        return f"{self.digest} {self.since.isoformat()} {self.until.isoformat() if self.until else ''}"

    @classmethod
    def parse(cls, text: str) -> Stamp:
        """What :meth:`__str__` gave."""
        digest, since, until = text.split(" ")
        return cls(digest, datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)

    def counts(self, digest: str, now: datetime) -> bool:
        """Whether what was seen then is so now: nothing changed, and it is neither too late nor too early."""
        return self.digest == digest and self.since <= now and (self.until is None or now < self.until)


class Tokens:
    """What the outcomes of checks depend on: their tokens, their settings and their editions.

    :param settings: of the checks, by id: another outcome may come of other settings.
    """

    def __init__(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        self._settings = settings
        self._salts: dict[str, str] = {}

    def of(self, check: DatasetCheck, audited: AuditedDataset) -> str | None:
        """All that the outcome of a check depends on; None where it looks every time."""
        token = check.token(audited)
        return None if token is None else f"{self._salt(check)}{token}"

    def all_of(self, checks: Sequence[DatasetCheck], audited: AuditedDataset) -> dict[str, str]:
        """By check what its outcome depends on; those that look every time are left out."""
        found = ((check.id, self.of(check, audited)) for check in checks)
        return {check: token for check, token in found if token is not None}

    def _salt(self, check: DatasetCheck) -> str:
        if check.id not in self._salts:
            parts = [check.id, check.edition, self._settings.get(check.id, {})]
            self._salts[check.id] = json.dumps(parts, sort_keys=True, default=str)
        return self._salts[check.id]


class Standing:
    """What the checks of one dataset saw that stands, look by look: of all together one stamp is made."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._stamps: list[Stamp] = []

    def add(self, check: str, token: str, stamp: Stamp) -> None:
        """A look that stands, of now or of an earlier audit."""
        self._tokens[check] = token
        self._stamps.append(stamp)

    def whole(self, now: datetime) -> Stamp:
        """A stamp that counts while all of them do."""
        due = [stamp.until for stamp in self._stamps if stamp.until is not None]
        return Stamp(digest_of_all(self._tokens), now, min(due, default=None))


def digest(token: str) -> str:
    """A token told short."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def digest_of_all(tokens: Mapping[str, str]) -> str:
    """The tokens of several checks told short; each of them has its check's id."""
    return digest("\0".join(map(tokens.__getitem__, sorted(tokens))))
