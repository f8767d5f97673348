"""Raw ingestion: bytes kept as delivered, their hash and shape recorded, an index row each."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.flow.deliveries import DatabaseSource, Delivery, delivered, extracted
from airflow_gov.flow.loading import LoadRequest, open_load, write_candidate
from airflow_gov.flow.observing import note_lineage
from airflow_gov.model.contract import LOAD_ID_COLUMN, Contract
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo, DataRef, Role
from airflow_gov.model.loads import Candidate, FileRef, LoadKey, WriteMode
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.runtime import Governance
    from airflow_gov.transform import FileShape, Written


@dataclass(frozen=True, slots=True)
class Ingestion:
    """What to bring into a raw dataset.

    :param contract: the raw dataset's contract.
    :param key: the load's key.
    :param source: a path, glob, ``s3://`` or ``http(s)://``; or
    :param database: a database query.
    """

    contract: Contract
    key: LoadKey
    source: str | None = None
    database: DatabaseSource | None = None


@dataclass(frozen=True, slots=True)
class _Arrived:
    """One object in the raw zone, with what is known of it."""

    delivery: Delivery
    file: FileRef
    shape: FileShape
    rows: int | None


def ingest(governance: Governance, recording: Recording, job: Ingestion) -> Candidate:
    """Bring files or a query's result into the raw zone as a candidate.

    :raises GovernanceError: a missing, empty or unreachable source; nothing is written then.
    """
    if job.contract.dataset.zone is not Zone.RAW:
        raise GovernanceError(
            Reason.HOP_REFUSED,
            f"{job.contract.dataset} is not in the raw zone: data from outside lands in raw.",
        )
    if (job.source is None) == (job.database is None):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{job.contract.dataset}: give either source=, or source_conn_id= with table= or sql=.",
        )
    request = LoadRequest(job.contract, job.key, WriteMode.APPEND)
    with open_load(governance, recording, request) as load, _arriving(governance, job) as deliveries:
        arrived = [
            _keep(governance, job.contract, load.load_id, delivery, rows, shape)
            for delivery, rows, shape in deliveries
        ]
        now = governance.clock()
        candidate = write_candidate(
            governance,
            recording,
            job.contract,
            load,
            lambda folder: _write_index(folder, arrived, load.load_id, now),
        )
    _record(recording, job, arrived)
    note_lineage(recording, job.contract.dataset, lambda: _lineage(job, arrived))
    recording.counts = replace(candidate.counts, read=_total(arrived), written=len(arrived))
    return candidate


@contextmanager
def _arriving(
    governance: Governance, job: Ingestion
) -> Iterator[Iterable[tuple[Delivery, int | None, FileShape]]]:
    from airflow_gov.transform import FileShape, inspect_file

    temp_folder = _temp_folder(governance)
    if job.database is not None:
        with extracted(job.database, temp_folder) as (delivery, rows, columns, types):
            yield [(delivery, rows, FileShape("ndjson", tuple(columns), tuple(types)))]
        return
    assert job.source is not None  # noqa: S101 - ingest() saw to it
    with delivered(job.source, temp_folder, lambda: s3_client(governance)) as deliveries:
        yield ((each, None, inspect_file(each.path, each.name)) for each in deliveries)


def _keep(
    governance: Governance,
    contract: Contract,
    load_id: str,
    delivery: Delivery,
    rows: int | None,
    shape: FileShape,
) -> _Arrived:
    """Put a delivery into the raw zone.

    An earlier try may have left an object of that name. The same bytes are the same object; other
    bytes (the source changed in between) get a name of their own, for nothing in raw is overwritten.
    """
    stem, dot, suffix = delivery.name.partition(".")
    for attempt in range(1, 100):
        name = delivery.name if attempt == 1 else f"{stem}~{attempt}{dot}{suffix}"
        try:
            with delivery.path.open("rb") as stream:
                file = governance.lake.raw.put(contract.dataset, load_id, name, stream)
            return _Arrived(delivery, replace(file, rows=rows), shape, rows)
        except GovernanceError as error:
            if error.reason is not Reason.OBJECT_EXISTS:
                raise
    raise GovernanceError(
        Reason.OBJECT_EXISTS, f"{delivery.name} of load {load_id} was delivered 99 times with other bytes."
    )


def _write_index(folder: Path, arrived: list[_Arrived], load_id: str, now: datetime) -> Written:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from airflow_gov.model.raw import RAW_INDEX_COLUMNS
    from airflow_gov.transform import Written, to_arrow_type

    schema = pa.schema(
        [
            *(pa.field(column.name, to_arrow_type(column.type)) for column in RAW_INDEX_COLUMNS),
            pa.field(LOAD_ID_COLUMN, pa.string()),
        ]
    )
    rows = [
        {
            "file": each.file.uri.rsplit("/", 1)[-1],
            "uri": each.file.uri,
            "size": each.file.size,
            "sha256": each.file.sha256,
            "source": each.delivery.source,
            "media_type": each.shape.format,
            "columns": list(each.shape.columns),
            "types": list(each.shape.types),
            "delivered_at": now,
            LOAD_ID_COLUMN: load_id,
        }
        for each in arrived
    ]
    path = folder / "index.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd")
    columns = tuple(ColumnInfo(column.name, str(column.type)) for column in RAW_INDEX_COLUMNS)
    return Written(
        rows=len(rows),
        rows_read=len(rows),
        files=(FileRef(str(path), path.stat().st_size, len(rows)),),
        columns=columns,
    )


def _record(recording: Recording, job: Ingestion, arrived: list[_Arrived]) -> None:
    shape = arrived[0].shape
    kinds = sorted({each.shape.format for each in arrived})
    recording.action = f"{'Database query' if job.database else ', '.join(kinds)} to raw objects"
    columns = tuple(ColumnInfo(n, t) for n, t in zip(shape.columns, shape.types, strict=True))
    outside = (
        DataRef(
            role=Role.SOURCE,
            columns=columns,
            rows=_total(arrived),
            database=dict(job.database.identity) if job.database else None,
            files=tuple(
                FileRef(each.delivery.source, each.file.size, each.rows, each.file.sha256) for each in arrived
            )
            if job.database is None
            else (),
        ),
    )
    recording.data[:0] = outside
    recording.add(
        DataRef(
            role=Role.TARGET,
            dataset=str(job.contract.dataset),
            load_id=job.key.load_id,
            files=tuple(each.file for each in arrived),
            columns=columns,
        )
    )
    if job.database is not None:
        recording.set_code(job.database.sql)


def _lineage(job: Ingestion, arrived: list[_Arrived]) -> ColumnLineage:
    from airflow_gov.flow.raw_lineage import database_lineage, files_lineage

    if job.database is not None:
        return database_lineage(job.database, arrived[0].shape.columns)
    return files_lineage([(each.delivery.source, each.shape) for each in arrived], job.contract)


def _total(arrived: list[_Arrived]) -> int | None:
    known = [each.rows for each in arrived if each.rows is not None]
    return sum(known) if known else None


def _temp_folder(governance: Governance) -> Path:
    import tempfile

    return Path(governance.settings.temp_folder or tempfile.gettempdir())


def s3_client(governance: Governance) -> Any:
    """A boto3 S3 client with the lake's credentials, for sources in S3."""
    from airflow_gov.lake import s3_client as client_for

    return client_for(governance.lake_properties)
