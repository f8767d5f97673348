"""The lake as audits see it: all tables in one look, and a table's metadata without its catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NoSuchTableError, ValidationError
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import Table
from sqlalchemy import select

from airflow_gov.lake.beside import Beside, beside_zones
from airflow_gov.lake.raw_listing import directly_in
from airflow_gov.lake.remote_stamps import RemoteStamps
from airflow_gov.lake.stamps import FolderStamp, file_stamp, folder_stamp
from airflow_gov.lake.storage import local_path
from airflow_gov.lake.summaries import all_facts, main_head
from airflow_gov.lake.table_facts import RefFacts, TableEntry, TableFacts
from airflow_gov.lake.types import type_text
from airflow_gov.lake.unreachable import unreachable_files
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo
from airflow_gov.model.loads import FileRef
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pyiceberg.catalog import Catalog
    from pyiceberg.io import FileIO
    from pyiceberg.table.metadata import TableMetadata

    from airflow_gov.lake.catalog import LakeCatalog


class Tables:
    """All tables of the catalogue, whoever made them.

    :param catalog: the lake's.
    """

    def __init__(self, catalog: LakeCatalog) -> None:
        self._catalog = catalog
        self._io: FileIO | None = None
        self._remote = RemoteStamps(catalog.properties)

    def entries(self) -> list[TableEntry]:
        """Every table; of a SQL catalogue in one query. By name."""
        with self._catalog.outages_named():
            catalog = self._catalog.iceberg
            listed = _by_sql(catalog) if isinstance(catalog, SqlCatalog) else _one_by_one(catalog)
            return sorted(
                (TableEntry(identifier, _dataset(identifier), location) for identifier, location in listed),
                key=lambda entry: entry.identifier,
            )

    def entry(self, dataset: DatasetName) -> TableEntry | None:
        """A dataset's table as the catalogue has it now; its metadata need not be readable."""
        identifier = (str(dataset.zone), dataset.name)
        with self._catalog.outages_named():
            catalog = self._catalog.iceberg
            if not isinstance(catalog, SqlCatalog):
                exists = catalog.table_exists(identifier)
                return TableEntry(identifier, dataset, None) if exists else None
            found = list(_by_sql(catalog, identifier))
        return TableEntry(identifier, dataset, found[0][1]) if found else None

    def read(self, entry: TableEntry) -> TableFacts:
        """A table's metadata.

        :raises GovernanceError: ``DATASET_UNKNOWN`` when it was dropped since, ``TABLE_UNREADABLE`` when its
            metadata file is gone or is none.
        """
        with self._catalog.outages_named():
            try:
                table = self._table(entry)
            except NoSuchTableError:
                raise _dropped(entry) from None
            except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
                if entry.dataset is not None and not self._is_as_listed(entry):
                    raise _dropped(entry) from None
                raise _unreadable(entry, error) from error
            return _facts(entry, table)

    def in_zone(self, zone: Zone) -> list[str]:
        """What lies directly in a zone's folder (folders with a slash); nothing where no one knows where."""
        location = self._catalog.default_location(DatasetName(zone, "any"))
        with self._catalog.outages_named():
            # Raw objects lie there whatever the catalogue: it keeps the tables, which are their indexes.
            if location is None or not (zone is Zone.RAW or isinstance(self._catalog.iceberg, SqlCatalog)):
                return []
            return list(directly_in(location.rpartition("/")[0], self._catalog.properties))

    def beside_zones(self, known: Collection[str] = ()) -> list[Beside]:
        """What lies in the warehouse beside the zones; nothing where the catalogue chooses places itself.

        :param known: names in the warehouse's root that are passed over.
        """
        with self._catalog.outages_named():
            if not isinstance(self._catalog.iceberg, SqlCatalog):
                return []
            return list(beside_zones(self._catalog.properties, known))

    def folder_of(self, metadata_location: str) -> str | None:
        """The folder in the warehouse's root in which a table lies; None for one that lies elsewhere."""
        root = f"{_place(self._catalog.properties.get('warehouse', '')).rstrip('/')}/"
        location = _place(metadata_location)
        return location.removeprefix(root).partition("/")[0] if location.startswith(root) else None

    def look_at_files(self, metadata_locations: Iterable[str]) -> None:
        """Prepare the stamps of some hundred tables with files in S3: their folders are listed at once."""
        with self._catalog.outages_named():
            self._remote.look(metadata_locations)

    def file_stamp(self, location: str) -> str | None:
        """What changes when a table's metadata file does, without reading it; None where it is not known."""
        with self._catalog.outages_named():
            return file_stamp(location) or self._remote.file_stamp(location)

    def folder_stamp(self, metadata_location: str, before: datetime) -> FolderStamp | None:
        """What changes when any of a table's files does, without reading them; None where it is not known.

        :param before: it tells, too, when the oldest of the files written later was.
        """
        with self._catalog.outages_named():
            found = folder_stamp(metadata_location, before)
            return found or self._remote.folder_stamp(metadata_location, before)

    def unreachable(
        self, dataset: DatasetName, *, before: datetime, in_flight: Collection[str] = ()
    ) -> list[FileRef]:
        """Files in the folders of a dataset's table that no snapshot and no metadata of it has.

        :param before: files written later are left out: a task may be writing them.
        :param in_flight: loads whose files are left out whatever their age.
        :raises GovernanceError: ``DATASET_UNKNOWN``.
        """
        loaded: dict[str, Table] = {}

        def load() -> Table:
            entry = self.entry(dataset)
            if entry is None:
                raise _dropped(TableEntry((str(dataset.zone), dataset.name), dataset, None))
            location = entry.metadata_location
            # Not remembered by the catalogue: of ten thousand tables that would be too much.
            if location is None or location not in loaded:
                loaded[location or ""] = self._table(entry)
            return loaded[location or ""]

        with self._catalog.outages_named():
            found = unreachable_files(load, in_flight, before)
        return [FileRef(file.location, file.size) for file in found]

    def _table(self, entry: TableEntry) -> Table:
        catalog = self._catalog.iceberg
        location = entry.metadata_location
        if location is None:
            return catalog.load_table(entry.identifier)
        if self._io is None:
            self._io = self._catalog.io
        metadata = FromInputFile.table_metadata(self._io.new_input(location))
        return Table(entry.identifier, metadata, location, self._io, catalog)

    def _is_as_listed(self, entry: TableEntry) -> bool:
        assert entry.dataset is not None  # noqa: S101 - read() saw to it
        now = self.entry(entry.dataset)
        return now is not None and now.metadata_location == entry.metadata_location


