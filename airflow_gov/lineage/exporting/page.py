"""One HTML file with a drawing and a table: it needs no network and runs no script."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import DatasetNode
from airflow_gov.lineage.exporting.layers import layered

if TYPE_CHECKING:
    from airflow_gov.lineage.drawn import Graph, Node
    from airflow_gov.lineage.exporting.columns import ColumnGraph, Derivation

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 240, 44, 90, 16, 20
#: How many letters of a name a box holds.
_LETTERS = 30

_STYLE = """\
:root{color-scheme:light dark;--ink:#1f2430;--page:#fff;--box:#f4f5f7;--line:#6b7280;--edge:#8a93a5}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--page:#16181d;--box:#242832;--line:#9aa3b5;--edge:#7a8296}}
body{font:14px/1.5 system-ui,sans-serif;margin:24px;color:var(--ink);background:var(--page)}
.drawing{overflow:auto;border:1px solid var(--line);border-radius:6px}
text{fill:var(--ink);font-size:13px}.small{font-size:11px}
rect{fill:var(--box);stroke:var(--line)}.job rect{rx:22}
.raw rect{stroke:#6b7280}.preprocessed rect{stroke:#0f766e}.clean rect{stroke:#4f46e5}
.gold rect{stroke:#4d7c0f}.sensitive rect{stroke:#a21caf}.work rect{stroke-dasharray:5 3}
.dataset rect{stroke-width:2}
path{fill:none;stroke:var(--edge);stroke-width:1.3}marker path{fill:var(--edge)}
table{border-collapse:collapse;margin-top:24px}
th,td{text-align:start;padding:4px 12px;border-bottom:1px solid var(--line);vertical-align:top}
td.number{text-align:end}
"""


def to_html(graph: Graph, columns: ColumnGraph | None = None) -> str:
    """The whole document; every name in it is text.

    :param columns: told in a table of their own.
    """
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    title = escape(f"Lineage of {graph.focus.label}" if graph.focus.label else "Lineage")
    more = f" of {graph.total:,}: there is more than is drawn" if graph.truncated else ""
    when = f", as of {graph.as_of.isoformat()}" if graph.as_of else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'sha256-{style}'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n<p>{graph.shown:,} nodes{more}{escape(when)}.</p>\n"
        f'<div class="drawing" tabindex="0">\n{drawing(graph)}</div>\n{_table(graph)}'
        f"{_columns(graph, columns) if columns else ''}</body>\n</html>\n"
    )


def drawing(graph: Graph) -> str:
    """The graph as SVG."""
    layers = layered(graph)
    places = {
        node: (_MARGIN + x * (_WIDTH + _GAP_X), _MARGIN + y * (_HEIGHT + _GAP_Y))
        for x, layer in enumerate(layers)
        for y, node in enumerate(layer)
    }
    width = 2 * _MARGIN + max(1, len(layers)) * (_WIDTH + _GAP_X) - _GAP_X
    height = 2 * _MARGIN + max((len(layer) for layer in layers), default=1) * (_HEIGHT + _GAP_Y) - _GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="Drawing of the lineage; the table below '
        'says the same">\n<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>\n'
    ]
    ends = [(places.get(edge.source), places.get(edge.target)) for edge in graph.edges]
    parts += [_line(start, end) for start, end in ends if start and end]
    parts += [_box(node, *places[node.id]) for node in graph.nodes]
    return "".join(parts) + "</svg>\n"


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    to_x, to_y = end[0], end[1] + _HEIGHT // 2
    bend = max(_GAP_X // 2, abs(to_x - x) // 2)
    return f'<path d="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}" marker-end="url(#tip)"/>\n'


def _box(node: Node, x: int, y: int) -> str:
    dataset = isinstance(node, DatasetNode)
    # Only our own words become classes: a zone outside of them is none.
    kind = f"dataset {node.zone}" if isinstance(node, DatasetNode) and (node.zone or "").isalpha() else ""
    classes = escape(kind or ("dataset" if dataset else "job"))
    return (
        f'<g class="{classes}"><title>{escape(f"{node.namespace}/{node.name}")}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + 12}" y="{y + 19}">{escape(_short(node.label))}</text>'
        f'<text class="small" x="{x + 12}" y="{y + 35}">{escape(_short(_facts(node)))}</text></g>\n'
    )


def _facts(node: Node) -> str:
    if isinstance(node, DatasetNode):
        told = [f"version {node.version}" if node.version else "", f"{node.rows:,} rows" if node.rows else ""]
        told += [node.verdict or "", "personal data" if node.personal else ""]
        return " · ".join(part for part in told if part)
    return f"{node.state}"


def _table(graph: Graph) -> str:
    sources: dict[str, list[str]] = {}
    labels = {node.id: node.label for node in graph.nodes}
    for edge in graph.edges:
        sources.setdefault(edge.target, []).append(labels.get(edge.source, edge.source))
    rows = "".join(
        f"<tr><td>{escape(node.label)}</td><td>{node.type}</td><td>{escape(_facts(node))}</td>"
        f"<td>{'<br>'.join(escape(name) for name in sources.get(node.id, ()))}</td>"
        f"<td>{escape(f'{node.namespace}/{node.name}')}</td></tr>\n"
        for node in graph.nodes
    )
    return (
        "<table>\n<thead><tr><th>Name</th><th>Kind</th><th>State</th><th>Comes from</th><th>Full name</th>"
        f"</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _columns(graph: Graph, columns: ColumnGraph) -> str:
    labels = {node.id: node.label for node in graph.nodes}
    made: dict[str, list[Derivation]] = {}
    for each in columns.derivations:
        made.setdefault(each.target.id, []).append(each)
    rows = "".join(
        f"<tr><td>{escape(labels[found[0].target.dataset])}</td><td>{escape(found[0].target.label)}</td><td>"
        + "<br>".join(
            escape(f"{labels[each.source.dataset]}.{each.source.label} ({each.how})") for each in found
        )
        + f"</td><td>{'<br>'.join(escape(label) for label in dict.fromkeys(labels[e.job] for e in found))}"
        "</td></tr>\n"
        for found in made.values()
    )
    more = ": there are more than are told" if columns.truncated else ""
    return (
        f"<h2>Columns</h2>\n<p>{columns.said}{more}.</p>\n<table>\n<thead><tr><th>Dataset</th>"
        f"<th>Column</th><th>Comes from</th><th>By</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _short(text: str) -> str:
    """A name that fits: its beginning and its end say most."""
    if len(text) <= _LETTERS:
        return text
    return f"{text[: _LETTERS // 2]}…{text[-(_LETTERS // 2 - 1) :]}"
