"""What a value comes from: columns of sources, each with the set of ways it takes part, and how ways combine.

A way is one bit: a subtype, masked or not. A set of ways is the sum of its bits, so that traces of tables
with a thousand columns stay cheap to merge.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from airflow_gov.model.column_lineage import Influence, InputColumn, Subtype, Transformation

#: A column of a source: the source's name, the column's.
Key = tuple[str, str]
#: Where a value comes from: column → its ways, as bits.
Trace = Mapping[Key, int]

_SUBTYPES = tuple(Subtype)
_WIDTH = len(_SUBTYPES)
#: Direct ways, weakest first: of two that follow each other the stronger one tells what happened.
_DIRECT = (Subtype.IDENTITY, Subtype.TRANSFORMATION, Subtype.AGGREGATION)


def way(subtype: Subtype, *, masking: bool = False) -> int:
    """The bit of one way."""
    return 1 << (_SUBTYPES.index(subtype) + (_WIDTH if masking else 0))


IDENTITY = way(Subtype.IDENTITY)
TRANSFORMATION = way(Subtype.TRANSFORMATION)
AGGREGATION = way(Subtype.AGGREGATION)
JOIN = way(Subtype.JOIN)
GROUP_BY = way(Subtype.GROUP_BY)
FILTER = way(Subtype.FILTER)
SORT = way(Subtype.SORT)
WINDOW = way(Subtype.WINDOW)
CONDITIONAL = way(Subtype.CONDITIONAL)


@cache
def _meaning(bit: int) -> tuple[Subtype, bool]:
    position = bit.bit_length() - 1
    return _SUBTYPES[position % _WIDTH], position >= _WIDTH


@cache
def masked(bit: int) -> int:
    """The same way, masked."""
    return way(_meaning(bit)[0], masking=True)


@cache
def combine(outer: int, inner: int) -> int:
    """The way of what is used in one way (inner) by something that is itself used in one way (outer).

    What decides about rows or values decides about them, whatever was computed before; what was decided by
    a column stays decided by it, whatever is computed after; of two direct ways the stronger one counts; and
    what was masked once stays masked.
    """
    (outer_kind, outer_masked), (inner_kind, inner_masked) = _meaning(outer), _meaning(inner)
    if outer_kind.influence is Influence.INDIRECT:
        kind = outer_kind
    elif inner_kind.influence is Influence.INDIRECT:
        kind = inner_kind
    else:
        kind = max(outer_kind, inner_kind, key=_DIRECT.index)
    return way(kind, masking=outer_masked or inner_masked)


@cache
def _each(bits: int) -> tuple[int, ...]:
    return tuple(1 << position for position in range(2 * _WIDTH) if bits >> position & 1)


@cache
def through(outer: int, bits: int) -> int:
    """The ways of what is used in these ways by something that is used in one way."""
    return sum({combine(outer, bit) for bit in _each(bits)})


def add(into: dict[Key, int], trace: Trace, role: int = IDENTITY) -> None:
    """Add a trace to another, in the role it plays there."""
    for key, bits in trace.items():
        into[key] = into.get(key, 0) | through(role, bits)


def in_role(trace: Trace, role: int) -> dict[Key, int]:
    """A trace in a role."""
    return {key: through(role, bits) for key, bits in trace.items()}


@cache
def _transformations(bits: int) -> tuple[Transformation, ...]:
    found = (_meaning(bit) for bit in _each(bits))
    return tuple(sorted(Transformation(subtype, masking) for subtype, masking in found))


def inputs_of(trace: Trace) -> tuple[InputColumn, ...]:
    """A trace in the model's words, sorted by source and column."""
    return tuple(
        InputColumn(source, column, _transformations(bits))
        for (source, column), bits in sorted(trace.items())
    )
