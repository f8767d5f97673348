"""Mermaid flowcharts (mermaid.js.org, "Flowcharts - Basic Syntax")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import DatasetNode
from airflow_gov.lineage.exporting.columns import ColumnGraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_gov.lineage.drawn import Graph
    from airflow_gov.lineage.exporting.columns import ColumnEnd

#: Letters that neither Mermaid nor the HTML it makes gives a meaning.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-/:[]()+@=,")


def to_mermaid(graph: Graph, columns: ColumnGraph | None = None) -> str:
    """A flowchart from left to right: datasets as cylinders by zone, jobs as boxes.

    :param columns: a dataset with columns is a frame around them; dotted: they only decided about rows.
    """
    columns = columns or ColumnGraph()
    ends = columns.ends
    ids = {key: f"c{number}" for number, key in enumerate(ends)}
    lines = ["flowchart LR"]
    if columns.truncated:
        lines.append(f"  %% {columns.said}")
    zones = dict.fromkeys(node.zone for node in graph.nodes if isinstance(node, DatasetNode))
    for zone in zones:
        inside = [node for node in graph.nodes if isinstance(node, DatasetNode) and node.zone == zone]
        shapes = [line for node in inside for line in _dataset(node, ends, ids)]
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
    for each in columns.derivations:
        arrow = ("-->" if each.direct else "-.->") + ("|masked|" if each.masking else "")
        lines.append(f"  {ids[each.source.id]} {arrow} {ids[each.target.id]}")
    return "\n".join(lines) + "\n"


def _dataset(node: DatasetNode, ends: Mapping[str, ColumnEnd], ids: Mapping[str, str]) -> Iterator[str]:
    own = [key for key, end in ends.items() if end.dataset == node.id]
    if not own:
        yield f'{node.id}[("{escaped(node.label)}")]'
        return
    yield f'subgraph {node.id}["{escaped(node.label)}"]'
    yield from (f'  {ids[key]}["{escaped(ends[key].label)}"]' for key in own)
    yield "end"


def escaped(text: str) -> str:
    """Text for a quoted label: whatever could mean something becomes an entity of Mermaid's, ``#<code>;``."""
    return "".join(letter if letter in _PLAIN else _entity(letter) for letter in text)


def _entity(letter: str) -> str:
    return f"#{ord(letter)};" if letter.isprintable() else " "
