"""From what a user named as ``source`` to published versions that may be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_gov.flow.heads import version_at
from airflow_gov.flow.reviewing import require_in_time
from airflow_gov.flow.versions import require_current
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo, DataRef, Role
from airflow_gov.model.loads import LoadState, SourceRef, Version
from airflow_gov.model.zones import DatasetName, check_hop

if TYPE_CHECKING:
    from airflow_gov.lake import Scan
    from airflow_gov.runtime import Governance


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source as named: a dataset, or one load of it (another operator's or gate's output).

    :param dataset: the dataset.
    :param load_id: the load the output names, or None for the dataset's current version.
    """

    dataset: DatasetName
    load_id: str | None = None


def parse_sources(source: Any, aliases: Mapping[str, str] | None = None) -> tuple[SourceSpec, ...]:
    """Read the ``source`` of an operator: one name, one output, or a list of either.

    :param source: ``"clean.flights"``, ``{"dataset": "clean.flights", "load_id": "…"}``, or a list
        (mapped tasks give lists of outputs).
    :param aliases: other words for zones.
    :raises GovernanceError: when it is none of these, empty, or names a dataset twice in different ways.
    """
    specs = tuple(dict.fromkeys(_parse_each(source, aliases)))
    if not specs:
        raise GovernanceError(
            Reason.SOURCE_MISSING, "No source was given: name a dataset or pass another task's output."
        )
    return specs


def _parse_each(source: Any, aliases: Mapping[str, str] | None) -> Iterable[SourceSpec]:
    if isinstance(source, str):
        yield SourceSpec(DatasetName.parse(source, aliases))
    elif isinstance(source, Mapping) and "dataset" in source:
        yield SourceSpec(DatasetName.parse(source["dataset"], aliases), source.get("load_id"))
    elif isinstance(source, Iterable) and not isinstance(source, Mapping | bytes):
        for item in source:
            yield from _parse_each(item, aliases)
    elif source is not None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"source is {type(source).__name__}: give a dataset name, another task's output, or a list.",
        )


def resolve(
    governance: Governance, specs: Sequence[SourceSpec], target: DatasetName
) -> tuple[SourceRef, ...]:
    """The published versions that the sources mean now.

    :raises GovernanceError: a hop that is not allowed, a dataset that does not exist, or one whose
        version was never published by a gate.
    """
    check_hop((spec.dataset for spec in specs), target)
    return tuple(_resolve(governance, spec) for spec in specs)


def _resolve(governance: Governance, spec: SourceSpec) -> SourceRef:
    if spec.load_id is not None:
        require_in_time(governance, spec.dataset)
        version = governance.store.versions.for_load(spec.dataset, spec.load_id)
        if version is None:
            raise _unpublished_load(governance, spec)
        require_current(governance, version)
        return SourceRef(spec.dataset, version.snapshot_id, spec.load_id, version.version)
    version = published_head(governance, spec.dataset)
    return SourceRef(spec.dataset, version.snapshot_id, None, version.version)


def published_head(governance: Governance, dataset: DatasetName) -> Version:
    """The current version of a dataset, if a gate published it.

    :raises GovernanceError: ``DATASET_UNKNOWN`` or ``SOURCE_UNPUBLISHED``.
    """
    require_in_time(governance, dataset)
    head = governance.lake.head(dataset)
    if head is None:
        raise GovernanceError(
            Reason.DATASET_UNKNOWN,
            f"{dataset} does not exist in the lake: nothing was ever loaded into it.",
            dataset=str(dataset),
        )
    version = version_at(governance, dataset, head)
    while version is None and (now := governance.lake.head(dataset)) not in (head, None):
        head = now  # somebody published in the meantime
        version = version_at(governance, dataset, head)
    if version is None:
        raise _unpublished_head(governance, dataset, head)
    return version


def scan_source(governance: Governance, ref: SourceRef, *, only_load: bool = False) -> Scan:
    """The rows of a source.

    :param ref: the pinned version.
    :param only_load: read only the rows the named load brought.
    """
    return governance.lake.scan(ref.dataset, ref.snapshot_id, load_id=ref.load_id if only_load else None)


def source_data(ref: SourceRef, scan: Scan) -> DataRef:
    """The record of a source that was read."""
    return DataRef(
        role=Role.SOURCE,
        dataset=str(ref.dataset),
        snapshot_id=ref.snapshot_id,
        version=ref.version,
        load_id=ref.load_id,
        columns=tuple(ColumnInfo(name, kind) for name, kind in scan.schema),
        rows=scan.rows,
    )


def _unpublished_load(governance: Governance, spec: SourceSpec) -> GovernanceError:
    load = governance.store.loads.get(spec.dataset, spec.load_id or "")
    if load is None:
        state = "there is no such load"
    elif load.state is LoadState.CANDIDATE:
        state = "it is a candidate that no gate has published"
    else:
        state = f"it is {load.state}"
    return GovernanceError(
        Reason.SOURCE_UNPUBLISHED,
        f"Load {spec.load_id} of {spec.dataset} cannot be read: {state}. Put a QualityGateSensor "
        f"between the tasks and pass its output, or use promote().",
        dataset=str(spec.dataset),
        load_id=spec.load_id,
    )


def _unpublished_head(governance: Governance, dataset: DatasetName, head: int) -> GovernanceError:
    current = governance.store.versions.current(dataset)
    if current is None:
        problem, remedy = (
            "no version of it was ever published",
            "run its gate (QualityGateSensor) first",
        )
    else:
        problem = f"its main branch is at snapshot {head}, where no gate and no rollback put it"
        remedy = (
            f"publish through a gate, or go back: airflow-gov datasets rollback {dataset} {current.version}"
        )
    return GovernanceError(
        Reason.SOURCE_UNPUBLISHED,
        f"{dataset} cannot be read: {problem}; {remedy}.",
        dataset=str(dataset),
        snapshot_id=head,
    )
