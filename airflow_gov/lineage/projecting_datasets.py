"""What an event says of a dataset, and of what was read from it or written to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from airflow_gov.lineage.event_checks import MAX_NAME
from airflow_gov.lineage.event_errors import EventError
from airflow_gov.lineage.naming import OUR_NAMESPACE
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.lineage import ALL_ROWS, ColumnFacts, DatasetFacts, Named, TagFacts, Touch
from airflow_gov.model.remembering import Remembered
from airflow_gov.model.zones import DatasetName

#: Facets that have tables of their own.
_TAKEN = frozenset({"schema", "symlinks", "tags", "columnLineage", "version", "lineage"})

#: A facet that was taken away, or that is not there.
_NOTHING: Mapping[str, Any] = {}

#: Fields of a schema that is remembered.
_LONGEST = 500
#: Members of a field that has no fields.
_PLAIN = frozenset({"name", "type", "description"})
_SCHEMAS: Remembered[tuple[ColumnFacts, ...]] = Remembered()


def told(facets: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A facet, unless it is not there or says that it was taken away."""
    found = facets.get(name)
    # JSON's objects are dicts; asking for that is much faster than asking for mappings.
    if type(found) is not dict or found.get("_deleted") is True:
        return _NOTHING
    return found


def dataset_facts(named: Named, facets: Mapping[str, Any], *, trusted: bool) -> DatasetFacts:
    """What an event says of a dataset.

    :param trusted: whether it may say what a dataset of the lake is called.
    """
    aliases = _aliases(named, facets, trusted=trusted)
    change = told(facets, "lifecycleStateChange")
    kind = change.get("lifecycleStateChange")
    former = change.get("previousIdentifier")
    formerly = None
    if kind == "RENAME" and former and _may_say(named, trusted=trusted):
        formerly = Named(former["namespace"], former["name"])
        formerly = formerly if _may_say(formerly, trusted=trusted) else None
    return DatasetFacts(
        named,
        aliases=aliases,
        formerly=formerly,
        dropped=kind == "DROP",
        governed=_governed((named, *aliases), facets) if trusted else None,
        columns=_columns(facets),
        tags=_tags(facets),
        facets={name: facet for name, facet in facets.items() if name not in _TAKEN},
    )


def _may_say(named: Named, *, trusted: bool) -> bool:
    return trusted or named.namespace != OUR_NAMESPACE


def _aliases(named: Named, facets: Mapping[str, Any], *, trusted: bool) -> tuple[Named, ...]:
    if not _may_say(named, trusted=trusted):
        return ()
    identifiers = told(facets, "symlinks").get("identifiers")
    if not identifiers:
        return ()
    found = {Named(each["namespace"], each["name"]) for each in identifiers} - {named}
    return tuple(sorted(each for each in found if _may_say(each, trusted=trusted)))


def _governed(names: tuple[Named, ...], facets: Mapping[str, Any]) -> str | None:
    """A dataset's name in the lake, where it has one."""
    zone = told(facets, "airflowGov_zone").get("dataset")
    ours = (
        [zone] if isinstance(zone, str) else [each.name for each in names if each.namespace == OUR_NAMESPACE]
    )
    if len(ours) != 1:
        return None
    return _dataset_name(ours[0])


@lru_cache(maxsize=10_000)
def _dataset_name(text: str) -> str | None:
    try:
        return str(DatasetName.parse(text))
    except GovernanceError:
        return None


def _columns(facets: Mapping[str, Any]) -> tuple[ColumnFacts, ...] | None:
    fields = told(facets, "schema").get("fields")
    if fields is None:
        return None
    # Most schemas come again with every run, all their fields with the same members.
    shapes = set(map(tuple, fields))
    if len(shapes) != 1 or len(fields) > _LONGEST or not _PLAIN.issuperset(shape := shapes.pop()):
        return _read_columns(fields)
    key = (shape, *chain.from_iterable(map(dict.values, fields)))
    return _SCHEMAS.get(key) or _SCHEMAS.put(key, _read_columns(fields))


def _read_columns(fields: Any) -> tuple[ColumnFacts, ...]:
    found: dict[str, ColumnFacts] = {}
    for name, field in _flat(fields, ""):
        # The first of two of the same name is the one that queries find.
        if name not in found:
            text, kind = field.get("description") or "", field.get("type") or ""
            found[name] = ColumnFacts(name, kind, text, len(found))
    return tuple(found.values())


def _flat(fields: Any, above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for field in fields:
        name = above + field["name"]
        if len(name) > MAX_NAME or len(name.encode()) > MAX_NAME:
            raise EventError(
                f"has a field so deeply nested that its whole name is longer than {MAX_NAME:,} bytes",
                "$.facets.schema",
            )
        yield name, field
        if field.get("fields"):
            yield from _flat(field["fields"], f"{name}.")


def _tags(facets: Mapping[str, Any]) -> tuple[TagFacts, ...] | None:
    tags = told(facets, "tags").get("tags")
    if tags is None:
        return None
    return tuple(TagFacts(tag["key"], tag["value"], tag.get("field") or ALL_ROWS) for tag in tags)


def touch_of(
    facts: DatasetFacts, plain: Mapping[str, Any], facets: Mapping[str, Any], *, output: bool
) -> Touch:
    """What an event says of reading or writing a dataset.

    :param facts: what it says of the dataset.
    :param plain: the input or output.
    :param facets: the dataset's.
    """
    own = plain.get("outputFacets" if output else "inputFacets")
    own = own if type(own) is dict else _NOTHING
    counted = told(own, "outputStatistics" if output else "inputStatistics")
    return Touch(
        facts.named,
        output,
        version=told(facets, "version").get("datasetVersion"),
        rows=counted.get("rowCount"),
        size=counted.get("size"),
        files=counted.get("fileCount"),
        facets=own,
        columns=facts.columns,
    )
