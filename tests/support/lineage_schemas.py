"""OpenLineage's JSON schemas and ours, held against events and facets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

SPECIFICATION = os.environ.get("AIRFLOW_GOV_OPENLINEAGE_SPEC")
needs_the_schemas = pytest.mark.skipif(
    SPECIFICATION is None,
    reason="AIRFLOW_GOV_OPENLINEAGE_SPEC does not name a folder with OpenLineage's JSON schemas",
)
OPENLINEAGE = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs"


def own_schemas() -> list[dict[str, Any]]:
    """The schemas of our own facets, as the package carries them."""
    folder = files("airflow_gov.lineage") / "schemas"
    return [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]


@cache
def schemas() -> Registry[Any]:
    """All schemas by their address."""
    assert SPECIFICATION is not None
    theirs = [Path(SPECIFICATION, "OpenLineage.json"), *Path(SPECIFICATION, "facets").glob("*.json")]
    contents = [*(json.loads(file.read_text("utf-8")) for file in theirs), *own_schemas()]
    return Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in contents)


def problems(reference: str, instance: Any) -> list[str]:
    """What the schema of that address finds wrong."""
    validator = Draft202012Validator({"$ref": reference}, registry=schemas(), format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def facet_problems(facet: dict[str, Any]) -> list[str]:
    """What the schema that a facet names finds wrong with it, as JSON."""
    return problems(facet["_schemaURL"], json.loads(json.dumps(facet, allow_nan=False)))


def event_problems(event: dict[str, Any]) -> list[str]:
    """What the schemas find wrong with a run event, and with each of its facets whose schema is known."""
    found = problems(f"{OPENLINEAGE}/RunEvent", event)
    for path, facet in facets_of(event):
        if facet["_schemaURL"].partition("#")[0] in schemas():
            found += [f"{path}: {problem}" for problem in facet_problems(facet)]
        elif not path.startswith("run."):
            found.append(f"{path}: its schema {facet['_schemaURL']} is not known")
    return found


def facets_of(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every facet of an event, with where it stands."""
    for part in ("run", "job"):
        yield from ((f"{part}.{name}", facet) for name, facet in event[part].get("facets", {}).items())
    for dataset in (*event.get("inputs", ()), *event.get("outputs", ())):
        for kind in ("facets", "inputFacets", "outputFacets"):
            yield from (
                (f"{dataset['name']}.{kind}.{name}", facet) for name, facet in dataset.get(kind, {}).items()
            )
