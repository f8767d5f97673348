"""Which events are taken, and what is said of the others."""

from __future__ import annotations

import copy
import json
import os
import random
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing
from referencing.jsonschema import DRAFT202012

from airflow_gov.lineage.events import EventError, parse_batch, parse_event, parse_text
from airflow_gov.model.lineage import EventKind, Named, RunState

_FOLDER = os.environ.get("AIRFLOW_GOV_OPENLINEAGE_SPEC")
needs_specification = pytest.mark.skipif(
    _FOLDER is None,
    reason="AIRFLOW_GOV_OPENLINEAGE_SPEC does not name a folder with OpenLineage's schemas and examples",
)

RUN_ID = "f69a6e9b-9bac-3c9a-9cf6-eacb70ecc9a9"
NO_FACETS: dict[str, Any] = {}


def event(**changes: Any) -> dict[str, Any]:
    """A run event with an input and an output."""
    plain = {
        "eventTime": "2024-05-01T12:30:00.123456Z",
        "eventType": "COMPLETE",
        "run": {"runId": RUN_ID, "facets": {}},
        "job": {"namespace": "spark", "name": "sales.load", "facets": {}},
        "inputs": [{"namespace": "s3://lake", "name": "in", "facets": {}}],
        "outputs": [{"namespace": "s3://lake", "name": "out", "facets": {}, "outputFacets": {}}],
        "producer": "https://example.com/spark",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not ...}


def with_facet(place: str, facet: str, value: Any) -> dict[str, Any]:
    """The event with one facet; the place is ``run``, ``job``, ``inputs`` or ``outputs.outputFacets``."""
    plain = event()
    part, _, facets = place.partition(".")
    thing = plain[part][0] if part.endswith("s") else plain[part]
    thing[facets or "facets"] = {facet: value}
    return plain


def fault(plain: Any) -> EventError:
    with pytest.raises(EventError) as raised:
        parse_event(plain)
    return raised.value


# --- what is read ---------------------------------------------------------------------------------------


def test_a_run_event_is_read():
    read = parse_event(event(run={"runId": RUN_ID.upper()}))
    assert read.kind is EventKind.RUN
    assert read.event_type is RunState.COMPLETE
    assert read.run_id == RUN_ID
    assert read.job == Named("spark", "sales.load")
    assert read.event_time == datetime(2024, 5, 1, 12, 30, 0, 123456, tzinfo=UTC)


def test_the_body_is_the_event_as_it_came():
    plain = with_facet("run", "of_somebody", {"_producer": "x", "deep": [{"null": None}], "π": "<b>"})
    assert parse_event(copy.deepcopy(plain)).body == plain


def test_job_and_dataset_events_have_no_run():
    job = parse_event(event(run=...))
    assert (job.kind, job.run_id, job.job) == (EventKind.JOB, None, Named("spark", "sales.load"))
    dataset = parse_event(event(run=..., job=..., dataset={"namespace": "pg", "name": "t"}))
    assert (dataset.kind, dataset.run_id, dataset.job) == (EventKind.DATASET, None, None)


def test_an_event_without_type_is_other():
    assert parse_event(event(eventType=...)).event_type is RunState.OTHER


def test_the_same_event_has_the_same_key_however_its_time_is_written():
    written = ("2024-05-01T12:30:00Z", "2024-05-01t12:30:00.000000z", "2024-05-01T14:30:00+02:00")
    assert len({parse_event(event(eventTime=each)).key for each in written}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"eventTime": "2024-05-01T12:30:00.123457Z"},
        {"eventType": "START"},
        {"run": {"runId": RUN_ID.replace("f", "a")}},
        {"run": ...},
        {"run": ..., "job": ..., "dataset": {"namespace": "spark", "name": "sales.load"}},
    ],
)
def test_another_event_has_another_key(changes):
    assert parse_event(event(**changes)).key != parse_event(event()).key


