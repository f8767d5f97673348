"""Which versions' rows a version holds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

#: How many versions are read at once: what is asked for is nearly always among the newest.
_PAGE = 50


class Ancestry:
    """What the versions of a dataset were built upon, as the store knows it.

    :param governance: the wired parts.
    :param dataset: the dataset.
    """

    def __init__(self, governance: Governance, dataset: DatasetName) -> None:
        self._governance = governance
        self._dataset = dataset
        self._origins: dict[int, Version | None] = {}

    @property
    def versions(self) -> Iterator[Version]:
        """All versions, newest first."""
        page = self._governance.store.versions.list(self._dataset, _PAGE)
        while page:
            yield from page
            page = self._governance.store.versions.list(self._dataset, _PAGE, before=page[-1].version)

    def built_upon(self, snapshot_id: int, *, floor: int = 0) -> list[Version]:
        """The versions whose work is in a snapshot, its own among them, newest first.

        It ends with a version that replaced everything there was before.

        :param snapshot_id: the snapshot.
        :param floor: versions below this number are of no interest.
        """
        found: list[Version] = []
        version = self._origin(snapshot_id)
        while version is not None and version.version >= floor:
            found.append(version)
            if version.parent_snapshot_id is None or version.snapshot_id in self._replacing:
                break
            version = self._origin(version.parent_snapshot_id)
        return found

    def holds_any(self, snapshot_id: int, snapshots: Collection[int], *, floor: int = 0) -> bool:
        """Whether the work of one of these snapshots is in a snapshot."""
        return any(each.snapshot_id in snapshots for each in self.built_upon(snapshot_id, floor=floor))

    def _origin(self, snapshot_id: int) -> Version | None:
        if snapshot_id not in self._origins:
            self._origins[snapshot_id] = self._governance.store.versions.brought(self._dataset, snapshot_id)
        return self._origins[snapshot_id]

    @cached_property
    def _replacing(self) -> frozenset[int]:
        """The snapshots that replaced everything, in their own words: a load may be written otherwise since.

        One that maintenance removed replaced nothing, as far as anybody can know.
        """
        snapshots = self._governance.lake.snapshots(self._dataset)
        return frozenset(each.snapshot_id for each in snapshots if each.replaces_all)
