"""Column lineage where columns go by their names: files read into tables, and the sensitive split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from airflow_gov.model.column_lineage import ColumnLineage, InputColumn, Subtype, Transformation
from airflow_gov.transform.splitting import TOKEN_SUFFIX

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.zones import DatasetName

_COPIED = (Transformation(Subtype.IDENTITY),)
_TOKENISED = (Transformation(Subtype.TRANSFORMATION, masking=True),)


def file_lineage(
    contract: Contract, sources: Iterable[DatasetName], renamed: Mapping[str, str | None]
) -> ColumnLineage:
    """Files of raw datasets read into a table: each column is the file's, typed as the contract says.

    :param contract: the table's contract.
    :param sources: the raw datasets; their columns are those of the files.
    :param renamed: file column → contract column, as in the read options.
    """
    in_file = {column: name for name, column in renamed.items() if column is not None}
    names = sorted(map(str, sources))
    return ColumnLineage(
        {
            column.name: tuple(
                InputColumn(source, in_file.get(column.name, column.name), _COPIED) for source in names
            )
            for column in contract.columns
        }
    )


def split_lineage(source: Contract, side: Contract) -> ColumnLineage:
    """One side of a sensitive split: columns as they were, and tokens of others.

    :param source: the contract of what is split.
    :param side: the contract of one side.
    """
    name = str(source.dataset)
    columns = {}
    for column in side.columns:
        if source.column(column.name) is not None:
            columns[column.name] = (InputColumn(name, column.name, _COPIED),)
        else:
            origin = column.name.removesuffix(TOKEN_SUFFIX)
            columns[column.name] = (InputColumn(name, origin, _TOKENISED),)
    return ColumnLineage(columns)


def copied_lineage(source: str, columns: Iterable[str]) -> ColumnLineage:
    """A copy: each column is the source's of that name."""
    return ColumnLineage({column: (InputColumn(source, column, _COPIED),) for column in columns})
