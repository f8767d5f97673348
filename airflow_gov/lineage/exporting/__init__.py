"""The graph in formats that other programs read: Mermaid, GraphML, HTML, and the events themselves."""

from __future__ import annotations

from enum import StrEnum

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

#: Formats that are made of a graph that was drawn.
DRAWN = {Format.GRAPHML: to_graphml, Format.MERMAID: to_mermaid, Format.HTML: to_html}

__all__ = ["DRAWN", "Format", "exported_events", "to_graphml", "to_html", "to_mermaid"]
