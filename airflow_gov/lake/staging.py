"""Where an engine writes a load's Parquet files before they become data files of the table."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import schema_to_pyarrow

from airflow_gov.lake.branches import candidate_branches
from airflow_gov.lake.storage import local_path
from airflow_gov.lake.types import table_schema
from airflow_gov.model.contract import LOAD_ID_COLUMN, Column
from airflow_gov.model.errors import LoadInProgressError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyiceberg.table import Table

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.model.zones import DatasetName

#: Beside `data` and `metadata` in a local table's folder.
STAGING_FOLDER = "staging"
DATA_FOLDER = "data"


@dataclass(frozen=True, slots=True)
class Staging:
    """A folder for one try of one load.

    :param dataset: the target.
    :param load_id: the load.
    :param folder: where an engine writes ``*.parquet``, in subfolders if it likes; the columns, also
        those the table is partitioned by, are in the files.
    :param found: candidate snapshots that were there when the try began. What it writes takes the place
        of those of its load, and never of one that came later: that is its successor's.
    """

    dataset: DatasetName
    load_id: str
    folder: Path
    found: frozenset[int] = frozenset()

    def files(self) -> list[Path]:
        """The Parquet files that were written, in order of their names.

        :raises LoadInProgressError: another try of the load began in the meantime and removed them.
        """
        if not self.folder.is_dir():
            raise LoadInProgressError(
                Reason.LOAD_IN_PROGRESS,
                f"{self.dataset}: the staged files of load {self.load_id} are gone, because another try of "
                f"it took over. Nothing was written; let that one finish, or run the task again.",
                dataset=str(self.dataset),
            )
        return sorted(path for path in self.folder.rglob("*.parquet") if path.is_file())

    def write_rows(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> Path:
        """Write a few rows, for callers that have no engine at hand; ``_load_id`` is added.

        :param columns: the table's columns.
        :param rows: values by column name; a missing one is null.
        :returns: the file.
        """
        schema = schema_to_pyarrow(table_schema(columns), include_field_ids=False)
        whole = [{**row, LOAD_ID_COLUMN: self.load_id} for row in rows]
        path = self.folder / f"rows-{uuid.uuid4().hex[:8]}.parquet"
        pq.write_table(pa.Table.from_pylist(whole, schema=schema), path, compression="zstd")
        return path


@contextmanager
def stage(
    catalog: LakeCatalog, dataset: DatasetName, load_id: str, temp_folder: Path | None = None
) -> Iterator[Staging]:
    """A fresh folder for a try of a load, removed at the end with what was not taken over.

    For a local table it lies in the table's own folder, so that taking files over is a rename. What
    an earlier try of the same load left there (its process was killed) is removed first.

    :param temp_folder: where the folder is made for S3; the system's by default.
    """
    table = catalog.find(dataset)
    found = candidate_branches(table.metadata) if table is not None else ()
    folder = _folder(catalog, dataset, table, load_id, temp_folder)
    folder.mkdir(parents=True)
    try:
        yield Staging(dataset, load_id, folder, frozenset(each.head.snapshot_id for each in found))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in (folder.parent, folder.parent.parent):  # the load's and the table's staging folders
            with suppress(OSError):
                parent.rmdir()


def _folder(
    catalog: LakeCatalog, dataset: DatasetName, table: Table | None, load_id: str, temp_folder: Path | None
) -> Path:
    name = uuid.uuid4().hex[:8]
    location = table.location() if table is not None else catalog.default_location(dataset)
    root = local_path(location) if location is not None else None
    if root is None:
        return Path(tempfile.mkdtemp(prefix="airflow-gov-", dir=temp_folder)) / load_id / name
    of_load = root / STAGING_FOLDER / load_id
    shutil.rmtree(of_load, ignore_errors=True)
    return of_load / name


def data_locations(table: Table, load_id: str, count: int) -> list[str]:
    """Fresh names for data files: flat, so that no engine takes folders for columns."""
    stem = f"{table.location().rstrip('/')}/{DATA_FOLDER}/{load_id}/{uuid.uuid4().hex[:12]}"
    return [f"{stem}-{number:05d}.parquet" for number in range(count)]
