"""A hop between tables: published sources in, a candidate out, by SQL or by a Python function."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_gov.flow.loading import LoadRequest, open_load, write_candidate
from airflow_gov.flow.observing import note_lineage
from airflow_gov.flow.sources import SourceSpec, resolve, scan_source, source_data
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Candidate, LoadKey, SourceRef, WriteMode
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from airflow_gov.flow.recording import Recording
    from airflow_gov.lake import Scan
    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance
    from airflow_gov.transform import Written


@dataclass(frozen=True, slots=True)
class Transformation:
    """A hop between tables.

    :param contract: the target's contract.
    :param sources: what it reads.
    :param key: the load's key.
    :param write_mode: how the result is applied.
    :param sql: one SELECT, sources named as datasets; or
    :param function: a callable on Arrow, pandas, Polars or Ibis tables (by annotation).
    :param arguments: keyword arguments for the function.
    :param incremental: read only the rows of the loads that the sources name.
    :param allow_empty: whether a result without rows is a result.
    :param column_lineage: which columns the function's columns come from, where the user declares it; see
        ``airflow_gov.transform.column_lineage.declared.declared_lineage``.
    """

    contract: Contract
    sources: tuple[SourceSpec, ...]
    key: LoadKey
    write_mode: WriteMode = WriteMode.OVERWRITE
    sql: str | None = None
    function: Callable[..., Any] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    incremental: bool = False
    allow_empty: bool = False
    column_lineage: Mapping[str, Sequence[Any]] | None = None


def transform(governance: Governance, recording: Recording, job: Transformation) -> Candidate:
    """Run a transformation and write its result as a candidate.

    :raises GovernanceError: a refused source, SQL or result; nothing is written then.
    """
    _check(job)
    _prepare(job)
    refs = _newest(resolve(governance, job.sources, job.contract.dataset), incremental=job.incremental)
    request = LoadRequest(job.contract, job.key, job.write_mode, refs)
    with open_load(governance, recording, request) as load:
        scans = {ref.dataset: scan_source(governance, ref, only_load=job.incremental) for ref in load.sources}
        for ref in load.sources:
            recording.add(source_data(ref, scans[ref.dataset]))
        declared = _declared(job, scans)
        lineages: list[Callable[[], ColumnLineage]] = []

        def produce(folder: Path) -> Written:
            written = _run(governance, job, scans, load.load_id, folder)
            lineages.extend([written.column_lineage] if written.column_lineage is not None else [])
            return written

        candidate = write_candidate(governance, recording, job.contract, load, produce)
    _note(recording, job, declared, lineages)
    read = sum(scan.rows for scan in scans.values())
    recording.counts = replace(candidate.counts, read=read)
    return candidate


def _run(
    governance: Governance, job: Transformation, scans: Mapping[DatasetName, Scan], load_id: str, folder: Path
) -> Written:
    if job.sql is not None:
        return governance.engine.run_sql(
            job.sql, scans, job.contract, load_id=load_id, folder=folder, allow_empty=job.allow_empty
        )
    assert job.function is not None  # noqa: S101 - _check() saw to it
    return governance.engine.run_callable(
        job.function,
        scans,
        job.contract,
        load_id=load_id,
        folder=folder,
        context_kwargs=job.arguments,
        allow_empty=job.allow_empty,
    )


def _declared(job: Transformation, scans: Mapping[DatasetName, Scan]) -> ColumnLineage | None:
    """The lineage that the user declares, compared with what there is."""
    if job.column_lineage is None:
        return None
    from airflow_gov.transform.column_lineage.declared import declared_lineage

    columns = {
        str(dataset): [name for name, _ in scan.schema if name != LOAD_ID_COLUMN]
        for dataset, scan in scans.items()
    }
    return declared_lineage(job.column_lineage, job.contract, columns)


def _prepare(job: Transformation) -> None:
    """Begin with what following SQL needs while the sources are looked up."""
    if job.sql is not None:
        from airflow_gov.transform.column_lineage.aside import prepare

        prepare()


def _note(
    recording: Recording,
    job: Transformation,
    declared: ColumnLineage | None,
    seen: Sequence[Callable[[], ColumnLineage]],
) -> None:
    """Note which columns the result's columns come from, as declared or else as the engine saw it."""
    if declared is not None:
        recording.column_lineage[job.contract.dataset] = declared
        return
    for lineage in seen:
        note_lineage(recording, job.contract.dataset, lineage)


def _check(job: Transformation) -> None:
    if (job.sql is None) == (job.function is None):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{job.contract.dataset}: give either sql= or transform=, not both and not neither.",
        )
    if job.sql is not None and not job.sql.strip():
        raise GovernanceError(Reason.PARAMETER_INVALID, f"{job.contract.dataset}: sql is empty.")
    if job.sql is not None and job.column_lineage is not None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{job.contract.dataset}: column_lineage= is for transform=; that of sql= is followed. "
            f"Leave it out.",
        )
    for spec in job.sources:
        if spec.dataset.zone is Zone.RAW:
            raise GovernanceError(
                Reason.HOP_REFUSED,
                f"{spec.dataset} holds files, not a table: read it with a PreprocessOperator.",
            )
    if job.incremental and any(spec.load_id is None for spec in job.sources):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{job.contract.dataset}: incremental=True reads the rows of one load, so every source must "
            f"be another task's output, not a name.",
        )


def _newest(refs: tuple[SourceRef, ...], *, incremental: bool) -> tuple[SourceRef, ...]:
    """One reference a dataset: several loads of one dataset are all in its newest version."""
    newest: dict[DatasetName, SourceRef] = {}
    for ref in refs:
        kept = newest.get(ref.dataset)
        if kept is None:
            newest[ref.dataset] = ref
        elif incremental:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"incremental=True reads one load of {ref.dataset}, and {kept.load_id} and {ref.load_id} "
                f"were given: map the task over them.",
            )
        elif (ref.version or 0) > (kept.version or 0):
            newest[ref.dataset] = ref
    return tuple(newest.values())
