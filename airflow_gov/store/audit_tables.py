"""The tables of audits; see :mod:`airflow_gov.store.tables`.

What a running audit sees lies in :data:`observation` until it ends: then all of it becomes findings in one
transaction, or none.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from airflow_gov.store.tables import metadata
from airflow_gov.store.types import PlainJson, SafeText, UtcDateTime

#: Audits. ``leased_until``: one that is running and was not heard of until then is dead.
audit = Table(
    "gov_audit",
    metadata,
    Column("audit_id", SafeText, primary_key=True),
    Column("kind", SafeText, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("zones", PlainJson, nullable=False),
    Column("checks", PlainJson, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("leased_until", UtcDateTime, nullable=False),
    Column("host_name", SafeText, nullable=False),
    Column("host_pid", Integer, nullable=False),
    Column("actor", SafeText, nullable=False),
    Column("execution_id", SafeText),
    Column("datasets", Integer, nullable=False),
    Column("looked", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("fixed", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("acknowledged", Integer, nullable=False),
    Column("by_severity", PlainJson, nullable=False),
    Column("by_zone", PlainJson, nullable=False),
    Column("failed_checks", PlainJson, nullable=False),
    Column("plans", PlainJson, nullable=False),
    Index(None, "state", "started_at"),
    Index(None, "started_at"),
)

#: What audits found, one row for all times it is found.
finding = Table(
    "gov_finding",
    metadata,
    Column("key", SafeText, primary_key=True),
    Column("check_id", SafeText, nullable=False),
    Column("scope", SafeText, nullable=False),  # whoever looks at it again may say that it is fixed
    Column("subject", SafeText, nullable=False),
    Column("part", SafeText, nullable=False),
    Column("zone", SafeText),
    Column("dataset", SafeText),
    Column("severity", Integer, nullable=False),  # its rank, so that the worst come first
    Column("message", SafeText, nullable=False),
    Column("details", PlainJson, nullable=False),
    Column("state", SafeText, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("fixed_at", UtcDateTime),
    Column("reopened", Integer, nullable=False),
    Column("acknowledged_by", SafeText),
    Column("acknowledged_reason", SafeText),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_until", UtcDateTime),
    Index(None, "severity", "key"),
    Index(None, "check_id", "scope"),
    Index(None, "state", "severity", "key"),
    Index(None, "dataset"),
)

#: The life of findings, step by step.
finding_event = Table(
    "gov_finding_event",
    metadata,
    Column("key", SafeText, primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("state", SafeText, primary_key=True),
    Column("severity", Integer, nullable=False),
    Column("audit_id", SafeText),
    Column("said_by", SafeText),
    Column("reason", SafeText),
    Index(None, "at"),
)

#: What the running audit has seen so far.
observation = Table(
    "gov_audit_observation",
    metadata,
    Column("audit_id", SafeText, primary_key=True),
    Column("key", SafeText, primary_key=True),
    Column("check_id", SafeText, nullable=False),
    Column("scope", SafeText, nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("part", SafeText, nullable=False),
    Column("zone", SafeText),
    Column("dataset", SafeText),
    Column("severity", Integer, nullable=False),
    Column("message", SafeText, nullable=False),
    Column("details", PlainJson, nullable=False),
)

#: Which audit a check last looked at something in. The token counts once that audit is finished.
look = Table(
    "gov_audit_look",
    metadata,
    Column("scope", SafeText, primary_key=True),
    Column("check_id", SafeText, primary_key=True),
    Column("audit_id", SafeText, nullable=False),
    Column("token", SafeText),
    Column("times", BigInteger, nullable=False),
    Index(None, "audit_id"),
)

#: The pages of audits that finished, for people: zlib of the whole document.
audit_report = Table(
    "gov_audit_report",
    metadata,
    Column("audit_id", SafeText, primary_key=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("whole", LargeBinary, nullable=False),
    Column("without_dags", LargeBinary),  # it names no Dag; null: nor does the whole
    Index(None, "made_at"),
)
