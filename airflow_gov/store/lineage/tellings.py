"""What runs told of their lineage, as it is kept: each distinct telling of a job once."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from airflow_gov.model.column_lineage import Subtype, Transformation
from airflow_gov.model.intake import Told
from airflow_gov.model.lineage import ColumnEdge, Named
from airflow_gov.model.remembering import Remembered, by_identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.lineage import Projection

_Place = tuple[Named, str, Named, str]


def told_by(projection: Projection) -> Told | None:
    """What an event tells; None: nothing."""
    if not projection.touches and not projection.column_edges:
        return None
    return Told(
        inputs=frozenset(touch.dataset for touch in projection.touches if not touch.output),
        outputs=frozenset(touch.dataset for touch in projection.touches if touch.output),
        column_edges=_once_each(projection.column_edges),
    )


def together(told: Sequence[Told], *, paired: bool) -> Told:
    """What several events of one run tell."""
    if len(told) == 1:
        return replace(told[0], paired=paired)
    edges = [each.column_edges for each in told if each.column_edges]
    return Told(
        inputs=frozenset().union(*(each.inputs for each in told)),
        outputs=frozenset().union(*(each.outputs for each in told)),
        column_edges=_once(tuple(chain(*edges))) if len(edges) > 1 else edges[0] if edges else (),
        paired=paired,
    )


def _once(edges: tuple[ColumnEdge, ...]) -> tuple[ColumnEdge, ...]:
    """Each edge once, with all that is told of it."""
    found: dict[_Place, ColumnEdge] = {}
    for edge in edges:
        place = (edge.source, edge.source_column, edge.target, edge.target_column)
        known = found.get(place)
        if known is None:
            found[place] = edge
        elif known.transformations != edge.transformations:
            both = {*known.transformations, *edge.transformations}
            found[place] = ColumnEdge(*place, tuple(sorted(both)))
    return tuple(found.values())


_once_each = by_identity(_once)


def edge_ends(edges: tuple[ColumnEdge, ...]) -> frozenset[Named]:
    """The datasets that column edges name."""
    return frozenset(name for edge in edges for name in (edge.source, edge.target))


ends_of = by_identity(edge_ends)

_HASHES: Remembered[tuple[tuple[ColumnEdge, ...], str]] = Remembered()


def hash_of(told: Told) -> str:
    """What tells a telling from others of its job."""
    edges = told.column_edges
    key = (told.inputs, told.outputs, id(edges), told.paired)
    found = _HASHES.get(key)
    if found is None or found[0] is not edges:
        text = body_of(told)
        found = _HASHES.put(key, (edges, hashlib.blake2b(text, digest_size=16).hexdigest()))
    return found[1]


def body_of(told: Told) -> bytes:
    """A telling as JSON, in one order whatever the order of what was told."""
    edges = told.column_edges
    ordered = sorted(told.inputs | told.outputs | ends_of(edges))
    places = {named: place for place, named in enumerate(ordered)}
    document = [
        ordered,
        sorted(places[named] for named in told.inputs),
        sorted(places[named] for named in told.outputs),
        sorted(
            [
                places[edge.source],
                edge.source_column,
                places[edge.target],
                edge.target_column,
                sorted([how.subtype, how.masking, how.description] for how in edge.transformations),
            ]
            for edge in edges
        ),
        told.paired,
    ]
    return json.dumps(document, separators=(",", ":")).encode()


def compress(text: bytes) -> bytes:
    """A body as it lies in the store."""
    return zlib.compress(text, 1)


def unpack(body: bytes) -> Told:
    """Read a telling's body."""
    ordered, inputs, outputs, edges, paired = json.loads(zlib.decompress(body))
    names = [Named(*name) for name in ordered]
    return Told(
        inputs=frozenset(names[place] for place in inputs),
        outputs=frozenset(names[place] for place in outputs),
        column_edges=tuple(
            ColumnEdge(
                names[source],
                source_column,
                names[target],
                target_column,
                tuple(Transformation(Subtype(subtype), masking, text) for subtype, masking, text in how),
            )
            for source, source_column, target, target_column, how in edges
        ),
        paired=paired,
    )
