"""Which of a table's schemas readers have seen: one that was only tried can be left again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.lake.files import ancestry
from airflow_gov.lake.summaries import main_head, version_tags
from airflow_gov.lake.types import from_iceberg
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.types import widens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyiceberg.schema import Schema
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.types import NestedField

    from airflow_gov.model.contract import Column


def fitting_schema(metadata: TableMetadata, columns: Iterable[Column]) -> int | None:
    """The current, else the newest schema of exactly these columns that loses nothing published.

    Taking a schema again, instead of adding its columns anew, keeps what a column's name means.
    """
    wanted = {column.name: column.type for column in columns}
    current = metadata.current_schema_id
    for schema in sorted(metadata.schemas, key=lambda each: (each.schema_id != current, -each.schema_id)):
        have = {field.name: from_iceberg(field.field_type) for field in schema.fields}
        is_governed = have.pop(LOAD_ID_COLUMN, None) is not None
        if is_governed and have == wanted and covers_published(metadata, schema):
            return schema.schema_id
    return None


def covers_published(metadata: TableMetadata, schema: Schema) -> bool:
    """Whether every column of every published version is in a schema, in its type or a wider one."""
    head = main_head(metadata)
    main = [each.schema_id for each in ancestry(metadata, head)] if head is not None else []
    tagged = {snapshot_id for _, snapshot_id in version_tags(metadata).values()}
    seen = {*main, *(each.schema_id for each in metadata.snapshots if each.snapshot_id in tagged)}
    there = {field.field_id: field for field in schema.fields}
    return all(
        _keeps(field, there.get(field.field_id))
        for each in metadata.schemas
        if each.schema_id in seen
        for field in each.fields
    )


def _keeps(old: NestedField, new: NestedField | None) -> bool:
    if new is None or new.name != old.name:
        return False
    before, after = from_iceberg(old.field_type), from_iceberg(new.field_type)
    return old.field_type == new.field_type or (
        before is not None and after is not None and (before == after or widens(before, after))
    )
