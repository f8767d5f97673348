"""Which input columns an output's columns come from, and how.

The words are those of OpenLineage's column lineage facet (ColumnLineageDatasetFacet 1-2-0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Influence(StrEnum):
    """Whether values came from the column (DIRECT), or it decided about rows or values (INDIRECT)."""

    DIRECT = "DIRECT"
    INDIRECT = "INDIRECT"


class Subtype(StrEnum):
    """How. The first three are direct, the others indirect."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    JOIN = "JOIN"
    GROUP_BY = "GROUP_BY"
    FILTER = "FILTER"
    SORT = "SORT"
    WINDOW = "WINDOW"
    CONDITIONAL = "CONDITIONAL"

    @property
    def influence(self) -> Influence:
        """Direct or indirect."""
        direct = (Subtype.IDENTITY, Subtype.TRANSFORMATION, Subtype.AGGREGATION)
        return Influence.DIRECT if self in direct else Influence.INDIRECT


@dataclass(frozen=True, slots=True, order=True)
class Transformation:
    """One way in which an input column takes part.

    :param subtype: how.
    :param masking: whether the values cannot be seen in the output (hashed, tokenised, counted …).
    :param description: for people; no values.
    """

    subtype: Subtype
    masking: bool = False
    description: str = ""

    @property
    def influence(self) -> Influence:
        """Direct or indirect."""
        return self.subtype.influence


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column of a source.

    :param source: the table: ``<zone>.<name>`` in the lake, an address (URI) outside.
    :param column: its name.
    :param transformations: how it takes part, sorted, each once.
    """

    source: str
    column: str
    transformations: tuple[Transformation, ...]


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """The column lineage of one output.

    :param columns: output column → the input columns it comes from, sorted by source and column; a column
        of constants has none.
    :param rows: input columns that decide about the output's rows as a whole (joins, filters, grouping,
        sorting): always indirect.
    :param complete: whether everything could be followed; what could not is named in `gaps`.
    :param gaps: why it is not complete, for people.
    """

    columns: Mapping[str, tuple[InputColumn, ...]] = field(default_factory=dict)
    rows: tuple[InputColumn, ...] = ()
    complete: bool = True
    gaps: tuple[str, ...] = ()