def _by_sql(
    catalog: SqlCatalog, identifier: tuple[str, str] | None = None
) -> Iterator[tuple[tuple[str, ...], str | None]]:
    columns = (IcebergTables.table_namespace, IcebergTables.table_name, IcebergTables.metadata_location)
    query = select(*columns).where(IcebergTables.catalog_name == catalog.name)
    if identifier is not None:
        namespace, name = identifier
        query = query.where(IcebergTables.table_namespace == namespace, IcebergTables.table_name == name)
    with catalog.engine.connect() as connection:
        for namespace, name, location in connection.execute(query):
            # Without a location PyIceberg says that there is no such table, and so does this.
            if location:
                yield (*namespace.split("."), name), location


def _one_by_one(catalog: Catalog) -> Iterator[tuple[tuple[str, ...], str | None]]:
    for namespace in catalog.list_namespaces():
        for identifier in catalog.list_tables(namespace):
            yield tuple(identifier), None


def _dataset(identifier: tuple[str, ...]) -> DatasetName | None:
    try:
        return DatasetName.parse(".".join(identifier)) if len(identifier) == 2 else None
    except GovernanceError:
        return None


def _facts(entry: TableEntry, table: Table) -> TableFacts:
    metadata: TableMetadata = table.metadata
    schema = metadata.schema()
    return TableFacts(
        identifier=entry.identifier,
        metadata_location=table.metadata_location,
        table_uuid=str(metadata.table_uuid),
        location=metadata.location,
        head=main_head(metadata),
        snapshots=tuple(all_facts(metadata)),
        refs={
            name: RefFacts(name, ref.snapshot_ref_type.value == "branch", ref.snapshot_id)
            for name, ref in metadata.refs.items()
        },
        columns=tuple(ColumnInfo(each.name, type_text(each.field_type)) for each in schema.fields),
        partition_by=tuple(each.name for each in metadata.spec().fields),
        properties=dict(metadata.properties),
        main_log=tuple(
            (each.snapshot_id, datetime.fromtimestamp(each.timestamp_ms / 1000, tz=UTC))
            for each in metadata.snapshot_log
        ),
        _table=table,
    )


def _dropped(entry: TableEntry) -> GovernanceError:
    name = ".".join(entry.identifier)
    return GovernanceError(
        Reason.DATASET_UNKNOWN, f"The table {name} is not in the catalogue any more.", dataset=name
    )


def _unreadable(entry: TableEntry, error: Exception) -> GovernanceError:
    name = ".".join(entry.identifier)
    return GovernanceError(
        Reason.TABLE_UNREADABLE,
        f"The metadata of the table {name} cannot be read from {entry.metadata_location}: "
        f"{type(error).__name__}. Restore that file, or drop the table and load it again.",
        dataset=name,
        metadata_location=entry.metadata_location,
    )


def _place(location: str) -> str:
    """A location, whichever of its schemes it is written with."""
    local = local_path(location)
    if local is not None:
        return str(local)
    scheme, separator, rest = location.partition("://")
    return f"s3://{rest}" if separator and scheme in ("s3a", "s3n") else location