def test_a_leap_second_is_the_second_after():
    read = parse_event(event(eventTime="2016-12-31T23:59:60.5Z"))
    assert read.event_time == datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


def test_nanoseconds_are_cut():
    read = parse_event(event(eventTime="2024-05-01T12:30:00.123456789Z"))
    assert read.event_time.microsecond == 123456


@pytest.mark.parametrize(
    "name",
    [
        "Ünïcödé 表 🛫",
        "'; DROP TABLE gov_lineage_event; --",
        '<script>alert("x")</script>',
        'a "quoted" name',
        "with\nnewline\tand \x1b[31mcontrol",
        "{{ jinja }} %s ${HOME}",
        "x" * 2_000,
    ],
)
def test_names_are_kept_literally(name):
    plain = event(job={"namespace": "n", "name": name}, outputs=[{"namespace": "n", "name": name}])
    read = parse_event(parse_text(json.dumps(plain)))
    assert read.job == Named("n", name)
    assert read.body["outputs"][0]["name"] == name


def test_nulls_stand_for_what_is_left_out():
    plain = with_facet("outputs", "schema", {"fields": [{"name": "a", "type": None, "fields": None}]})
    plain["outputs"][0]["facets"]["tags"] = None
    plain["outputs"][0]["facets"]["unknown"] = {"kept": None}
    plain |= {"inputs": None, "eventType": None}
    body = parse_event(plain).body
    assert body["outputs"][0]["facets"] == {"schema": {"fields": [{"name": "a"}]}, "unknown": {"kept": None}}
    assert "inputs" not in body
    assert parse_event(plain).event_type is RunState.OTHER


def test_a_deleted_facet_may_leave_everything_else_out():
    parse_event(with_facet("outputs", "columnLineage", {"_deleted": True}))


def test_ten_thousand_columns_are_taken():
    columns = [f"column {number}" for number in range(10_000)]
    lineage = {
        name: {"inputFields": [{"namespace": "s3://lake", "name": "in", "field": name}]} for name in columns
    }
    plain = with_facet("outputs", "columnLineage", {"fields": lineage})
    plain["outputs"][0]["facets"]["schema"] = {"fields": [{"name": name} for name in columns]}
    assert len(parse_event(parse_text(json.dumps(plain))).body["outputs"]) == 1


# --- what is refused ------------------------------------------------------------------------------------

