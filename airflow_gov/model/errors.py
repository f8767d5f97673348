"""Every error this package raises on purpose.

One root, :class:`GovernanceError`, with a machine-readable :class:`Reason`. A message says what is
wrong, where, and what to do. Subclasses exist only where a caller handles one kind differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why something was refused. Values are stable: they are stored and shown to machines."""

    AUDIT_IN_PROGRESS = "audit_in_progress"
    CANDIDATE_STALE = "candidate_stale"
    COLUMN_UNKNOWN = "column_unknown"
    CONFIGURATION_INVALID = "configuration_invalid"
    CONTRACT_CHANGED = "contract_changed"
    CONTRACT_INVALID = "contract_invalid"
    CONTRACT_MISSING = "contract_missing"
    DATASET_NAME_INVALID = "dataset_name_invalid"
    DATASET_UNKNOWN = "dataset_unknown"
    DEPENDENCY_MISSING = "dependency_missing"
    EVENT_INVALID = "event_invalid"
    FINDINGS_OPEN = "findings_open"
    FORMAT_UNSUPPORTED = "format_unsupported"
    HOP_REFUSED = "hop_refused"
    JOB_UNKNOWN = "job_unknown"
    KEY_INVALID = "key_invalid"
    LAKE_UNAVAILABLE = "lake_unavailable"
    LOAD_IN_PROGRESS = "load_in_progress"
    LOAD_UNKNOWN = "load_unknown"
    LOG_BROKEN = "log_broken"
    OBJECT_EXISTS = "object_exists"
    PARAMETER_INVALID = "parameter_invalid"
    PUBLISH_REFUSED = "publish_refused"
    RESULT_EMPTY = "result_empty"
    RULE_FAILED = "rule_failed"
    RULE_INVALID = "rule_invalid"
    SCHEMA_CHANGE_REFUSED = "schema_change_refused"
    SCHEMA_MISMATCH = "schema_mismatch"
    SOURCE_EMPTY = "source_empty"
    SOURCE_MALFORMED = "source_malformed"
    SOURCE_MISSING = "source_missing"
    SOURCE_UNPUBLISHED = "source_unpublished"
    SQL_FAILED = "sql_failed"
    SQL_REFUSED = "sql_refused"
    STEWARD_REQUIRED = "steward_required"
    STORE_REFUSED = "store_refused"
    STORE_SCHEMA = "store_schema"
    STORE_UNAVAILABLE = "store_unavailable"
    TABLE_UNREADABLE = "table_unreadable"
    TRANSFORM_FAILED = "transform_failed"
    VERDICT_FAILED = "verdict_failed"
    VERSION_UNKNOWN = "version_unknown"


class GovernanceError(Exception):
    """The root of all errors of this package.

    :param reason: the machine-readable reason.
    :param message: what is wrong, where, and what to do.
    :param attributes: facts a program may want (dataset, file, line, snapshot …); JSON-compatible.
    """

    def __init__(self, reason: Reason, message: str, **attributes: Any) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.attributes: Mapping[str, Any] = attributes

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own pickling calls the class with `args` alone and would lose the rest.
        return _rebuild, (type(self), self.reason, self.message, dict(self.attributes))


def _rebuild(
    cls: type[GovernanceError], reason: Reason, message: str, attributes: dict[str, Any]
) -> GovernanceError:
    error = cls.__new__(cls)
    GovernanceError.__init__(error, reason, message, **attributes)
    return error


class CandidateStaleError(GovernanceError):
    """Main moved under a candidate in a way that re-applying it would lose data: run the task again."""


class LoadInProgressError(GovernanceError):
    """The same load is being written by another living process."""


class StoreUnavailableError(GovernanceError):
    """The governance store cannot be reached: enforcement refuses, records are spooled."""


class StoreSchemaError(GovernanceError):
    """The governance store's schema is missing, older or newer than this package."""


class VerdictFailedError(GovernanceError):
    """A candidate did not pass its contract and was not published."""
