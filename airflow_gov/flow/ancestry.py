"""Which versions' rows a version holds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from airflow_gov.model.loads import VersionKind, WriteMode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


class Ancestry:
    """What the versions of a dataset were built upon, as the store knows it.

    :param governance: the wired parts.
    :param dataset: the dataset.
    """

    def __init__(self, governance: Governance, dataset: DatasetName) -> None:
        self._governance = governance
        self._dataset = dataset
        self._replacing: dict[int, bool] = {}

    @cached_property
    def versions(self) -> Sequence[Version]:
        """All versions, newest first."""
        store = self._governance.store
        current = store.versions.current(self._dataset)
        return store.versions.list(self._dataset, limit=current.version) if current is not None else []

    def built_upon(self, snapshot_id: int, *, floor: int = 0) -> list[Version]:
        """The versions whose work is in a snapshot, its own among them, newest first.

        It ends with a version that replaced everything there was before.

        :param snapshot_id: the snapshot.
        :param floor: versions below this number are of no interest.
        """
        found: list[Version] = []
        version = self._origins.get(snapshot_id)
        while version is not None and version.version >= floor:
            found.append(version)
            if version.parent_snapshot_id is None or self._replaces_all(version):
                break
            version = self._origins.get(version.parent_snapshot_id)
        return found

    def holds_any(self, snapshot_id: int, snapshots: Collection[int], *, floor: int = 0) -> bool:
        """Whether the work of one of these snapshots is in a snapshot."""
        return any(each.snapshot_id in snapshots for each in self.built_upon(snapshot_id, floor=floor))

    @cached_property
    def _origins(self) -> dict[int, Version]:
        """Of each snapshot the version that brought it: a rollback brings nothing."""
        return {each.snapshot_id: each for each in self.versions if each.kind is not VersionKind.ROLLBACK}

    def _replaces_all(self, version: Version) -> bool:
        if version.kind is not VersionKind.PUBLISH:
            return False
        if version.version not in self._replacing:
            loads = self._governance.store.loads
            found = [loads.get(self._dataset, load_id) for load_id in version.load_ids]
            self._replacing[version.version] = any(
                load is not None and load.write_mode is WriteMode.OVERWRITE for load in found
            )
        return self._replacing[version.version]
