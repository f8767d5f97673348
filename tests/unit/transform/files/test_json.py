"""JSON: lines, arrays, objects one after the other."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest

from airflow_gov.model.errors import GovernanceError, Reason

OBJECTS = [
    {"id": 1, "label": "x", "tags": ["a", "b"], "at": {"x": 1, "y": "q"}, "price": 1.5, "ok": True},
    {"id": "2", "label": None, "tags": None, "at": None, "price": None},
]
TYPED = [
    (1, "x", ["a", "b"], {"x": 1, "y": "q"}, Decimal("1.50"), True),
    (2, None, None, None, None, None),
]
LINES = "".join(json.dumps(each) + "\n" for each in OBJECTS)


@pytest.fixture
def things(make_contract):
    return make_contract(
        "preprocessed.things",
        id="long",
        label="string",
        tags="list<string>",
        at="struct<x: int, y: string>",
        price="decimal(10, 2)",
        ok="boolean",
    )


@pytest.fixture
def pairs(make_contract):
    return make_contract("preprocessed.pairs", id="long", label="string")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.ndjson", LINES),
        ("x.jsonl", LINES.replace("\n", "\r\n")),
        ("x.json", LINES),
        ("x.ndjson.gz", gzip.compress(LINES.encode(), mtime=0)),
        ("x.json", json.dumps(OBJECTS)),
        ("x.json", json.dumps(OBJECTS, indent=2)),
        ("x.json", "\n".join(json.dumps(each, indent=2) for each in OBJECTS)),
        ("bom.json", ("﻿" + json.dumps(OBJECTS)).encode()),
        ("utf16.ndjson", LINES.encode("utf-16")),
    ],
)
def test_every_kind_is_read_right(read, put, things, name, content):
    read_back = read(things, put(name, content))
    assert read_back.rows == TYPED
    assert read_back.result.rejected == 0


def test_broken_lines_are_set_aside(read, put, pairs):
    lines = [
        '{"id": 1, "label": "a"}',
        '{"id": 2,',
        "",
        "5",
        '{"id": "x", "label": "b"}',
        '{"id": 2.5}',
        '{"id": 3}',
    ]
    read_back = read(pairs, put("x.ndjson", "\n".join(lines)))
    assert read_back.rows == [(1, "a"), (3, None)]
    assert read_back.rejects == [
        (2, None, "not valid JSON", lines[1]),
        (4, None, "not a JSON object", "5"),
        (5, "id", "id is no long", lines[4]),
        (6, "id", "id is no long", lines[5]),
    ]


def test_broken_records_of_an_array_are_set_aside(read, put, pairs):
    read_back = read(pairs, put("x.json", '[{"id": 1, "label": "a"}, {"id": "x"}, 7, {"id": 2}]'))
    assert read_back.rows == [(1, "a"), (2, None)]
    assert [row[:3] for row in read_back.rejects] == [
        (2, "id", "id is no long"),
        (3, None, "not a JSON object"),
    ]


def test_options(read, put, pairs):
    content = '{"ID": 1, "label": "NA", "more": 0}\n{"ID": 2, "label": "b", "more": 0}\n'
    read_back = read(pairs, put("x.ndjson", content), columns={"ID": "id", "more": None}, null="NA")
    assert read_back.rows == [(1, None), (2, "b")]
    strange = '{"the \'id\' \\"x\\"": 1, "label": "a"}\n'
    assert read(pairs, put("y.ndjson", strange), columns={"the 'id' \"x\"": "id"}).rows == [(1, "a")]


@pytest.mark.parametrize(
    ("name", "content", "reason", "told"),
    [
        ("x.json", '[{"id": 1, "label": "a"}, {"id', Reason.SOURCE_MALFORMED, "x.json cannot be read"),
        ("x.json", "[]", Reason.SOURCE_EMPTY, "has no rows"),
        ("x.ndjson", "\n\n", Reason.SOURCE_EMPTY, "has no rows"),
        ("x.ndjson", "", Reason.SOURCE_EMPTY, "is empty"),
        ("x.ndjson", "nonsense\n", Reason.SOURCE_MALFORMED, "no JSON object"),
        ("x.json", "[1, {}]", Reason.SOURCE_MALFORMED, "no JSON object"),
        (
            "x.ndjson",
            '{"id": 1, "label": "a"}\n{"id": 2, "late": 1}\n',
            Reason.SCHEMA_MISMATCH,
            "contract: late",
        ),
        ("x.ndjson", '{"id": 1}\n', Reason.SCHEMA_MISMATCH, "missing in the file: label"),
        ("x.ndjson", '{"id": "x", "label": 1}\n', Reason.SOURCE_MALFORMED, "not one of 1 rows"),
        ("x.ndjson", b'{"id": 1, "label": "\xe9"}\n', Reason.SOURCE_MALFORMED, "line 1 is not utf-8"),
    ],
)
def test_files_that_are_refused_leave_nothing(read, put, pairs, name, content, reason, told):
    with pytest.raises(GovernanceError) as caught:
        read(pairs, put(name, content))
    assert caught.value.reason is reason, str(caught.value)
    assert told in str(caught.value)
