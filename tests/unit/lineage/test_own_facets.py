"""The facets of an execution and of datasets: what they say, and that their schemas take them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from airflow_gov.lineage.column_facets import column_lineage_facet
from airflow_gov.lineage.dataset_facets import Change, LakeAddress, Stand
from airflow_gov.lineage.datasets import (
    Amount,
    Known,
    named_dataset,
    outside_dataset,
    read_dataset,
    written_dataset,
)
from airflow_gov.lineage.emitting import Query, job_facets, run_facets
from airflow_gov.lineage.execution_facets import MAX_PARAMETER, parameters_facet, source_code_facet
from airflow_gov.lineage.naming import Address, expected_address
from airflow_gov.model.column_lineage import ColumnLineage, InputColumn, Subtype, Transformation
from airflow_gov.model.execution import ColumnInfo, Execution, Git, Status
from airflow_gov.model.zones import DatasetName
from support import records, reports
from support.lineage_schemas import OPENLINEAGE, facet_problems, needs_the_schemas, own_schemas, problems

LAKE = LakeAddress("lake", {"type": "sql", "uri": "sqlite:////lake/catalog.db", "warehouse": "/lake"})
MASKED = Transformation(Subtype.TRANSFORMATION, masking=True)
LINEAGE = ColumnLineage(
    {
        "name_token": (InputColumn("preprocessed.flights", "name", (MASKED,)),),
        "constant": (),
        "lost": (InputColumn("nowhere", "name", (MASKED,)),),
    },
    (InputColumn("preprocessed.flights", "day", (Transformation(Subtype.FILTER),)),),
)


def address(source: str) -> Address | None:
    return Address("file", f"/lake/{source}") if "." in source else None


def facets_problems(facets: dict[str, Any]) -> list[str]:
    return [problem for facet in facets.values() for problem in facet_problems(facet)]


def test_our_schemas_are_schemas_and_say_what_everything_means() -> None:
    found = {schema["$id"]: schema for schema in own_schemas()}
    for facets in (run_facets(records.finished()), named_dataset(records.FLIGHTS, LAKE)["facets"]):
        mine = [each["_schemaURL"] for each in facets.values() if each["_schemaURL"].startswith("urn:")]
        assert mine
        assert {url.partition("#")[0] for url in mine} <= set(found)
    for schema in found.values():
        Draft202012Validator.check_schema(schema)
        ((_, definition),) = schema["$defs"].items()
        for name, entry in definition["allOf"][1]["properties"].items():
            assert entry["description"].endswith("."), name


_TEXTS = st.text(max_size=20)
_EXECUTIONS = st.builds(
    replace,
    st.sampled_from([records.execution(), records.finished(), records.finished(data=())]),
    status=st.sampled_from(Status),
    error_type=st.none() | st.text(min_size=1),
    error_message=st.none() | _TEXTS,
    error_reason=st.none() | st.just("sql_failed"),
    git=st.builds(
        Git, st.none() | _TEXTS, st.none() | _TEXTS, path=st.none() | _TEXTS, dirty=st.none() | st.booleans()
    ),
    parameters=st.dictionaries(
        _TEXTS, st.recursive(st.none() | st.booleans() | _TEXTS, st.lists, max_leaves=4)
    ),
)


@needs_the_schemas
@given(execution=_EXECUTIONS, include_sql=st.booleans())
@settings(max_examples=50, deadline=None)
def test_the_schemas_take_the_facets_of_any_execution(execution: Execution, include_sql: bool) -> None:
    assert facets_problems(run_facets(execution, [reports.verdict()], include_sql=include_sql)) == []
    assert facets_problems(job_facets(execution, Query("SELECT 1", None), include_sql=include_sql)) == []


@needs_the_schemas
@pytest.mark.parametrize("contract", [None, records.contract("c1")])
@pytest.mark.parametrize("location", [None, "s3://lake/clean/flights"])
def test_the_schemas_take_the_datasets(contract: Any, location: str | None) -> None:
    stand = Stand(records.FLIGHTS, snapshot_id=2**62, version=3, load_ids=("l1",))
    known = Known(stand, LAKE, location, contract, (ColumnInfo("delay", "long"),), Amount(1, 2, 3))
    read = [
        read_dataset(known, reports.verdict()),
        named_dataset(records.FLIGHTS, LAKE),
        outside_dataset(Address("file", "/a.csv"), "FILE", (ColumnInfo("a", "string"),), Amount()),
    ]
    written = [
        written_dataset(known, change=change, lineage=LINEAGE, address=address) for change in (None, *Change)
    ]
    for kind, datasets in (("InputDataset", read), ("OutputDataset", written)):
        for dataset in datasets:
            assert problems(f"{OPENLINEAGE}/{kind}", dataset) == []
            for part in ("facets", "inputFacets", "outputFacets"):
                assert facets_problems(dataset.get(part, {})) == []


def test_column_lineage_names_sources_by_their_addresses_and_leaves_out_those_without() -> None:
    facet = column_lineage_facet(LINEAGE, address)
    assert facet is not None
    masked = {"type": "DIRECT", "subtype": "TRANSFORMATION", "masking": True}
    named = {"namespace": "file", "name": "/lake/preprocessed.flights"}
    assert facet["fields"] == {
        "name_token": {"inputFields": [{**named, "field": "name", "transformations": [masked]}]},
        "constant": {"inputFields": []},
        "lost": {"inputFields": []},
    }
    (decides,) = facet["dataset"]
    assert (decides["field"], decides["transformations"][0]["type"]) == ("day", "INDIRECT")
    assert column_lineage_facet(ColumnLineage(), address) is None


def test_airflows_masker_leaves_facets_alone_and_masks_texts() -> None:
    from airflow.providers.openlineage.utils.utils import OpenLineageRedactor
    from airflow.sdk._shared.secrets_masker import _secrets_masker
    from airflow.sdk.log import mask_secret

    mask_secret("flights")
    try:
        redactor = OpenLineageRedactor.from_masker(_secrets_masker())
        known = Known(Stand(records.FLIGHTS), LAKE, "/lake/clean/flights", amount=Amount(1))
        written = written_dataset(known, lineage=LINEAGE, address=address)["facets"]
        checked = read_dataset(known, reports.verdict(results=(reports.held("flights", "a"),)))
        redacted: Any = redactor.redact({"outputs": written, "inputs": checked["inputFacets"]}, max_depth=20)
    finally:
        _secrets_masker().reset_masker()
    assert redacted["outputs"] == written
    assert "***" in json.dumps(redacted["inputs"]["dataQualityAssertions"])


def test_a_querys_text_is_told_only_where_that_is_wanted() -> None:
    execution = records.finished(
        parameters={"sql": "SELECT 'ada'", "target": "gold.people"},
        error_type="GovernanceError",
        error_reason="sql_failed",
        error_message="The SQL failed at line 1: no\n  SELECT 'ada'\n  ^",
    )
    query = Query("SELECT 'ada'", "duckdb")
    for include, told in ((False, False), (True, True)):
        facets = {
            **run_facets(execution, include_sql=include),
            **job_facets(execution, query, include_sql=include),
        }
        assert ("ada" in json.dumps(facets)) is told
        assert ("sql" in facets) is told


def test_parameters_are_told_one_by_one_and_long_ones_are_cut() -> None:
    parameters = {"source": {"dataset": "raw.a"}, "params": {"day": 1, "long": "x" * 5_000}, "limit": None}
    facet = parameters_facet(parameters, include_sql=False)
    assert facet is not None
    told = {each["key"]: each["value"] for each in facet["parameters"]}
    assert told.pop("params.long") == "x" * (MAX_PARAMETER - 1) + "…"
    assert told == {"source": '{"dataset": "raw.a"}', "params.day": "1", "limit": "null"}
    assert parameters_facet({}, include_sql=True) is None


COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("git@github.com:org/dags.git", f"https://github.com/org/dags/blob/{COMMIT}/dags/a%20b.py"),
        ("https://github.com/org/dags", f"https://github.com/org/dags/blob/{COMMIT}/dags/a%20b.py"),
        ("ssh://git@gitlab.example.com:2222/org/dags.git", f"https://gitlab.example.com/org/dags/-/blob/{COMMIT}/dags/a%20b.py"),
        ("https://bitbucket.org/org/dags.git", f"https://bitbucket.org/org/dags/src/{COMMIT}/dags/a%20b.py"),
        ("/srv/git/dags.git", "file:///srv/git/dags"),
    ],
)  # fmt: skip
def test_the_dags_file_is_told_by_its_address(repository: str, url: str) -> None:
    facet = source_code_facet(Git(repository, COMMIT, "main", "v1", False, "dags/a b.py"))
    assert facet is not None
    assert facet["url"] == url
    assert (facet["type"], facet["version"], facet["tag"], facet["branch"]) == ("git", COMMIT, "v1", "main")
    assert facet["repoUrl"] == repository


@pytest.mark.parametrize("repository", [None, "", "dags"])
def test_without_a_repository_there_is_no_address(repository: str | None) -> None:
    assert source_code_facet(Git(repository, COMMIT, path="dags/a.py")) is None


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"type": "sql", "warehouse": "/lake"}, ("file", "/lake/clean/flights")),
        ({"uri": "sqlite:////c.db", "warehouse": "file:///lake/"}, ("file", "/lake/clean/flights")),
        ({"type": "sql", "warehouse": "s3a://bucket/lake"}, ("s3://bucket", "lake/clean/flights")),
        ({"type": "sql", "warehouse": "s3://bucket"}, ("s3://bucket", "clean/flights")),
        ({"type": "rest", "warehouse": "s3://bucket"}, ("airflow-gov", "clean.flights")),
        ({"type": "sql"}, ("airflow-gov", "clean.flights")),
    ],
)
def test_where_a_table_will_lie_is_known_of_sql_catalogues(
    properties: dict[str, str], expected: tuple[str, str]
) -> None:
    assert expected_address(DatasetName.parse("clean.flights"), properties) == expected
