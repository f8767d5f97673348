"""Raw objects that are gone, are not what was delivered, or were delivered by nobody."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.lake import Sampling
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.lake import IndexedObject
    from airflow_gov.model.findings import Observation

_IMMUTABLE = (
    "Raw keeps bytes as they were delivered, for good: all other zones can be made again from them, and they "
    "prove what was delivered. "
)


class _RawCheck(DatasetCheck):
    """A check of a raw dataset's objects; the storage may change at any time, so it looks every time."""

    looks_at = (Zone.RAW,)

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Of raw datasets whose index can be read."""
        if audited.zone is Zone.RAW and audited.table is not None:
            yield from self.observe_objects(audited)

    def token(self, audited: AuditedDataset) -> str | None:
        """None of raw datasets; of others there is nothing to look at."""
        return None if audited.zone is Zone.RAW else "not raw"

    @abstractmethod
    def observe_objects(self, audited: AuditedDataset) -> Iterator[Observation]:
        """What is wrong with the objects."""


class RawObjectMissing(_RawCheck):
    """An object that the index has and the storage has not."""

    id = "raw-object-missing"
    title = "Raw object is gone"
    severity = Severity.CRITICAL
    explanation = _IMMUTABLE + "This one was removed, or moved, around the operators."
    remedy = (
        "Restore it from the storage's own versions, a backup or its deliverer: the finding names its "
        "SHA-256. Where it was erased on purpose, acknowledge the finding with the reason."
    )

    def observe_objects(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By one listing of the dataset's folder."""
        for each in audited.raw.missing():
            yield self.found_in(audited, f"{each.uri} is not there any more.", part=each.uri, **_facts(each))


class RawObjectChanged(_RawCheck):
    """An object with other bytes than were delivered.

    :param days: in so many days every object is read at least once; 0 reads all of them every time.
    :param newest: so many of the newest are read every time.
    """

    id = "raw-object-changed"
    title = "Raw object was changed"
    severity = Severity.CRITICAL
    explanation = (
        _IMMUTABLE + "The bytes of this one are not those whose SHA-256 was taken when they came: somebody "
        "wrote over it. Sizes are compared in every audit; bytes by the sampling plan that the audit tells."
    )
    remedy = (
        "Restore it from the storage's own versions, a backup or its deliverer: the finding names the "
        "SHA-256 it must have. What was made of it since is in its lineage downstream."
    )

    def __init__(self, days: int = 30, newest: int = 100) -> None:
        if days < 0 or newest < 0:
            raise ValueError("days and newest must be 0 or more")
        self.days = days
        self.newest = newest

    @property
    def plan(self) -> str:
        """How many objects are read in an audit."""
        return f"raw objects: every size, and the SHA-256 as follows: {Sampling(self.days, self.newest)}"

    def observe_objects(self, audited: AuditedDataset) -> Iterator[Observation]:
        """First by size, which the listing has, then by reading some of the objects."""
        resized = set()
        for each, size in audited.raw.resized():
            resized.add(each.uri)
            yield self.found_in(
                audited,
                f"{each.uri} has {size:,} bytes and was delivered with {each.size:,}.",
                part=each.uri,
                found_size=size,
                **_facts(each),
            )
        plan = Sampling(self.days, self.newest, audited.now, audited.looked_at(self.id))
        before = [finding.part for finding in audited.earlier(self.id)]
        for each, sha256 in audited.raw.hashed(audited.raw.sample(plan, also=before)):
            if sha256 is not None and sha256 != each.sha256 and each.uri not in resized:
                yield self.found_in(
                    audited,
                    f"{each.uri} has other bytes than were delivered.",
                    part=each.uri,
                    found_sha256=sha256,
                    **_facts(each),
                )


class RawObjectUnknown(_RawCheck):
    """An object in raw that no execution brought.

    :param hours: younger objects may be of a load that is just being written.
    """

    id = "raw-object-unknown"
    title = "Raw object nobody delivered"
    severity = Severity.ERROR
    explanation = (
        "Everything in raw was brought by an execution that recorded where it came from. This object was "
        "put there by other means: nobody knows whose data it is, no retention or erasure will find it."
    )
    remedy = "Deliver it with RawIngestOperator, then remove the object; or find out who put it there."

    def __init__(self, hours: float = 24) -> None:
        if hours < 0:
            raise ValueError("hours must not be negative")
        self.hours = hours

    def observe_objects(self, audited: AuditedDataset) -> Iterator[Observation]:
        """What is listed, not indexed, and in no record of the load in whose folder it lies."""
        before = audited.now - timedelta(hours=self.hours)
        load_id, recorded = "", frozenset[str]()
        for each in audited.raw.unknown():
            if each.modified >= before:
                continue
            if each.load_id != load_id:  # they come folder by folder
                load_id, recorded = each.load_id, _recorded(audited, each.load_id)
            if each.uri not in recorded:
                yield self.found_in(
                    audited,
                    f"{each.uri} was delivered by no execution.",
                    part=each.uri,
                    size=each.size,
                    modified=each.modified.isoformat(),
                )


def _recorded(audited: AuditedDataset, load_id: str) -> frozenset[str]:
    """Where the execution of a load says that it put its objects."""
    load = audited.store.loads.get(audited.name, load_id)
    execution = audited.store.executions.get(load.execution_id) if load is not None else None
    if execution is None:
        return frozenset()
    return frozenset(
        file.uri for data in execution.data if data.dataset == str(audited.name) for file in data.files
    )


def _facts(each: IndexedObject) -> dict[str, Any]:
    return {
        "size": each.size,
        "sha256": each.sha256,
        "load_id": each.load_id,
        "delivered_at": each.delivered_at.isoformat() if each.delivered_at else None,
    }
