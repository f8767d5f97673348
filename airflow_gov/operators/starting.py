"""What a task is going to read and write, as its parameters say it: cheap, without store and lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.dataset_facets import LakeAddress
from airflow_gov.lineage.datasets import Amount, named_dataset, outside_dataset
from airflow_gov.lineage.emitting import Told, job_facets, run_facets
from airflow_gov.lineage.outside import source_address
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import DatasetName
from airflow_gov.settings import Settings

if TYPE_CHECKING:
    from airflow_gov.operators.telling import TellsLineage


def expected(task: TellsLineage) -> Told:
    """What a task that starts tells OpenLineage.

    :param task: the task, its templates rendered.
    """
    settings = Settings.load()
    lake = lake_address(settings)
    read, written = (
        [named_dataset(dataset, lake) for dataset in dict.fromkeys(_datasets(names, settings.zone_aliases))]
        for names in (task.read_names, task.written_names)
    )
    outside = _outside(task.read_outside)
    if task.opening is None:
        return Told((*read, *outside), tuple(written))
    include_sql = settings.openlineage_include_sql
    return Told(
        (*read, *outside),
        tuple(written),
        run_facets(task.opening, include_sql=include_sql),
        job_facets(task.opening),
    )


def lake_address(settings: Settings) -> LakeAddress:
    """The lake as the settings have it."""
    return LakeAddress(
        settings.catalog_name, {"warehouse": settings.warehouse, **settings.catalog_properties}
    )


def _datasets(names: Any, aliases: Mapping[str, str]) -> Iterable[DatasetName]:
    """The datasets that parameters name; what is no name is left out, the task itself will refuse it."""
    if isinstance(names, str):
        try:
            yield DatasetName.parse(names, aliases)
        except GovernanceError:
            return
    elif isinstance(names, Mapping):
        yield from _datasets([names.get("dataset"), names.get("sensitive")], aliases)
    elif isinstance(names, list | tuple | set) or hasattr(names, "__next__"):
        for each in names:
            yield from _datasets(each, aliases)


def _outside(source: str | None) -> list[dict[str, Any]]:
    """One file or object outside the lake; which files a pattern means is not known yet."""
    from airflow_gov.flow.deliveries import shown_source

    if source is None or "{{" in source or has_magic(source):
        return []
    local = source.removeprefix("file://")
    # Named as its delivery will be: a link, or a path from here, is another name of the same file.
    where = shown_source(source) if "://" in local else str(Path(local).expanduser().resolve())
    address = source_address(where)
    return [] if address is None else [outside_dataset(address, "FILE", (), Amount())]
