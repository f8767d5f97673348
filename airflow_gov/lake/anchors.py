"""Anchors of the log: objects in the lake, written once, that hold which entry the log had and its hash."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

from airflow_gov.lake.objects import LocalObjects, ObjectExistsError, S3Objects
from airflow_gov.lake.storage import as_uri, list_files, local_path
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.log import Anchor
from airflow_gov.model.log_chain import FORMAT, moment_text

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.lake.catalog import LakeCatalog

#: Under the warehouse; no dataset lies there.
FOLDER = "_airflow_gov/log"
_NAME = re.compile(r"([0-9]{20})-([0-9a-f]{64})\.json", re.ASCII)


class LogAnchors:
    """The anchors under ``<warehouse>/_airflow_gov/log/<place of the entry>-<its hash>.json``.

    The name says it all, so that listing reads no object. The object repeats it for people.

    :param catalog: where the warehouse is, and with which credentials.
    """

    def __init__(self, catalog: LakeCatalog) -> None:
        self._catalog = catalog

    def write(self, sequence: int, entry_hash: str, at: datetime) -> Anchor:
        """Hold an entry of the log. The same one again is fine and writes nothing.

        :param sequence: its place.
        :param entry_hash: its hash.
        :param at: now.
        :raises GovernanceError: ``CONFIGURATION_INVALID`` where only the catalogue knows places in the lake.
        """
        folder = self._folder
        if folder is None:
            raise GovernanceError(
                Reason.CONFIGURATION_INVALID,
                f"The log cannot be anchored: the catalogue's warehouse {self._warehouse!r} is no folder and "
                f"no bucket. Set `warehouse` in [airflow_gov] catalog_properties to one the lake may write.",
            )
        location = f"{folder}/{sequence:020d}-{entry_hash}.json"
        told = {"format": FORMAT, "sequence": sequence, "hash": entry_hash, "at": moment_text(at)}
        with self._catalog.outages_named():
            backend = LocalObjects() if local_path(location) is not None else S3Objects(self._catalog)
            try:
                backend.write_once(location, io.BytesIO(json.dumps(told, indent=2).encode()))
            except ObjectExistsError:
                return next(anchor for anchor in self.list() if anchor.uri == as_uri(location))
        return Anchor(sequence, entry_hash, at, as_uri(location))

    def list(self) -> list[Anchor]:
        """All anchors, oldest first; each with the time at which the storage took it."""
        folder = self._folder
        if folder is None:
            return []
        with self._catalog.outages_named():
            return sorted(
                (
                    Anchor(int(name[1]), name[2], file.modified, as_uri(file.location))
                    for file in list_files(self._catalog.io, folder)
                    if (name := _NAME.fullmatch(file.location.rpartition("/")[2])) is not None
                ),
                key=lambda anchor: (anchor.sequence, anchor.at),
            )

    @property
    def _warehouse(self) -> str:
        return self._catalog.properties.get("warehouse", "")

    @property
    def _folder(self) -> str | None:
        if not (self._warehouse.startswith("/") or "://" in self._warehouse):
            return None
        return f"{self._warehouse.rstrip('/')}/{FOLDER}"
