"""What an event says of the columns that a dataset's columns come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from airflow_gov.lineage.projecting_datasets import told
from airflow_gov.model.column_lineage import Influence, Subtype, Transformation
from airflow_gov.model.lineage import ALL_ROWS, ColumnEdge, Named
from airflow_gov.model.remembering import Remembered

#: Characters kept of what a producer says of a transformation.
_LONGEST = 500
#: Fields of lineage that is remembered.
_MOST_FIELDS = 500
_LINEAGE: Remembered[tuple[ColumnEdge, ...]] = Remembered()
_SUBTYPES = {each.value: each for each in Subtype}


def column_edges(target: Named, facets: Mapping[str, Any]) -> tuple[ColumnEdge, ...]:
    """The column edges into a dataset: of ``columnLineage`` 1-0 to 1-2, or ``lineage`` 1-0.

    :param target: the dataset.
    :param facets: its facets.
    """
    lineage = told(facets, "columnLineage")
    if not lineage and "lineage" not in facets:
        return ()
    if len(lineage.get("fields") or ()) > _MOST_FIELDS or "lineage" in facets:
        return tuple(_read(target, lineage, facets))
    # Most lineage comes again with every run.
    key = (target, json.dumps([lineage.get("fields"), lineage.get("dataset")]))
    return _LINEAGE.get(key) or _LINEAGE.put(key, tuple(_read(target, lineage, facets)))


def _read(target: Named, lineage: Mapping[str, Any], facets: Mapping[str, Any]) -> Iterator[ColumnEdge]:
    for column, field in (lineage.get("fields") or {}).items():
        older = field.get("transformationType"), field.get("transformationDescription")
        for source in field.get("inputFields") or ():
            yield _edge(source, target, column, older)
    for source in lineage.get("dataset") or ():
        yield _edge(source, target, ALL_ROWS, (None, None))
    if "lineage" in facets:
        yield from _explicit(target, told(facets, "lineage"))


def _edge(source: Mapping[str, Any], target: Named, column: str, older: tuple[Any, Any]) -> ColumnEdge:
    ways = source.get("transformations")
    if ways:
        how = tuple(_transformation(way, column) for way in ways)
        how = how if len(how) == 1 else tuple(sorted(set(how)))
    else:
        how = _older(older, column)
    return ColumnEdge(Named(source["namespace"], source["name"]), source["field"], target, column, how)


def _transformation(way: Mapping[str, Any], column: str) -> Transformation:
    text = way.get("description") or ""
    return _way(
        way["type"], way.get("subtype"), bool(way.get("masking")), text[:_LONGEST], column == ALL_ROWS
    )


@lru_cache(maxsize=10_000)
def _way(kind: str, subtype: str | None, masking: bool, text: str, of_rows: bool) -> Transformation:
    influence = Influence.INDIRECT if of_rows or kind.upper() == Influence.INDIRECT else Influence.DIRECT
    word = (subtype or kind).upper()
    known = _SUBTYPES.get(word)
    if known is None or known.influence is not influence:
        known = _unsaid(influence, of_rows=of_rows)
    return Transformation(known, masking, text)


def _unsaid(influence: Influence, *, of_rows: bool) -> Subtype:
    if influence is Influence.DIRECT:
        return Subtype.TRANSFORMATION
    return Subtype.FILTER if of_rows else Subtype.CONDITIONAL


def _older(told: tuple[Any, Any], column: str) -> tuple[Transformation, ...]:
    """How of a facet before 1-1: ``IDENTITY`` or ``MASKED``, for all inputs of a column alike."""
    kind, text = told
    if column == ALL_ROWS:
        return (_way("INDIRECT", None, False, "", True),)
    text = text[:_LONGEST] if isinstance(text, str) else ""
    word = kind.upper() if isinstance(kind, str) else ""
    if word == Subtype.IDENTITY:
        return (_way("DIRECT", word, False, text, False),)
    return (_way("DIRECT", None, word == "MASKED", text, False),)


def _explicit(target: Named, lineage: Mapping[str, Any]) -> Iterator[ColumnEdge]:
    """Edges of the ``lineage`` facet that name columns; nobody has checked it."""
    fields = lineage.get("fields")
    for column, field in fields.items() if isinstance(fields, Mapping) else ():
        yield from _inputs(target, column, field)
    yield from _inputs(target, ALL_ROWS, lineage)


def _inputs(target: Named, column: str, told: Any) -> Iterator[ColumnEdge]:
    inputs = told.get("inputs") if isinstance(told, Mapping) else None
    for source in inputs if isinstance(inputs, list) else ():
        if isinstance(source, Mapping) and all(
            isinstance(source.get(name), str) and source[name] for name in ("namespace", "name", "field")
        ):
            ways = source.get("transformations")
            known = [way for way in ways if _is_way(way)] if isinstance(ways, list) else []
            yield _edge({**source, "transformations": known}, target, column, (None, None))


def _is_way(way: Any) -> bool:
    texts = ("subtype", "description")
    return (
        isinstance(way, Mapping)
        and isinstance(way.get("type"), str)
        and all(isinstance(way.get(name), str | None) for name in texts)
    )
