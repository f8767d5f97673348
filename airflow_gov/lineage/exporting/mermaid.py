"""Mermaid flowcharts (mermaid.js.org, "Flowcharts - Basic Syntax")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import DatasetNode

if TYPE_CHECKING:
    from airflow_gov.lineage.drawn import Graph

#: Letters that neither Mermaid nor the HTML it makes gives a meaning.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-/:[]()+@=,")


def to_mermaid(graph: Graph) -> str:
    """A flowchart from left to right: datasets as cylinders by zone, jobs as boxes."""
    lines = ["flowchart LR"]
    zones = dict.fromkeys(node.zone for node in graph.nodes if isinstance(node, DatasetNode))
    for zone in zones:
        inside = [node for node in graph.nodes if isinstance(node, DatasetNode) and node.zone == zone]
        shapes = [f'{node.id}[("{escaped(node.label)}")]' for node in inside]
        if zone is None:
            lines += [f"  {shape}" for shape in shapes]
        else:
            lines += [
                f'  subgraph zone_{zone}["{escaped(zone)}"]',
                *(f"    {shape}" for shape in shapes),
                "  end",
            ]
    lines += [
        f'  {node.id}["{escaped(node.label)}"]' for node in graph.nodes if not isinstance(node, DatasetNode)
    ]
    lines += [f"  {edge.source} --> {edge.target}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text for a quoted label: whatever could mean something becomes an entity of Mermaid's, ``#<code>;``."""
    return "".join(letter if letter in _PLAIN else _entity(letter) for letter in text)


def _entity(letter: str) -> str:
    return f"#{ord(letter)};" if letter.isprintable() else " "
