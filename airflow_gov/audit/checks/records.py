"""Records of executions that are missing, incomplete, or say something else than the lake."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.flow.versions import amount_of
from airflow_gov.model.execution import Role, Status
from airflow_gov.model.findings import Severity
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.model.execution import DataRef, Execution
    from airflow_gov.model.findings import Observation

#: Types that a table's column may have been widened to since.
_WIDER = {"int": ("long",), "float": ("double",)}


class _RecordCheck(DatasetCheck):
    """A check of the executions that wrote the current version."""

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """What a rollback or maintenance made current was looked at when it was written."""
        version = audited.version
        if version is None or version.kind is not VersionKind.PUBLISH:
            return
        for load_id in version.load_ids:
            load = audited.store.loads.get(audited.name, load_id)
            execution = audited.store.executions.get(load.execution_id) if load is not None else None
            yield from self.observe_record(audited, load_id, execution)

    def token(self, audited: AuditedDataset) -> str:
        """The version, the table, and the records as they stand now."""
        return f"{audited.metadata_location} {audited.record_mark}"

    @abstractmethod
    def observe_record(
        self, audited: AuditedDataset, load_id: str, execution: Execution | None
    ) -> Iterator[Observation]:
        """What is wrong with the record of one load."""


class RecordIncomplete(_RecordCheck):
    """A record that lacks what it must say."""

    id = "record-incomplete"
    title = "Execution record missing or incomplete"
    severity = Severity.ERROR
    explanation = (
        "The record says who wrote a version, where, with which code and how many rows: without it nobody "
        "can answer for the data. A record may be missing while it waits in the spool of a machine."
    )
    remedy = (
        "Run any governed task on the machine that wrote it, which delivers what waits in its spool. What "
        "was removed from the database is found by airflow-gov log verify; load the dataset again."
    )

    def observe_record(
        self, audited: AuditedDataset, load_id: str, execution: Execution | None
    ) -> Iterator[Observation]:
        """Everything that is there for every load."""
        lacking = ["record"] if execution is None else _lacking(audited, execution)
        if lacking:
            yield self.found_in(
                audited,
                f"The load {load_id} of {audited.name} is published, and its execution has no "
                f"{', no '.join(lacking)}.",
                part=load_id,
                lacking=lacking,
                execution_id=execution.execution_id if execution is not None else None,
            )


class RecordContradicts(_RecordCheck):
    """A record, or a version in the store, that does not fit the snapshot in the lake."""

    id = "record-contradicts"
    title = "Record contradicts the lake"
    severity = Severity.ERROR
    explanation = (
        "Rows, bytes and columns stand in the store and in the lake, written by the same task. Where they "
        "differ one of them was changed afterwards, and everything that relies on the store is wrong."
    )
    remedy = (
        "Compare both (airflow-gov datasets show, airflow-gov executions show) and load the dataset again; "
        "airflow-gov log verify tells whether the database was edited."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """First the version, then the records of its loads."""
        version, table = audited.version, audited.table
        snapshot = table.snapshot(version.snapshot_id) if version is not None and table is not None else None
        if version is not None and snapshot is not None:
            told = {"rows": version.rows, "size": version.size, "files": version.files}
            size, files = amount_of(audited.governance, audited.name, snapshot)
            found = {"rows": snapshot.rows, "size": size, "files": files}
            # Once a version of raw was recorded with the size of its table.
            of_table = {"rows": snapshot.rows, "size": snapshot.size, "files": snapshot.files}
            for name in told if told != of_table else ():
                if told[name] != found[name]:
                    yield self.found_in(
                        audited,
                        f"Version {version.version} of {audited.name} has {told[name]:,} {name} by the store "
                        f"and {found[name]:,} in the lake.",
                        part=f"v{version.version} {name}",
                        store=told[name],
                        lake=found[name],
                    )
        yield from super().observe(audited)

    def observe_record(
        self, audited: AuditedDataset, load_id: str, execution: Execution | None
    ) -> Iterator[Observation]:
        """The columns it wrote are in the table, with the type they have there or a narrower one."""
        if audited.table is None or audited.zone is Zone.RAW:
            return
        found = {column.name: column.type for column in audited.table.columns}
        for data in _targets(audited, execution):
            for column in data.columns:
                kind = found.get(column.name)
                if kind is None or not _fits(column.type, kind):
                    yield self.found_in(
                        audited,
                        f"{audited.name}.{column.name} was written as {column.type}; "
                        f"in the table it is {kind or 'not there'}.",
                        part=f"{load_id} {column.name}",
                        record=column.type,
                        table=kind,
                    )


class CodeUnknown(_RecordCheck):
    """A version in production that was made by code nobody can find again.

    :param zones: the zones that are production.
    """

    id = "code-unknown"
    title = "Made by unknown code"
    severity = Severity.WARNING
    explanation = (
        "What consumers read is to be made by code that can be found again: a commit, without changes on top "
        "of it. The record of this version says that there were changes, or knows no commit."
    )
    remedy = (
        "Deploy Dags from a clean checkout, by a Dag bundle that knows its version, or by an image that sets "
        "AIRFLOW_GOV_GIT_COMMIT and its like; then load the dataset again."
    )

    def __init__(self, zones: Sequence[str] = (Zone.GOLD.value,)) -> None:
        self.zones = tuple(Zone(zone) for zone in zones)

    def observe_record(
        self, audited: AuditedDataset, load_id: str, execution: Execution | None
    ) -> Iterator[Observation]:
        """Of the zones that are production."""
        if execution is None or audited.zone not in self.zones:
            return
        git = execution.git
        if git.commit is None or git.dirty:
            why = "had changes that are in no commit" if git.commit else "is of no known commit"
            yield self.found_in(
                audited,
                f"The code that wrote the load {load_id} of {audited.name} {why}.",
                part=load_id,
                commit=git.commit,
                dirty=git.dirty,
                missing=git.missing,
            )


def _targets(audited: AuditedDataset, execution: Execution | None) -> list[DataRef]:
    data = execution.data if execution is not None else ()
    return [each for each in data if each.role is Role.TARGET and each.dataset == str(audited.name)]


def _lacking(audited: AuditedDataset, execution: Execution) -> list[str]:
    targets = _targets(audited, execution)
    there = {
        "end": execution.end is not None,
        "success": execution.status is Status.SUCCESS,
        "user": bool(execution.actor.os_user),
        "host": bool(execution.host.name),
        "operator": bool(execution.operator),
        "target": bool(targets),
        "columns": not targets or all(data.columns for data in targets),
        "row count": execution.counts.written is not None,
    }
    return [name for name, is_there in there.items() if not is_there]


def _fits(written: str, found: str) -> bool:
    if written == found or found in _WIDER.get(written, ()):
        return True
    return written.startswith("decimal(") and found.startswith("decimal(")
