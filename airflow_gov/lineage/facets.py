"""What every OpenLineage facet carries: who made it, and which schema it follows."""

from __future__ import annotations

from typing import Any

from airflow_gov import __version__

#: OpenLineage ``_producer``: which software, in which version, made the facet.
PRODUCER = f"https://pypi.org/project/airflow-gov/{__version__}/"
_SCHEMAS = "https://openlineage.io/spec/facets"
#: Our own facets' schemas lie in this package (``airflow_gov/lineage/schemas``): a name, no address.
_OWN_SCHEMAS = "urn:airflow-gov:openlineage"

#: A facet, or a part of an event: JSON values only.
Facet = dict[str, Any]


class _Verbatim(Facet):
    """A facet that Airflow's masker of secrets leaves as it is; it looks into plain dicts only.

    It hides whatever stands under a key such as ``name_token``, which is a column's name in column
    lineage; and where a password is an everyday word, it hides that word in the names of datasets too.
    Texts that may hold a secret are masked before they come here.
    """


def facet(schema: str, version: str, /, **content: Any) -> Facet:
    """Make a facet of OpenLineage's.

    :param schema: the schema's name, e.g. ``TestRunFacet``.
    :param version: its version as in its ``$id``, e.g. ``1-0-1``.
    :param content: its properties; those that are None are left out.
    """
    return _facet(f"{_SCHEMAS}/{version}/{schema}.json#/$defs/{schema}", content)


def own_facet(schema: str, version: str, /, **content: Any) -> Facet:
    """Make a facet of ours; its schema is the file ``schemas/<schema>.json`` beside this module.

    :param schema: the schema's name, e.g. ``AirflowGovZoneDatasetFacet``.
    :param version: its version as in its ``$id``, e.g. ``1-0-0``.
    :param content: its properties; those that are None are left out.
    """
    return _facet(f"{_OWN_SCHEMAS}:{version}:{schema}#/$defs/{schema}", content)


def without_nothing(content: Facet) -> Facet:
    """The properties that say something: OpenLineage's schemas know no null."""
    return {name: value for name, value in content.items() if value is not None}


def _facet(schema_url: str, content: Facet) -> Facet:
    return _Verbatim(_producer=PRODUCER, _schemaURL=schema_url, **without_nothing(content))
