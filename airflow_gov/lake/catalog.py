"""The Iceberg catalogue: opened on first use, one per process, tables by dataset name."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError
from pyiceberg.io import FileIO, load_file_io
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from airflow_gov.lake.errors import outages_named
from airflow_gov.lake.storage import local_path
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyiceberg.table import Table

    from airflow_gov.model.zones import DatasetName

_SQLITE_TIMEOUT_SECONDS = "30"

# At INFO it says with every table which FileIO it loaded: noise in a task's log.
logging.getLogger("pyiceberg.io").setLevel(logging.WARNING)


def lake_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Catalogue properties as the lake opens them.

    A SQL catalogue's local warehouse becomes an absolute plain path (a relative one would depend on
    who asks, and a ``#`` in a ``file://`` URL is cut off), and SQLite waits for other writers.
    """
    result = {"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO", **properties}
    uri = result.get("uri", "")
    if not uri.startswith(("sqlite", "postgresql")):
        return result
    result.setdefault("type", "sql")
    if warehouse := result.get("warehouse"):
        path = local_path(warehouse)
        result["warehouse"] = str(path.absolute()) if path else warehouse.rstrip("/")
    url = make_url(uri)
    if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
        url = url.update_query_dict({"timeout": _SQLITE_TIMEOUT_SECONDS})
        result["uri"] = url.render_as_string(hide_password=False)
    return result


class LakeCatalog:
    """Tables of the lake by dataset name.

    :param name: the catalogue's name.
    :param properties: as PyIceberg takes them.
    """

    def __init__(self, name: str, properties: Mapping[str, str]) -> None:
        self.name = name
        self.properties = lake_properties(properties)
        self._opened: tuple[int, Catalog] | None = None
        self._seen: dict[DatasetName, Table] = {}

    @property
    def iceberg(self) -> Catalog:
        """PyIceberg's catalogue. A forked child opens its own: connections do not survive a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._seen.clear()
            self._opened = (os.getpid(), self._open())
        return self._opened[1]

    @property
    def io(self) -> FileIO:
        """File access with the catalogue's credentials."""
        return load_file_io(self.properties, self.properties.get("warehouse"))

    def default_location(self, dataset: DatasetName) -> str | None:
        """Where a SQL catalogue puts a dataset's table; None where the catalogue decides for itself."""
        warehouse = self.properties.get("warehouse", "")
        if not (warehouse.startswith("/") or "://" in warehouse):
            return None
        return f"{warehouse.rstrip('/')}/{dataset.zone}/{dataset.name}"

    def find(self, dataset: DatasetName) -> Table | None:
        """The dataset's table as it is now, or None."""
        try:
            table = self.iceberg.load_table((str(dataset.zone), dataset.name))
        except NoSuchTableError:
            self._seen.pop(dataset, None)
            return None
        return self.remember(dataset, table)

    def load(self, dataset: DatasetName) -> Table:
        """The dataset's table as it is now.

        :raises GovernanceError: ``DATASET_UNKNOWN``.
        """
        table = self.find(dataset)
        if table is None:
            raise GovernanceError(
                Reason.DATASET_UNKNOWN,
                f"{dataset} does not exist in the lake: nothing was ever loaded into it.",
                dataset=str(dataset),
            )
        return table

    def seen(self, dataset: DatasetName) -> Table | None:
        """The table as this process last saw it, without asking the catalogue.

        Good for what never changes (location, snapshots by id) and for commits that assert what they
        rely on; not for "what is current".
        """
        return self._seen.get(dataset) if self._opened and self._opened[0] == os.getpid() else None

    def remember(self, dataset: DatasetName, table: Table) -> Table:
        """Keep a table that was just loaded or committed, for :meth:`seen`."""
        self._seen[dataset] = table
        return table

    def ensure_namespace(self, dataset: DatasetName) -> None:
        """Create the zone's namespace if it is not there."""
        zone = str(dataset.zone)
        try:
            if not self.iceberg.namespace_exists(zone):
                self.iceberg.create_namespace(zone)
        except (NamespaceAlreadyExistsError, IntegrityError):
            return  # another process was faster

    @contextmanager
    def outages_named(self) -> Iterator[None]:
        """Outages inside become ``LAKE_UNAVAILABLE``."""
        with outages_named(self.properties):
            yield

    def close(self) -> None:
        """Give back connections."""
        if self._opened is not None and self._opened[0] == os.getpid():
            self._opened[1].close()
        self._opened = None
        self._seen.clear()

    def _open(self) -> Catalog:
        uri = self.properties.get("uri", "")
        if uri.startswith("sqlite"):
            _make_parent(make_url(uri).database)
        try:
            return load_catalog(self.name, **self.properties)
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            if "exist" not in str(error.orig) and "duplicate key" not in str(error.orig):
                raise
            return load_catalog(self.name, **self.properties)  # another process created its tables just now


def _make_parent(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).absolute().parent.mkdir(parents=True, exist_ok=True)
