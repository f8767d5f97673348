"""Loads, candidates and versions: how data comes to be published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_gov.model.zones import DatasetName


class WriteMode(StrEnum):
    """What a load does to the rows that are already there. Each is idempotent per load."""

    APPEND = "append"
    OVERWRITE = "overwrite"
    OVERWRITE_PARTITION = "overwrite_partition"
    UPSERT = "upsert"


@dataclass(frozen=True, slots=True)
class LoadKey:
    """What makes a load the same load when it is tried again.

    :param parts: by default dag_id, run_id (or the run's partition key), task_id and map_index;
        or whatever the user's ``load_key`` rendered to.
    """

    parts: tuple[str, ...]

    @property
    def load_id(self) -> str:
        """16 hexadecimal characters of the SHA-256 of the key."""
        text = json.dumps(self.parts, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class LoadState(StrEnum):
    """Where a load stands."""

    WRITING = "writing"
    CANDIDATE = "candidate"
    PUBLISHED = "published"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceRef:
    """One version of a dataset that a load reads.

    :param dataset: the dataset.
    :param snapshot_id: the Iceberg snapshot that is read.
    :param load_id: only the rows of this load are read, or None for the whole snapshot.
    :param version: the published version's number, where there is one.
    """

    dataset: DatasetName
    snapshot_id: int
    load_id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file of the lake.

    :param uri: ``s3://bucket/key`` or ``file:///path``.
    :param size: bytes.
    :param rows: rows in it, where it has rows.
    :param sha256: hexadecimal, for raw objects.
    """

    uri: str
    size: int
    rows: int | None = None
    sha256: str | None = None

    @property
    def bucket(self) -> str | None:
        """The S3 bucket, or None for a local file."""
        return self.uri.split("/", 3)[2] if self.uri.startswith(("s3://", "s3a://")) else None

    @property
    def key(self) -> str:
        """The S3 key, or the local path."""
        if self.bucket is not None:
            return self.uri.split("/", 3)[3]
        return self.uri.removeprefix("file://")


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What a load did to rows; None where it does not apply."""

    read: int | None = None
    written: int | None = None
    inserted: int | None = None
    updated: int | None = None
    deleted: int | None = None
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What one task run puts into one dataset, as the store keeps it.

    :param dataset: the target.
    :param load_id: see :class:`LoadKey`.
    :param load_key: the key's parts.
    :param dag_id: Airflow's; with run_id it finds "all candidates of this Dag run".
    :param run_id: Airflow's.
    :param task_id: Airflow's.
    :param map_index: Airflow's; -1 when not mapped.
    :param execution_id: the try that wrote or is writing it.
    :param write_mode: how it is applied.
    :param state: where it stands.
    :param contract_hash: the contract version it was written under.
    :param sources: what it reads, pinned at the first try.
    :param base_snapshot_id: main's snapshot from which the candidate was cut.
    :param candidate_snapshot_id: the candidate, once it is written.
    :param counts: rows.
    :param group: candidates that publish together or not at all share it (a sensitive split).
    :param updated_at: last change.
    """

    dataset: DatasetName
    load_id: str
    load_key: tuple[str, ...]
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    execution_id: str
    write_mode: WriteMode
    state: LoadState
    contract_hash: str
    sources: tuple[SourceRef, ...] = ()
    base_snapshot_id: int | None = None
    candidate_snapshot_id: int | None = None
    counts: RowCounts = RowCounts()
    group: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A written, not published snapshot on its own Iceberg branch.

    :param dataset: the dataset.
    :param load_ids: the loads it carries; one, until several are published in one commit.
    :param branch: ``candidate-<load id>``, fresh on every rebase.
    :param snapshot_id: the candidate's head.
    :param base_snapshot_id: main's snapshot it was cut from.
    :param write_mode: how its loads are applied.
    :param counts: rows.
    :param files: the data files it adds.
    """

    dataset: DatasetName
    load_ids: tuple[str, ...]
    branch: str
    snapshot_id: int
    base_snapshot_id: int
    write_mode: WriteMode
    counts: RowCounts = RowCounts()
    files: tuple[FileRef, ...] = ()


class VersionKind(StrEnum):
    """How main came to this version."""

    PUBLISH = "publish"
    ROLLBACK = "rollback"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Version:
    """One published version of a dataset.

    :param dataset: the dataset.
    :param version: its number, from 1.
    :param snapshot_id: the Iceberg snapshot.
    :param tag: the Iceberg tag that protects it.
    :param kind: how main came to it.
    :param load_ids: the loads it published.
    :param verdict_id: the verdict that allowed it.
    :param contract_hash: the contract version it was checked against.
    :param execution_id: the execution that published it.
    :param rows: rows in the snapshot.
    :param size: bytes of its data files; of raw, of the objects.
    :param files: number of its data files; of raw, of the objects.
    :param parent_snapshot_id: main before it.
    :param published_at: when.
    :param current: whether main is here now (as the store knows it).
    """

    dataset: DatasetName
    version: int
    snapshot_id: int
    tag: str
    kind: VersionKind
    load_ids: tuple[str, ...]
    verdict_id: str | None
    contract_hash: str | None
    execution_id: str | None
    rows: int
    size: int
    files: int
    parent_snapshot_id: int | None
    published_at: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One governed act in the append-only log.

    :param action: e.g. ``publish``, ``rollback``, ``contract.changed``, ``maintenance``.
    :param subject: what it was done to, e.g. ``clean.flights``.
    :param actor: who: Airflow's triggering user, else the OS user.
    :param at: when.
    :param details: facts; JSON-compatible.
    :param execution_id: the execution in which it happened, if one did.
    :param sequence: its place in the log, given by the store.
    :param previous_hash: the hash of the entry before, see :mod:`airflow_gov.model.log_chain`.
    :param hash: its own.
    """

    action: str
    subject: str
    actor: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    execution_id: str | None = None
    sequence: int | None = None
    previous_hash: str | None = None
    hash: str | None = None