_BAD = [
    ([], "$", "an object"),
    (None, "$", "an object"),
    ({}, "$", "neither a run"),
    (event(eventTime=...), "$.eventTime", "missing"),
    (event(eventTime="2024-05-01T12:30:00"), "$.eventTime", "zone"),
    (event(eventTime="2024-05-01 12:30:00Z"), "$.eventTime", "RFC 3339"),
    (event(eventTime="20240501T123000Z"), "$.eventTime", "RFC 3339"),
    (event(eventTime="2024-05-01T12:30Z"), "$.eventTime", "RFC 3339"),
    (event(eventTime="2024-02-30T12:30:00Z"), "$.eventTime", "there is not"),
    (event(eventTime="2024-02-01T12:30:00+25:00"), "$.eventTime", "there is not"),
    (event(eventTime="0001-01-01T00:00:00+14:00"), "$.eventTime", "there is not"),
    (event(eventTime="٢٠٢٤-05-01T12:30:00Z"), "$.eventTime", "RFC 3339"),
    (event(eventTime=1714566600), "$.eventTime", "here it is a number"),
    (event(eventType="complete"), "$.eventType", "one of ABORT"),
    (event(eventType=7), "$.eventType", "a string"),
    (event(producer=1), "$.producer", "a string"),
    (event(run={}), "$.run.runId", "missing"),
    (event(run={"runId": "scheduled__2024"}), "$.run.runId", "UUID"),
    (event(run={"runId": "{f69a6e9b-9bac-3c9a-9cf6-eacb70ecc9a9}"}), "$.run.runId", "UUID"),
    (event(run=[]), "$.run", "here it is a list"),
    (event(job=...), "$.job", "missing"),
    (event(job=..., run=...), "$", "neither"),
    (event(run=..., dataset={"namespace": "n", "name": "d"}), "$", "a job and a dataset"),
    (event(job={"namespace": "n"}), "$.job.name", "missing"),
    (event(job={"namespace": "", "name": "x"}), "$.job.namespace", "empty"),
    (event(job={"namespace": "n" * 601, "name": "x"}), "$.job.namespace", "longer than 600"),
    (event(job={"namespace": "n", "name": "ü" * 1_001}), "$.job.name", "longer than 2,000"),
    (event(job={"namespace": "n", "name": "a\0b"}), "$.job.name", "NUL"),
    (event(job={"namespace": "n", "name": "a\ud800b"}), "$.job.name", "surrogate"),
    (event(inputs={}), "$.inputs", "a list"),
    (event(inputs=[None]), "$.inputs[0]", "here it is null"),
    (
        event(inputs=[{"namespace": "n", "name": "d"}, {"namespace": 5, "name": "d"}]),
        "$.inputs[1].namespace",
        "",
    ),
    (event(outputs=[{"namespace": "n", "name": "d", "facets": []}]), "$.outputs[0].facets", "an object"),
    (with_facet("outputs", "whatever", 7), "$.outputs[0].facets.whatever", "an object"),
    (with_facet("run", "odd key!", []), '$.run.facets["odd key!"]', "an object"),
    (with_facet("inputs", "x", {"_deleted": "yes"}), "$.inputs[0].facets.x._deleted", "true or false"),
    (
        with_facet("inputs", "schema", {"fields": [{"name": "a"}, {"name": "b"}, {"name": 5}]}),
        "$.inputs[0].facets.schema.fields[2].name",
        "here it is a number",
    ),
    (
        with_facet("outputs", "schema", {"fields": [{"name": "a", "fields": [{"type": "int"}]}]}),
        "$.outputs[0].facets.schema.fields[0].fields[0].name",
        "missing",
    ),
    (
        with_facet("outputs", "symlinks", {"identifiers": [{"name": "t", "type": "TABLE"}]}),
        "$.outputs[0].facets.symlinks.identifiers[0].namespace",
        "missing",
    ),
    (
        with_facet("outputs", "columnLineage", {"fields": {"my col": {"inputFields": [{"namespace": "n"}]}}}),
        '$.outputs[0].facets.columnLineage.fields["my col"].inputFields[0].name',
        "missing",
    ),
    (
        with_facet("outputs", "columnLineage", {"fields": {"": {"inputFields": []}}}),
        '$.outputs[0].facets.columnLineage.fields[""]',
        "empty",
    ),
    (
        with_facet("outputs", "columnLineage", {}),
        "$.outputs[0].facets.columnLineage.fields",
        "missing",
    ),
    (
        with_facet("outputs", "tags", {"tags": [{"key": "pii", "value": True}]}),
        "$.outputs[0].facets.tags.tags[0].value",
        "here it is a boolean",
    ),
    (
        with_facet("outputs", "ownership", {"owners": ["ana"]}),
        "$.outputs[0].facets.ownership.owners[0]",
        "an object",
    ),
    (
        with_facet("outputs", "version", {"datasetVersion": 12}),
        "$.outputs[0].facets.version.datasetVersion",
        "a string",
    ),
    (
        with_facet("outputs", "lifecycleStateChange", {"lifecycleStateChange": "MOVE"}),
        "$.outputs[0].facets.lifecycleStateChange.lifecycleStateChange",
        "one of",
    ),
    (
        with_facet("outputs.outputFacets", "outputStatistics", {"rowCount": "many"}),
        "$.outputs[0].outputFacets.outputStatistics.rowCount",
        "a whole number",
    ),
    (
        with_facet("outputs.outputFacets", "outputStatistics", {"size": 2**63}),
        "$.outputs[0].outputFacets.outputStatistics.size",
        "64 bits",
    ),
    (
        with_facet("inputs.inputFacets", "inputStatistics", {"rowCount": True}),
        "$.inputs[0].inputFacets.inputStatistics.rowCount",
        "a whole number",
    ),
    (
        with_facet("run", "parent", {"run": {"runId": "x"}, "job": {"namespace": "n", "name": "j"}}),
        "$.run.facets.parent.run.runId",
        "UUID",
    ),
    (
        with_facet("run", "nominalTime", {"nominalStartTime": "yesterday"}),
        "$.run.facets.nominalTime.nominalStartTime",
        "RFC 3339",
    ),
    (with_facet("run", "errorMessage", {"message": {}}), "$.run.facets.errorMessage.message", "a string"),
    (with_facet("job", "jobType", {"integration": []}), "$.job.facets.jobType.integration", "a string"),
]


