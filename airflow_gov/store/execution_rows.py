"""The record of an execution as rows of the store's tables, and back."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from airflow_gov.model.execution import (
    Actor,
    ColumnInfo,
    DataRef,
    Execution,
    Git,
    Host,
    Role,
    Status,
    TaskRun,
)
from airflow_gov.model.loads import FileRef, RowCounts
from airflow_gov.model.serde import to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import RowMapping

Row = dict[str, Any]

#: Parts of an execution that lie flat in its row: field → (class, prefix of the columns).
_PARTS: Mapping[str, tuple[type, str]] = {
    "task": (TaskRun, ""),
    "actor": (Actor, ""),
    "host": (Host, "host_"),
    "git": (Git, "git_"),
    "counts": (RowCounts, "rows_"),
}
#: Fields whose names SQL reserves: field → column.
_RENAMED = {"start": "started_at", "end": "ended_at"}


@dataclass
class DataRows:
    """The rows that tell what executions read and wrote.

    :param data: of `execution_data`.
    :param files: of `execution_file`.
    :param columns: of `column_set`, in the order of their key.
    """

    data: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)
    columns: list[Row] = field(default_factory=list)


def execution_row(execution: Execution) -> Row:
    """The row of `execution`."""
    row: Row = {}
    for item in fields(Execution):
        value = getattr(execution, item.name)
        if item.name in _PARTS:
            row |= part_row(value, _PARTS[item.name][1])
        elif item.name != "data":
            row[_RENAMED.get(item.name, item.name)] = value
    row["parameters"] = to_plain(execution.parameters)
    row["versions"] = to_plain(execution.versions)
    return row


def part_row(part: Any, prefix: str) -> Row:
    """The columns of a flat dataclass."""
    return {prefix + item.name: getattr(part, item.name) for item in fields(part)}


def read_part(kind: type, prefix: str, row: RowMapping) -> Any:
    """The inverse of :func:`part_row`."""
    return kind(**{item.name: row[prefix + item.name] for item in fields(kind)})


def read_execution(row: RowMapping, data: tuple[DataRef, ...]) -> Execution:
    """The inverse of :func:`execution_row`."""
    values: Row = {name: read_part(kind, prefix, row) for name, (kind, prefix) in _PARTS.items()}
    for item in fields(Execution):
        if item.name not in _PARTS and item.name != "data":
            values[item.name] = row[_RENAMED.get(item.name, item.name)]
    values["status"] = Status(values["status"])
    return Execution(**values, data=data)


def read_task(row: RowMapping) -> TaskRun:
    """Which try of which task a row of `execution` is of."""
    task: TaskRun = read_part(TaskRun, _PARTS["task"][1], row)
    return task


def data_rows(execution: Execution) -> DataRows:
    """The rows of what an execution read and wrote, each list of columns under its hash."""
    rows = DataRows()
    sets: dict[str, tuple[ColumnInfo, ...]] = {}
    for position, data in enumerate(execution.data):
        key = {"execution_id": execution.execution_id, "data_position": position}
        columns_hash = _columns_hash(data.columns)
        if columns_hash is not None:
            sets[columns_hash] = data.columns
        rows.data.append(_data_row(execution.execution_id, position, data, columns_hash))
        rows.files += [
            key | {"position": number} | part_row(file, "") for number, file in enumerate(data.files)
        ]
    for columns_hash, columns in sorted(sets.items()):
        rows.columns += [
            {"columns_hash": columns_hash, "position": number, "name": column.name, "type": column.type}
            for number, column in enumerate(columns)
        ]
    return rows


def read_data(
    data: Iterable[RowMapping],
    files: Iterable[RowMapping],
    columns: Iterable[RowMapping],
) -> dict[str, tuple[DataRef, ...]]:
    """The inverse of :func:`data_rows`, per execution id. Each argument comes ordered by its key."""
    file_lists: dict[tuple[str, int], list[FileRef]] = defaultdict(list)
    for row in files:
        file_lists[row["execution_id"], row["data_position"]].append(read_part(FileRef, "", row))
    column_lists: dict[str | None, list[ColumnInfo]] = defaultdict(list)
    for row in columns:
        column_lists[row["columns_hash"]].append(ColumnInfo(row["name"], row["type"]))
    found: dict[str, list[DataRef]] = defaultdict(list)
    for row in data:
        found[row["execution_id"]].append(
            DataRef(
                role=Role(row["role"]),
                dataset=row["dataset"],
                snapshot_id=row["snapshot_id"],
                version=row["version"],
                load_id=row["load_id"],
                files=tuple(file_lists[row["execution_id"], row["position"]]),
                columns=tuple(column_lists[row["columns_hash"]]),
                rows=row["rows"],
                database=row["database"],
            )
        )
    return {execution_id: tuple(refs) for execution_id, refs in found.items()}


def _data_row(execution_id: str, position: int, data: DataRef, columns_hash: str | None) -> Row:
    return {
        "execution_id": execution_id,
        "position": position,
        "role": data.role,
        "dataset": data.dataset,
        "snapshot_id": data.snapshot_id,
        "version": data.version,
        "load_id": data.load_id,
        "rows": data.rows,
        "database": to_plain(data.database),
        "columns_hash": columns_hash,
    }


def _columns_hash(columns: tuple[ColumnInfo, ...]) -> str | None:
    if not columns:
        return None
    text = json.dumps([(column.name, column.type) for column in columns])
    return hashlib.sha256(text.encode()).hexdigest()
