"""A simple layered layout: every arrow goes to the right, but for those of a cycle."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.lineage.drawn import Graph

#: How often the order within layers is improved; more changes little.
_SWEEPS = 4


def layered(graph: Graph) -> list[list[str]]:
    """The ids of the nodes by layer, from left to right, and within each from top to bottom."""
    sources: dict[str, set[str]] = defaultdict(set)
    targets: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        if edge.source != edge.target:
            sources[edge.target].add(edge.source)
            targets[edge.source].add(edge.target)
    depths = _depths([node.id for node in graph.nodes], sources, targets)
    layers: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for node in graph.nodes:
        layers[depths[node.id]].append(node.id)
    for sweep in range(_SWEEPS):
        near = sources if sweep % 2 == 0 else targets
        order = layers if sweep % 2 == 0 else layers[::-1]
        _untangle(order, near)
    return layers


def _depths(
    nodes: list[str], sources: Mapping[str, set[str]], targets: Mapping[str, set[str]]
) -> dict[str, int]:
    """The longest way to each node; a cycle is cut at the node of it that comes first."""
    depths = dict.fromkeys(nodes, 0)
    waiting = {node: len(sources.get(node, ()) & depths.keys()) for node in nodes}
    ready = [node for node in nodes if not waiting[node]]
    left = dict.fromkeys(nodes)
    while left:
        if not ready:
            ready.append(min(left, key=lambda node: waiting[node]))
        node = ready.pop()
        if node not in left:
            continue
        del left[node]
        for target in targets.get(node, ()):
            if target in left:
                depths[target] = max(depths[target], depths[node] + 1)
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
    return depths


def _untangle(layers: list[list[str]], near: Mapping[str, set[str]]) -> None:
    """Order each layer by the middle of its neighbours in the layers before (the barycentre method)."""
    places: dict[str, float] = {}
    for layer in layers:
        own = {node: place for place, node in enumerate(layer)}
        layer.sort(key=lambda node: (_middle(near.get(node, set()), places, own[node]), own[node]))
        places |= {node: place for place, node in enumerate(layer)}


def _middle(neighbours: set[str], places: Mapping[str, float], otherwise: float) -> float:
    known = [places[node] for node in neighbours if node in places]
    return sum(known) / len(known) if known else otherwise
