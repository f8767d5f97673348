from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml


def contract_data(dataset: str = "clean.flights", **column: Any) -> dict[str, Any]:
    """A contract that is right, of one dataset with two columns; `column` changes the second."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "flights",
        "version": "1.2.0",
        "status": "active",
        "team": {
            "name": "flights",
            "members": [
                {"username": "ada", "role": "owner"},
                {"username": "grace", "role": "Data Steward"},
            ],
        },
        "schema": [
            {
                "name": "flights",
                "physicalName": dataset,
                "description": "One row per flight.",
                "properties": [
                    {"name": "flight_id", "logicalType": "string", "primaryKey": True},
                    {"name": "delay", "logicalType": "integer"} | column,
                ],
            }
        ],
    }


@pytest.fixture(scope="session")
def contract() -> Callable[..., dict[str, Any]]:
    return contract_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "contracts"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Writes a contract into the folder: data as YAML, or text as it is."""

    def put(name: str, content: Any) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return put
