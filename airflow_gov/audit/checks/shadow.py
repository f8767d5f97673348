"""Data in the lake that no execution made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck, LakeCheck
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.lake.beside import Beside
    from airflow_gov.model.findings import Observation

_WHY = (
    "What no execution made has no owner, no lineage and no checks: it is where personal data is lost sight "
    "of, and no retention or erasure will find it. "
)


class ShadowTable(LakeCheck):
    """A table, or something in a zone's folder, that the store has never heard of."""

    id = "shadow-table"
    title = "Table no execution made"
    severity = Severity.ERROR
    explanation = _WHY + "This one was made directly in the catalogue or the storage."
    remedy = "Write a contract and load the data with an operator, then drop it; or drop it."

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Tables of zones, tables beside the zones, what lies in the zones' folders."""
        recorded = {*audited.summaries, *audited.contract_hashes}
        for name, entry in audited.tables.items():
            if _base(name) not in recorded and not _came_meanwhile(audited, name):
                yield self.found(
                    name,
                    f"The table {name} was made by no execution.",
                    dataset=name,
                    metadata_location=entry.metadata_location,
                )
        for entry in audited.foreign_tables:
            told = ".".join(entry.identifier)
            yield self.found(
                told,
                f"The table {told} of the lake's catalogue lies in no zone.",
                metadata_location=entry.metadata_location,
            )
        for zone in audited.zones:
            yield from self._beside_tables(audited, zone)

    def _beside_tables(self, audited: AuditedLake, zone: Zone) -> Iterator[Observation]:
        """Folders that are no dataset's, and files outside of all folders."""
        known = {str(name) for name in (*audited.summaries, *audited.contract_hashes, *audited.tables)}
        # A table that was given another name lies where it lay.
        known |= {_place(entry.metadata_location or "") for entry in audited.tables.values()}
        for name in audited.lake.tables.in_zone(zone):
            folder = name.rstrip("/")
            place = f"{zone}.{folder}"
            if name != folder and (place in known or _named_meanwhile(audited, place)):
                continue
            yield self.found(
                f"{zone}/{folder}",
                f"The {'folder' if name.endswith('/') else 'file'} {zone}/{folder} of the lake belongs to no "
                "dataset.",
                zone=zone,
            )


class ShadowData(LakeCheck):
    """Files in the lake's warehouse that lie in no zone.

    :param known: names of folders and files in the warehouse's root that may be there.
    """

    id = "shadow-data"
    title = "Data beside the zones"
    severity = Severity.WARNING
    explanation = _WHY + (
        "It lies in the warehouse of the lake and in none of its zones. Each folder there is told once, with "
        "how much is in it; where the catalogue chooses itself where tables lie, nobody looks."
    )
    remedy = (
        "Load it with an operator, or move it out of the warehouse. What has to be there, name in the "
        "check's setting `known`, or acknowledge."
    )

    def __init__(self, known: Sequence[str] = ()) -> None:
        if isinstance(known, str):
            raise TypeError("known must be a list of names")
        self.known = frozenset(name.rstrip("/") for name in known)

    @property
    def plan(self) -> str:
        """How far is looked."""
        from airflow_gov.lake.beside import MOST_FOLDERS, MOST_LOOKED_INTO, MOST_OBJECTS

        return (
            f"{MOST_FOLDERS:,} folders are told one by one and others together; {MOST_LOOKED_INTO:,} are "
            f"looked into, and {MOST_OBJECTS:,} objects counted in each"
        )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Folders in the warehouse's root, and the files that lie in none."""
        tables = audited.lake.tables
        entries = (*audited.tables.values(), *audited.foreign_tables)
        of_tables = {tables.folder_of(each.metadata_location) for each in entries if each.metadata_location}
        for each in tables.beside_zones({*self.known, *(name for name in of_tables if name)}):
            least = "" if each.counted else "at least "
            yield self.found(
                f"{each.folder}/" if each.folders == 1 else "other folders",
                f"{_told(each)} of the lake's warehouse is no zone's: {least}{each.objects:,} "
                f"object{'' if each.objects == 1 else 's'} of {each.size:,} bytes lie there.",
                objects=each.objects,
                size=each.size,
                counted=each.counted,
            )


def _told(each: Beside) -> str:
    if each.folders > 1:
        return f"Each of {each.folders:,} more folders, of which {each.folder} is the first,"
    return f"The folder {each.folder}" if each.folder else "The root"


class ShadowSnapshot(DatasetCheck):
    """A snapshot of a governed table that no operator wrote."""

    id = "shadow-snapshot"
    title = "Rows no execution wrote"
    severity = Severity.ERROR
    explanation = _WHY + (
        "Every snapshot an operator writes says which loads it carries. This one carries rows and does not: "
        "somebody wrote to the table directly, with whatever tool."
    )
    remedy = (
        "Roll back (airflow-gov datasets rollback) where readers see it, load the rows with an operator "
        "instead, and take the right to write from whoever wrote it."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By the summaries of all snapshots, candidates' too."""
        if audited.table is None or not audited.in_store:
            return
        for snapshot in audited.table.snapshots:
            empty = not snapshot.rows and snapshot.parent_snapshot_id is None
            if not (snapshot.load_ids or snapshot.maintenance or empty):
                yield self.found_in(
                    audited,
                    f"The snapshot {snapshot.snapshot_id} of {audited.name} was written by no operator.",
                    part=snapshot.snapshot_id,
                    operation=snapshot.operation,
                    rows=snapshot.rows,
                    committed_at=snapshot.committed_at.isoformat(),
                )

    def token(self, audited: AuditedDataset) -> str:
        """Snapshots change with the table's metadata only."""
        return f"{audited.metadata_location} {audited.in_store}"


def _came_meanwhile(audited: AuditedLake, name: DatasetName) -> bool:
    """Whether the store has heard of it since its lists were read: a contract comes before the table."""
    return audited.store.contracts.latest(_base(name)) is not None


def _named_meanwhile(audited: AuditedLake, text: str) -> bool:
    try:
        return _came_meanwhile(audited, DatasetName.parse(text))
    except GovernanceError as error:
        if error.reason is not Reason.DATASET_NAME_INVALID:
            raise
        return False


def _place(metadata_location: str) -> str:
    """The last two folders of a table's, as a dataset's name."""
    return ".".join(metadata_location.rpartition("/metadata/")[0].rsplit("/", 2)[-2:])


def _base(name: DatasetName) -> DatasetName:
    return DatasetName(name.zone, name.name.removesuffix(QUARANTINE_SUFFIX))
