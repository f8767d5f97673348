"""Tables made from contracts, and changed with them as far as no row has to be rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import StringType
from sqlalchemy.exc import IntegrityError

from airflow_gov.lake.commits import Draft, assert_ref, retrying
from airflow_gov.lake.schemas import fitting_schema
from airflow_gov.lake.types import from_iceberg, table_schema, to_iceberg, type_text
from airflow_gov.model.contract import LOAD_ID_COLUMN, Column, Contract
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.raw import RAW_INDEX_COLUMNS
from airflow_gov.model.types import widens
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

    from airflow_gov.lake.catalog import LakeCatalog

_FIRST_PARTITION_FIELD_ID = 1000
_NAME_MAPPING = "schema.name-mapping.default"
#: ``_load_id=full``: replacing a load is then a matter of metadata. The name mapping is what binds the
#: columns of files that DuckDB wrote, without field ids, to the table's.
_PROPERTIES = {
    f"write.metadata.metrics.column.{LOAD_ID_COLUMN}": "full",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "commit.manifest-merge.enabled": "true",
    "write.parquet.compression-codec": "zstd",
}


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a table must look like.

    :param dataset: whose table.
    :param columns: its columns, ``_load_id`` aside.
    :param partition_by: columns it is partitioned by (identity), in order.
    """

    dataset: DatasetName
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()


def shape_of(contract: Contract) -> TableShape:
    """The shape a contract asks for. A raw dataset's table is its file index, whatever is in the files.

    :raises GovernanceError: ``CONTRACT_INVALID`` when there is no table of that shape.
    """
    if contract.dataset.zone is Zone.RAW and not contract.dataset.is_quarantine:
        return TableShape(contract.dataset, RAW_INDEX_COLUMNS)
    if not contract.columns:
        raise _invalid(contract, "it has no columns. Declare the table's columns in its schema")
    if contract.column(LOAD_ID_COLUMN) is not None:
        raise _invalid(contract, f"the column {LOAD_ID_COLUMN} is kept by the lake. Give yours another name")
    return TableShape(contract.dataset, contract.columns, contract.partition_by)


def prepare(catalog: LakeCatalog, shape: TableShape) -> Table:
    """Make sure the table is there in this shape, with a first snapshot on main.

    Columns may be added and types widened; an existing Iceberg table without ``_load_id`` gets it. A
    change that no published version has can be taken back.

    :raises GovernanceError: ``SCHEMA_CHANGE_REFUSED``, with the difference.
    """

    def attempt() -> Table:
        table = catalog.find(shape.dataset)
        if table is None:
            return _create(catalog, shape)
        return _evolve(catalog, table, shape)

    return retrying(attempt)


def _create(catalog: LakeCatalog, shape: TableShape) -> Table:
    catalog.ensure_namespace(shape.dataset)
    schema = table_schema(shape.columns)
    identifier = (str(shape.dataset.zone), shape.dataset.name)
    properties = {**_PROPERTIES, _NAME_MAPPING: schema.name_mapping.model_dump_json()}
    try:
        with catalog.iceberg.create_table_transaction(
            identifier, schema, partition_spec=_spec(schema, shape.partition_by), properties=properties
        ) as transaction:
            transaction.update_snapshot().fast_append().commit()
    except (TableAlreadyExistsError, IntegrityError) as error:
        raise CommitFailedException(f"{shape.dataset} was created by another process") from error
    return catalog.load(shape.dataset)


def _spec(schema: Schema, partition_by: Sequence[str]) -> PartitionSpec:
    return PartitionSpec(
        *(
            PartitionField(
                schema.find_field(name).field_id,
                _FIRST_PARTITION_FIELD_ID + position,
                IdentityTransform(),
                name,
            )
            for position, name in enumerate(partition_by)
        )
    )


def _evolve(catalog: LakeCatalog, table: Table, shape: TableShape) -> Table:
    draft = Draft(table)
    fitting = fitting_schema(table.metadata, shape.columns)
    if fitting is not None:
        draft.use_schema(fitting)
    added, widened = ([], []) if fitting is not None else _differences(table, shape)
    if fitting is not None and (different := _partition_difference(table, shape)):
        raise _refused(shape.dataset, different)
    if added or widened:
        with draft.update_schema() as update:
            for name in added:
                column = _column(shape, name)
                update.add_column(name, to_iceberg(column.type) if column else StringType())
            for column in widened:
                update.update_column(column.name, to_iceberg(column.type))
    _set_properties(draft)
    if table.current_snapshot() is None:
        draft.update_snapshot().fast_append().commit()
    if not draft.staged:
        return table
    head = table.metadata.refs.get(MAIN_BRANCH)
    asserts = [*draft.schema_asserts, assert_ref(MAIN_BRANCH, head.snapshot_id if head else None)]
    return catalog.remember(shape.dataset, draft.send(asserts))


def _column(shape: TableShape, name: str) -> Column | None:
    return next((column for column in shape.columns if column.name == name), None)


def _set_properties(draft: Draft) -> None:
    metadata = draft.table_metadata
    missing = {key: value for key, value in _PROPERTIES.items() if key not in metadata.properties}
    if metadata.name_mapping() is None:
        missing[_NAME_MAPPING] = metadata.schema().name_mapping.model_dump_json()
    if missing:
        draft.set_properties(missing)


def _differences(table: Table, shape: TableShape) -> tuple[list[str], list[Column]]:
    """Columns to add (``_load_id`` too where a foreign table lacks it) and columns to widen."""
    fields = {field.name: field for field in table.schema().fields}
    refused: list[str] = []
    widened: list[Column] = []
    for column in shape.columns:
        field = fields.get(column.name)
        if field is None or (have := from_iceberg(field.field_type)) == column.type:
            continue
        if have is not None and widens(have, column.type):
            widened.append(column)
        else:
            refused.append(f"{column.name}: {type_text(field.field_type)} → {column.type} does not widen it")
    declared = [column.name for column in shape.columns] + [LOAD_ID_COLUMN]
    refused.extend(f"{name}: in the table, not in the contract" for name in fields if name not in declared)
    refused.extend(_partition_difference(table, shape))
    if refused:
        raise _refused(shape.dataset, refused)
    return [name for name in declared if name not in fields], widened


def _partition_difference(table: Table, shape: TableShape) -> list[str]:
    schema = table.schema()
    have = [
        (schema.find_column_name(field.source_id), field.transform.__class__) for field in table.spec().fields
    ]
    if have == [(name, IdentityTransform) for name in shape.partition_by]:
        return []
    shown = ", ".join(str(field.name) for field in table.spec().fields) or "nothing"
    return [f"partitioned by {shown} → {', '.join(shape.partition_by) or 'nothing'}"]


def _refused(dataset: DatasetName, differences: Sequence[str]) -> GovernanceError:
    lines = "\n".join(f"  {line}" for line in differences)
    return GovernanceError(
        Reason.SCHEMA_CHANGE_REFUSED,
        f"{dataset}: the contract and the table differ in more than added columns and wider types:\n{lines}\n"
        f"Change the contract back, or load into a new dataset.",
        dataset=str(dataset),
        differences=list(differences),
    )


def _invalid(contract: Contract, problem: str) -> GovernanceError:
    return GovernanceError(
        Reason.CONTRACT_INVALID,
        f"The contract of {contract.dataset} {contract.path} makes no table: {problem}.".replace("  ", " "),
        dataset=str(contract.dataset),
    )