@pytest.mark.parametrize(("plain", "path", "problem"), _BAD, ids=[path for _, path, _ in _BAD])
def test_a_bad_event_is_refused_with_the_path_of_the_fault(plain, path, problem):
    error = fault(plain)
    assert error.path == path
    assert problem in error.problem


def test_what_is_wrong_is_told_without_the_value():
    plain = with_facet("outputs", "tags", {"tags": [{"key": "email", "value": ["ana@example.com"]}]})
    assert "ana" not in str(fault(plain))


# --- texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "problem"),
    [
        (b"", "$", "not JSON"),
        (b'{"eventTime": "2024', "$", "line 1 column 15"),
        (b'{"a": 1}{"b": 2}', "$", "Extra data"),
        (b"\xff\xfe{}", "$", "not UTF-8: byte 0"),
        ('{"a": 1}'.encode("utf-16"), "$", "not UTF-8"),
        ('{"a": {"b": [1, {"c": 1, "c": 2}]}}', "$.a.b[1]", "more than once"),
        ('{"a" :1, "b": "says \\"c\\": 1", "a"\n:2}', "$", "more than once"),
        ('{"a": [0.5, NaN]}', "$.a[1]", "NaN"),
        ('{"a": -Infinity}', "$.a", "-Infinity"),
        ('{"a": 1e999}', "$.a", "too large"),
        ('{"a": ' + "9" * 5_000 + "}", "$", "too many digits"),
        ("[" * 101 + "]" * 101, "$", "deeper than 100"),
        ("[" * 100_000 + "]" * 100_000, "$", "deeper than 100"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "$", "deeper than 100"),
        (b'{"a": "' + b"x" * 10_000_000 + b'"}', "$", "longer than 10,000,000 bytes"),
    ],
    ids=range(15),
)
def test_a_bad_text_is_refused_with_the_place(text, path, problem):
    with pytest.raises(EventError) as raised:
        parse_text(text)
    assert raised.value.path == path
    assert problem in raised.value.problem


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff{}".encode(),
        "[" * 100 + "]" * 100,
        '{"a": "quotes \\"b\\": 1 and \\"b\\" : 2"}',
        '{"a": {"b": 1}, "b": {"b": 1.5e300}}',
        b'{"a": "' + b"x" * 9_999_000 + b'"}',
    ],
    ids=range(5),
)
def test_a_good_text_is_read(text):
    decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
    assert parse_text(text) == json.loads(decoded)


def test_a_bad_event_of_a_batch_leaves_the_others_alone():
    good = json.dumps(event())
    for bad in ('{"a": 1, "a": 2}', '{"a": NaN}', "[" * 5_000 + "]" * 5_000, "[" * 101 + "]" * 101):
        first, second, third = parse_batch(f' [{good} , {bad},\n{{"tricky": "]}}, [\\"" }}]')
        assert first == event()
        assert second == bad.encode()
        assert third == {"tricky": ']}, ["'}


