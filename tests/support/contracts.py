"""Contracts as tests write them."""

from __future__ import annotations

from typing import Any


def table(name: str, **columns: str | dict[str, Any]) -> dict[str, Any]:
    """A contract's schema entry: column names with their logical type, or with all their properties."""
    return {
        "name": name.partition(".")[2],
        "physicalName": name,
        "properties": [
            {"name": column, **({"logicalType": entry} if isinstance(entry, str) else entry)}
            for column, entry in columns.items()
        ],
    }
