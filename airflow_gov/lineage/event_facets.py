"""What the facets that are read have to be like; all others are taken as they are, as objects.

The members are those of OpenLineage 2-0-2 and its facets. What the specification requires and nothing here
depends on (``_producer``, ``_schemaURL``, the language of an error) may be missing.
"""

from __future__ import annotations

from typing import Any

from airflow_gov.lineage.event_checks import (
    Check,
    boolean,
    bounded,
    each,
    integer,
    mapped,
    moment,
    name,
    namespace,
    one_of,
    record,
    text,
    uuid,
    wrong_kind,
)
from airflow_gov.lineage.event_errors import EventError
from airflow_gov.lineage.event_plain import at_a_glance, is_plain_lineage, is_plain_schema

_any_object = record({}, {"_deleted": boolean})
_dataset = record({"namespace": namespace, "name": name})


def _field(value: Any) -> bool:
    return _check_field(value)


#: A field of a schema; its fields have fields.
_check_field = record({"name": name}, {"type": text, "description": text, "fields": each(_field)})

_input_field = record(
    {"namespace": namespace, "name": name, "field": name},
    {
        "transformations": each(
            record({"type": text}, {"subtype": text, "description": text, "masking": boolean})
        )
    },
)
_statistics = record({}, {"rowCount": integer, "size": integer, "fileCount": integer})
_owners = record({}, {"owners": each(record({"name": text}, {"type": text}))})
_documentation = record({"description": text}, {"contentType": text})
_tag = record(
    {"key": bounded(250), "value": bounded(2_000, least=0)},
    {"source": text, "field": bounded(2_000, least=0)},
)
_tags = record({}, {"tags": each(_tag)})
_run = record({"runId": uuid})

RUN_FACETS = {
    "parent": record(
        {"run": _run, "job": _dataset},
        {"root": record({"run": _run, "job": _dataset})},
    ),
    "nominalTime": record({"nominalStartTime": moment}, {"nominalEndTime": moment}),
    "errorMessage": record({"message": text}, {"programmingLanguage": text, "stackTrace": text}),
}
JOB_FACETS = {
    "documentation": _documentation,
    "jobType": record({}, {"processingType": text, "integration": text, "jobType": text}),
    "ownership": _owners,
    "tags": record({}, {"tags": each(record({"key": text, "value": text}))}),
}
_column_lineage = record(
    {
        "fields": mapped(
            record(
                {"inputFields": each(_input_field)},
                {"transformationType": text, "transformationDescription": text},
            ),
            key=name,
        )
    },
    {"dataset": each(_input_field)},
)
DATASET_FACETS = {
    "columnLineage": at_a_glance(is_plain_lineage, _column_lineage),
    "documentation": _documentation,
    "lifecycleStateChange": record(
        {"lifecycleStateChange": one_of(("ALTER", "CREATE", "DROP", "OVERWRITE", "RENAME", "TRUNCATE"))},
        {"previousIdentifier": _dataset},
    ),
    "ownership": _owners,
    "schema": at_a_glance(is_plain_schema, record({}, {"fields": each(_field)})),
    "symlinks": record({}, {"identifiers": each(record({"namespace": namespace, "name": name}))}),
    "tags": _tags,
    "version": record({"datasetVersion": name}),
}
INPUT_FACETS = {"inputStatistics": _statistics}
OUTPUT_FACETS = {"outputStatistics": _statistics}


def facets(known: dict[str, Check]) -> Check:
    """The facets of one thing: an object of objects, those that are known checked to the bottom.

    A facet that says ``"_deleted": true`` may leave out everything else.

    :param known: facet → its check.
    """

    def check(value: Any) -> bool:
        if type(value) is not dict:
            raise wrong_kind("an object", value)
        nulls, facet = False, ""
        try:
            for facet, item in value.items():
                nulls |= item is None or _facet(item, known.get(facet, _any_object))
        except EventError as error:
            raise error.within(facet) from None
        return nulls

    return check


def _facet(value: Any, check: Check) -> bool:
    return _any_object(value) or (value.get("_deleted") is not True and check(value))
