"""GraphML (graphml.graphdrawing.org, version 1.0) with typed attributes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.lineage.drawn import Graph, Node
    from airflow_gov.lineage.exporting.columns import ColumnGraph

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"
         xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
         xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""
#: Attribute of nodes → GraphML's type.
_NODE_KEYS = {
    "type": "string",
    "label": "string",
    "namespace": "string",
    "name": "string",
    "governed": "string",
    "zone": "string",
    "version": "string",
    "rows": "long",
    "updated_at": "string",
    "verdict": "string",
    "personal": "boolean",
    "columns": "int",
    "dropped": "boolean",
    "dag_id": "string",
    "task_id": "string",
    "integration": "string",
    "state": "string",
    "run_id": "string",
    "started_at": "string",
    "duration": "double",
    "status": "string",
    "dataset": "string",
}
_EDGE_KEYS = {
    "relation": "string",
    "status": "string",
    "direct": "boolean",
    "masking": "boolean",
    "how": "string",
    "job": "string",
}


def to_graphml(graph: Graph, columns: ColumnGraph | None = None) -> str:
    """The whole document.

    :param columns: nodes of the type ``column``, whose ``dataset`` is the id of another node, and edges
        of the relation ``derives`` among them.
    """
    return _HEAD + "".join(f"{line}\n" for line in _lines(graph, columns)) + "</graphml>\n"


def _lines(graph: Graph, columns: ColumnGraph | None) -> Iterator[str]:
    if columns is not None:
        yield f"  <desc>{escape(columns.said)}</desc>"
    for name, kind in _NODE_KEYS.items():
        yield f'  <key id="n_{name}" for="node" attr.name="{name}" attr.type="{kind}"/>'
    for name, kind in _EDGE_KEYS.items():
        yield f'  <key id="e_{name}" for="edge" attr.name="{name}" attr.type="{kind}"/>'
    yield '  <graph id="lineage" edgedefault="directed">'
    for node in graph.nodes:
        yield from _node(node)
    for edge in graph.edges:
        yield f'    <edge id="{edge.id}" source="{edge.source}" target="{edge.target}">'
        yield _data("e_relation", "reads" if edge.source.startswith("d") else "writes")
        if edge.status is not None:
            yield _data("e_status", edge.status)
        yield "    </edge>"
    if columns is not None:
        yield from _columns(columns)
    yield "  </graph>"


def _columns(columns: ColumnGraph) -> Iterator[str]:
    # An id is a name token in XML, which a column's name need not be.
    ids = {key: f"c{number}" for number, key in enumerate(columns.ends)}
    for key, end in columns.ends.items():
        yield f'    <node id="{ids[key]}">'
        yield from (
            _data(f"n_{name}", value)
            for name, value in (("type", "column"), ("label", end.label), ("dataset", end.dataset))
        )
        yield "    </node>"
    for number, each in enumerate(columns.derivations):
        yield f'    <edge id="derives{number}" source="{ids[each.source.id]}" target="{ids[each.target.id]}">'
        for name in ("direct", "masking", "how", "job"):
            yield _data(f"e_{name}", getattr(each, name))
        yield _data("e_relation", "derives")
        yield "    </edge>"


def _node(node: Node) -> Iterator[str]:
    yield f"    <node id={quoteattr(node.id)}>"
    for name in _NODE_KEYS:
        value = getattr(node, name, None)
        if value is not None:
            yield _data(f"n_{name}", value)
    yield "    </node>"


def _data(key: str, value: Any) -> str:
    return f'      <data key="{key}">{escape(_text(value))}</data>'


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    # XML 1.0 has no place for control characters, surrogates and non-characters.
    return "".join(letter if _allowed(letter) else "\N{REPLACEMENT CHARACTER}" for letter in str(value))


def _allowed(letter: str) -> bool:
    code = ord(letter)
    return letter in "\t\n" or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000
