"""GraphML's grammar (graphml.graphdrawing.org, version 1.0), held against a document without its schema."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree as ET

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
#: Element → what may stand in it, in this order, and which attributes it must and may have.
_GRAMMAR: dict[str, tuple[str, set[str], set[str]]] = {
    "graphml": (r"(desc )?(key )*((data )|(graph ))*", set(), {LOCATION}),
    "key": (r"(desc )?(default )?", {"id", "for", "attr.name", "attr.type"}, set()),
    "graph": (r"(desc )?((data )|(node )|(edge ))*", {"id", "edgedefault"}, set()),
    "node": (r"(desc )?(data )*", {"id"}, set()),
    "edge": (r"(desc )?(data )*", {"id", "source", "target"}, set()),
    "data": ("", {"key"}, set()),
    "desc": ("", set(), set()),
}
#: Lexical forms of XML Schema's types, as far as `attr.type` names them.
_TYPES = {
    "boolean": r"true|false|1|0",
    "int": r"[+-]?\d+",
    "long": r"[+-]?\d+",
    "float": r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?INF|NaN",
    "double": r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?INF|NaN",
    "string": r"[\s\S]*",
}
#: XML's name token, which ids are, in ASCII.
_NAME_TOKEN = re.compile(r"[A-Za-z0-9._:-]+")


def graphml_problems(text: str) -> list[str]:
    """What is wrong with a well-formed document: elements, attributes, ids, keys, types, endpoints."""
    root = ET.fromstring(text)
    if root.tag != f"{{{NAMESPACE}}}graphml":
        return [f"{root.tag}: the root is no graphml of its namespace"]
    return [*_shape(root), *_identity(root), *_values(root)]


def _local(element: ET.Element) -> str:
    namespace, _, name = element.tag.rpartition("}")
    return name if namespace == f"{{{NAMESPACE}" else element.tag


def _shape(element: ET.Element) -> Iterator[str]:
    name = _local(element)
    if name not in _GRAMMAR:
        yield f"{name}: no such element"
        return
    content, needed, allowed = _GRAMMAR[name]
    children = "".join(f"{_local(child)} " for child in element)
    if not re.fullmatch(content, children):
        yield f"{name} holds {children[:200]}"
    if not needed <= set(element.keys()) <= needed | allowed:
        yield f"{name} has the attributes {sorted(element.keys())}"
    if name not in ("data", "desc") and (element.text or "").strip():
        yield f"{name} holds text"
    for child in element:
        yield from _shape(child)


def _identity(root: ET.Element) -> Iterator[str]:
    for kind in ("key", "graph", "node", "edge"):
        ids = [each.get("id", "") for each in root.iter(f"{{{NAMESPACE}}}{kind}")]
        yield from (f"{kind} {each!r}: no name token" for each in ids if not _NAME_TOKEN.fullmatch(each))
        yield from (f"{kind} {each!r} is there twice" for each, times in Counter(ids).items() if times > 1)
    nodes = {each.get("id") for each in root.iter(f"{{{NAMESPACE}}}node")}
    for edge in root.iter(f"{{{NAMESPACE}}}edge"):
        yield from (
            f"edge {edge.get('id')!r} ends at {edge.get(end)!r}"
            for end in ("source", "target")
            if edge.get(end) not in nodes
        )
    for graph in root.iter(f"{{{NAMESPACE}}}graph"):
        if graph.get("edgedefault") not in ("directed", "undirected"):
            yield f"edgedefault={graph.get('edgedefault')!r}"


def _values(root: ET.Element) -> Iterator[str]:
    keys: dict[str | None, ET.Element] = {}
    for element in root.iter():
        if _local(element) == "key":
            keys[element.get("id")] = element
            if element.get("for") not in ("graphml", "graph", "node", "edge", "all"):
                yield f"key {element.get('id')!r} is for {element.get('for')!r}"
            if element.get("attr.type") not in _TYPES:
                yield f"key {element.get('id')!r} is of the type {element.get('attr.type')!r}"
        data = [child for child in element if _local(child) == "data"]
        given = [child.get("key") for child in data]
        if len(given) != len(set(given)):
            yield f"{_local(element)} {element.get('id')!r} has a key twice"
        for child in data:
            yield from _value(_local(element), child, keys.get(child.get("key")))


def _value(of: str, data: ET.Element, key: ET.Element | None) -> Iterator[str]:
    if key is None:
        yield f"data of {data.get('key')!r}, which is not declared before it"
    elif key.get("for") not in (of, "all"):
        yield f"{of} has data for {key.get('for')}: {key.get('id')!r}"
    elif not re.fullmatch(_TYPES.get(key.get("attr.type", ""), ""), data.text or ""):
        yield f"{key.get('id')!r}: {data.text!r} is no {key.get('attr.type')}"