@pytest.mark.parametrize("text", ["{}", "null", '{"a": NaN}', "[1, 2", "{" + "[" * 5_000 + "]" * 5_000 + "}"])
def test_a_batch_that_is_no_list_is_refused(text):
    with pytest.raises(EventError):
        parse_batch(text)


def test_a_batch_has_ten_thousand_events_at_most():
    assert len(parse_batch("[" + ",".join(["1"] * 10_000) + "]")) == 10_000
    for more in (["1"] * 10_001, ["1"] * 10_000 + ["[" * 5_000 + "]" * 5_000]):
        with pytest.raises(EventError, match="at most"):
            parse_batch("[" + ",".join(more) + "]")


def test_a_text_of_quotes_without_end_is_passed_over_once():
    """Each quote that is tried anew would make this take minutes."""
    began = time.process_time()
    assert parse_batch("[" * 5_000 + '"' + '\\"' * 1_000_000) == []
    assert time.process_time() - began < 10


# --- against the specification --------------------------------------------------------------------------


@cache
def _schemas() -> tuple[jsonschema.Draft202012Validator, dict[str, list[tuple[str, Any]]]]:
    """The validator of events, and by kind of facets each facet's name and its validator."""
    folder = Path(str(_FOLDER))
    files = [folder / "OpenLineage.json", *sorted((folder / "facets").glob("*.json"))]
    contents = [json.loads(file.read_text()) for file in files]
    registry = referencing.Registry().with_resources(
        (content["$id"], DRAFT202012.create_resource(content)) for content in contents
    )
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER

    def validator(content: Any) -> Any:
        return jsonschema.Draft202012Validator(content, registry=registry, format_checker=checker)

    kinds: dict[str, list[tuple[str, Any]]] = {kind: [] for kind in ("run", "job", "inputs", "outputs")}
    for file, content in zip(files[1:], contents[1:], strict=True):
        facet = next(iter(content["properties"]))
        for ending, kind in (
            ("RunFacet", "run"),
            ("JobFacet", "job"),
            ("InputDatasetFacet", "inputs.inputFacets"),
            ("OutputDatasetFacet", "outputs.outputFacets"),
            ("DatasetFacet", "outputs"),
        ):
            if file.stem.endswith(ending) and not file.stem.startswith("BaseSubset"):
                kinds.setdefault(kind, []).append((facet, validator(content)))
                break
    return validator(contents[0]), kinds


def _specified(plain: dict[str, Any]) -> bool:
    """Whether JSON Schema takes the event with all its facets."""
    base, kinds = _schemas()
    if not base.is_valid(plain):
        return False
    things = [("run", plain.get("run")), ("job", plain.get("job")), ("outputs", plain.get("dataset"))]
    things += [("outputs", each) for side in ("inputs", "outputs") for each in plain.get(side, ())]
    things = [(kind, thing.get("facets", {})) for kind, thing in things if isinstance(thing, dict)]
    for side in ("input", "output"):
        things += [
            (f"{side}s.{side}Facets", each.get(f"{side}Facets", {})) for each in plain.get(f"{side}s", ())
        ]
    return all(
        validator.is_valid({facet: facets[facet]})
        for kind, facets in things
        for facet, validator in kinds.get(kind, ())
        if facet in facets
    )


def _examples() -> list[tuple[str, dict[str, Any]]]:
    """The specification's examples: each facet in the event whose place it is."""
    if _FOLDER is None:
        return []
    folder = Path(_FOLDER) / "tests"
    found = [("example_full_event", json.loads((folder / "example_full_event.json").read_text()))]
    for file in sorted(folder.glob("*Facet/*.json")):
        content = json.loads(file.read_text())
        name = f"{file.parent.name}-{file.stem}"
        for ending, place in (
            ("RunFacet", "run"),
            ("JobFacet", "job"),
            ("InputDatasetFacet", "inputs.inputFacets"),
            ("OutputDatasetFacet", "outputs.outputFacets"),
            ("Facet", "outputs"),
        ):
            if file.parent.name.endswith(ending):
                facet, value = next(iter(content.items()))
                found.append((name, with_facet(place, facet, value)))
                break
    return found


