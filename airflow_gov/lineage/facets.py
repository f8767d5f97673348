"""What every OpenLineage facet carries: who made it, and which schema it follows."""

from __future__ import annotations

from typing import Any

from airflow_gov import __version__

#: OpenLineage ``_producer``: which software, in which version, made the facet.
PRODUCER = f"https://pypi.org/project/airflow-gov/{__version__}/"
_SCHEMAS = "https://openlineage.io/spec/facets"

#: A facet, or a part of an event: JSON values only.
Facet = dict[str, Any]


def facet(schema: str, version: str, **content: Any) -> Facet:
    """Make a facet.

    :param schema: the schema's name, e.g. ``TestRunFacet``.
    :param version: its version as in its ``$id``, e.g. ``1-0-1``.
    :param content: its properties; those that are None are left out.
    """
    return {
        "_producer": PRODUCER,
        "_schemaURL": f"{_SCHEMAS}/{version}/{schema}.json#/$defs/{schema}",
        **without_nothing(content),
    }


def without_nothing(content: Facet) -> Facet:
    """The properties that say something: OpenLineage's schemas know no null."""
    return {name: value for name, value in content.items() if value is not None}
