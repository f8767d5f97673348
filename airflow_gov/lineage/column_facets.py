"""Column lineage as OpenLineage's facet (ColumnLineageDatasetFacet 1-2-0)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.facets import Facet, facet, without_nothing

if TYPE_CHECKING:
    from airflow_gov.lineage.naming import Address
    from airflow_gov.model.column_lineage import ColumnLineage, InputColumn, Transformation


def column_lineage_facet(lineage: ColumnLineage, address: Callable[[str], Address | None]) -> Facet | None:
    """What each column of an output comes from; None where nothing of it is known.

    :param lineage: the output's column lineage.
    :param address: gives the address of a source by what column lineage calls it; None for one that has
        none, whose columns are left out.
    """
    if not lineage.columns and not lineage.rows:
        return None
    return facet(
        "ColumnLineageDatasetFacet",
        "1-2-0",
        fields={
            column: {"inputFields": list(_inputs(inputs, address))}
            for column, inputs in lineage.columns.items()
        },
        dataset=list(_inputs(lineage.rows, address)) or None,
    )


def _inputs(
    columns: Iterable[InputColumn], address: Callable[[str], Address | None]
) -> Iterable[dict[str, Any]]:
    for column in columns:
        named = address(column.source)
        if named is not None:
            yield {
                "namespace": named.namespace,
                "name": named.name,
                "field": column.column,
                "transformations": [transformation_told(each) for each in column.transformations],
            }


def transformation_told(transformation: Transformation) -> dict[str, Any]:
    """One way in which a column takes part, as the facet has it."""
    return without_nothing(
        {
            "type": transformation.influence.value,
            "subtype": transformation.subtype.value,
            "description": transformation.description or None,
            "masking": transformation.masking,
        }
    )