@needs_specification
@pytest.mark.parametrize("plain", [pytest.param(plain, id=name) for name, plain in _examples()])
def test_the_examples_of_the_specification_are_taken(plain):
    assert parse_event(plain).body == plain


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in pairs for place in _places(inner, (*path, key)))]


_REPLACEMENTS: tuple[Any, ...] = (
    *(True, 7, -1, 5.0, 1.5, "text", "DROP", "2020-01-01T00:00:00Z", RUN_ID),
    *([], [{}], ["text"], [[]], {}, {"name": "x"}, {"a": {}}, {"fields": []}),
)


def _mutated(plain: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The event with one place taken out, or replaced."""
    mutated = copy.deepcopy(plain)
    *to, last = chance.choice(_places(mutated)[1:])
    holder = mutated
    for step in to:
        holder = holder[step]
    if chance.random() < 0.25:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(chance.choice(_REPLACEMENTS))
    return mutated


def _full() -> dict[str, Any]:
    """One event with all examples of facets that are read."""
    plain = event()
    for name, example in _examples()[1:]:
        if name.endswith("-2"):
            continue
        for part in ("run", "job"):
            plain[part]["facets"] |= example[part]["facets"]
        for side in ("inputs", "outputs"):
            for key, value in example[side][0].items():
                if isinstance(value, dict):
                    plain[side][0].setdefault(key, {}).update(value)
    return plain


@needs_specification
def test_what_the_specification_takes_is_taken_and_wrong_types_are_refused_as_it_does():
    """Over thousands of events with one or two changes."""
    chance = random.Random(4)
    examples = [plain for _, plain in _examples()] + [_full()] * 5
    specified = refused = 0
    for _ in range(1_500):
        plain = chance.choice(examples)
        for _ in range(chance.choice((1, 1, 2))):
            plain = _mutated(plain, chance)
        try:
            parse_event(plain)
            taken, problem = True, ""
        except EventError as error:
            taken, problem = False, str(error)
        specifies = _specified(plain)
        assert taken or not specifies, f"{problem}: {json.dumps(plain)}"
        specified += specifies
        refused += not taken
    assert specified > 300
    assert refused > 200


@needs_specification
@pytest.mark.parametrize(
    ("place", "facet"),
    [
        ("run", "parent"),
        ("run", "nominalTime"),
        ("run", "errorMessage"),
        ("job", "jobType"),
        ("outputs", "schema"),
        ("outputs", "symlinks"),
        ("outputs", "columnLineage"),
        ("outputs", "tags"),
        ("outputs", "ownership"),
        ("outputs", "version"),
        ("outputs", "lifecycleStateChange"),
        ("outputs.outputFacets", "outputStatistics"),
    ],
)
def test_members_of_another_type_are_refused_where_they_are_read(place, facet):
    """Each member of a facet in turn becomes an object, or a number where it was an object or a list."""
    part, _, facets = place.partition(".")
    things = (example[part][0] if part.endswith("s") else example[part] for _, example in _examples()[1:])
    value = next(thing[facets or "facets"][facet] for thing in things if facet in thing[facets or "facets"])
    refused = 0
    for *to, last in _places(value)[1:]:
        if str(last).startswith("_") or last in ("ordinal_position", "source", "type"):
            continue
        changed = copy.deepcopy(value)
        holder = changed
        for step in to:
            holder = holder[step]
        holder[last] = 7.5 if isinstance(holder[last], dict | list) else {"an": "object"}
        plain = with_facet(place, facet, changed)
        if not _specified(plain):
            assert fault(plain).path.startswith("$.")
            refused += 1
    assert refused
