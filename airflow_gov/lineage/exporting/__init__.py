"""The graph in formats that other programs read: Mermaid, GraphML, HTML, and the events themselves."""

from __future__ import annotations

from enum import StrEnum

from airflow_gov.lineage.exporting.column_events import column_events
from airflow_gov.lineage.exporting.columns import ColumnGraph, columns_of
from airflow_gov.lineage.exporting.events import exported_events
from airflow_gov.lineage.exporting.graphml import to_graphml
from airflow_gov.lineage.exporting.mermaid import to_mermaid
from airflow_gov.lineage.exporting.page import to_html


class Format(StrEnum):
    """What lineage is exported as."""

    OPENLINEAGE = "openlineage"
    GRAPHML = "graphml"
    MERMAID = "mermaid"
    HTML = "html"

    @property
    def media_type(self) -> str:
        """Of HTTP."""
        return _MEDIA_TYPES[self]

    @property
    def suffix(self) -> str:
        """Of a file's name."""
        return _SUFFIXES[self]

    @property
    def most_column_edges(self) -> int:
        """How many edges between columns it holds: what reads it takes no more."""
        return _MOST_COLUMN_EDGES[self]


_MEDIA_TYPES = {
    Format.OPENLINEAGE: "application/x-ndjson",
    Format.GRAPHML: "application/graphml+xml; charset=utf-8",
    Format.MERMAID: "text/vnd.mermaid; charset=utf-8",
    Format.HTML: "text/html; charset=utf-8",
}
_SUFFIXES = {
    Format.OPENLINEAGE: "jsonl",
    Format.GRAPHML: "graphml",
    Format.MERMAID: "mmd",
    Format.HTML: "html",
}

#: Mermaid draws 500 edges unless it is told otherwise; a browser shows a table of thousands.
_MOST_COLUMN_EDGES = {
    Format.OPENLINEAGE: 50_000,
    Format.GRAPHML: 50_000,
    Format.MERMAID: 300,
    Format.HTML: 5_000,
}

#: Formats that are made of a graph that was drawn.
DRAWN = {Format.GRAPHML: to_graphml, Format.MERMAID: to_mermaid, Format.HTML: to_html}

__all__ = [
    "DRAWN",
    "ColumnGraph",
    "Format",
    "column_events",
    "columns_of",
    "exported_events",
    "to_graphml",
    "to_html",
    "to_mermaid",
]
