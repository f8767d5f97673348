"""Raw files to a typed table; rows that do not parse are set aside with file, line and reason."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.flow.loading import LoadRequest, commit_candidate, open_load
from airflow_gov.flow.observing import note_lineage
from airflow_gov.flow.sources import SourceSpec, resolve, scan_source, source_data
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import Candidate, LoadKey, SourceRef, WriteMode
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance
    from airflow_gov.transform import LocalFile


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Raw files to read into a table.

    :param contract: the target's contract.
    :param sources: raw datasets (all their files) or loads of them (the load's files).
    :param key: the load's key.
    :param write_mode: how the rows are applied.
    :param source_format: csv, tsv, json, ndjson, parquet, excel; None: by the file's name.
    :param options: how to read, see ``DuckEngine.read_files``.
    """

    contract: Contract
    sources: tuple[SourceSpec, ...]
    key: LoadKey
    write_mode: WriteMode = WriteMode.OVERWRITE
    source_format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def preprocess(governance: Governance, recording: Recording, job: Preprocessing) -> Candidate:
    """Read raw files into a typed table as a candidate, and quarantine what does not parse.

    :raises GovernanceError: files that cannot be read as the contract says; nothing is written then.
    """
    for spec in job.sources:
        if spec.dataset.zone is not Zone.RAW:
            raise GovernanceError(
                Reason.HOP_REFUSED,
                f"{spec.dataset} is a table already: a PreprocessOperator reads raw files.",
            )
    refs = resolve(governance, job.sources, job.contract.dataset)
    request = LoadRequest(job.contract, job.key, job.write_mode, refs)
    with (
        open_load(governance, recording, request) as load,
        _raw_files(governance, recording, load.sources) as files,
        governance.lake.stage(job.contract.dataset, load.load_id) as staging,
        governance.lake.stage(job.contract.dataset.quarantine, load.load_id) as aside,
    ):
        result = governance.engine.read_files(
            files,
            job.contract,
            source_format=job.source_format,
            options=job.options,
            load_id=load.load_id,
            folder=staging.folder,
            quarantine_folder=aside.folder,
        )
        note_lineage(recording, job.contract.dataset, lambda: _lineage(job, load.sources))
        # Set aside first: once the candidate is recorded a gate may publish it at any moment.
        _set_aside(governance, recording, job.contract, aside, load.load_id, result.rejected)
        candidate = commit_candidate(
            governance,
            recording,
            job.contract,
            load,
            staging,
            result.written,
            quarantined=result.rejected,
        )
    recording.counts = replace(candidate.counts, read=result.written.rows + result.rejected)
    recording.action = f"{job.source_format or _formats(files)} to Iceberg"
    return candidate


def _lineage(job: Preprocessing, refs: tuple[SourceRef, ...]) -> ColumnLineage:
    from airflow_gov.transform.column_lineage.by_name import file_lineage

    return file_lineage(job.contract, {ref.dataset for ref in refs}, job.options.get("columns") or {})


@contextmanager
def _raw_files(
    governance: Governance, recording: Recording, refs: tuple[SourceRef, ...]
) -> Iterator[list[LocalFile]]:
    """The raw objects of the sources as local files, fetched where they are not local."""
    from airflow_gov.transform import LocalFile

    holder = Path(tempfile.mkdtemp(prefix="airflow-gov-", dir=governance.settings.temp_folder))
    files: dict[str, LocalFile] = {}
    try:
        for ref in refs:
            scan = scan_source(governance, ref, only_load=ref.load_id is not None)
            recording.add(source_data(ref, scan))
            for row in (row for batch in scan.to_reader() for row in batch.to_pylist()):
                if row["uri"] not in files:
                    path = _local_copy(governance, row["uri"], holder / str(len(files)))
                    files[row["uri"]] = LocalFile(path, row["file"])
        yield list(files.values())
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _local_copy(governance: Governance, uri: str, holder: Path) -> Path:
    path = governance.lake.raw.local_path(uri)
    if path is not None:
        return path
    holder.mkdir()
    copy = holder / uri.rsplit("/", 1)[-1]
    with governance.lake.raw.open(uri) as stream, copy.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    return copy


def _set_aside(
    governance: Governance,
    recording: Recording,
    contract: Contract,
    staging: Any,
    load_id: str,
    rejected: int,
) -> None:
    """Write the rejected rows; also when there are none now but an earlier try had some."""
    from airflow_gov.transform import QUARANTINE_COLUMNS

    quarantine = contract.dataset.quarantine
    if not rejected and not governance.lake.exists(quarantine):
        return
    governance.lake.quarantine(contract.dataset, staging, load_id, QUARANTINE_COLUMNS)
    if rejected:
        recording.add(
            DataRef(
                role=Role.QUARANTINE,
                dataset=str(quarantine),
                snapshot_id=governance.lake.head(quarantine),
                load_id=load_id,
                rows=rejected,
            )
        )


def _formats(files: list[LocalFile]) -> str:
    return ", ".join(sorted({file.name.partition(".")[2].upper() or "file" for file in files}))
