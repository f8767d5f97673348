from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_gov.contracts.document import MAX_BYTES, load_document


def problems(raw: bytes | str) -> list[tuple[int, str, str]]:
    document = load_document(raw if isinstance(raw, bytes) else raw.encode(), "f.yaml")
    return [(problem.line, problem.path, problem.reason) for problem in document.findings.problems]


def data(text: str) -> object:
    document = load_document(text.encode(), "f.yaml")
    assert document.findings.problems == []
    return document.data


def test_values_are_those_of_json() -> None:
    text = "a: 1\nb: [true, ~, 1.5, 'x']\nc: {d: 2020-01-31}\ne: 2020-01-31T10:00:00Z\n"

    assert data(text) == {
        "a": 1,
        "b": [True, None, 1.5, "x"],
        "c": {"d": "2020-01-31"},
        "e": "2020-01-31T10:00:00Z",
    }


@pytest.mark.parametrize("text", ["\ufeffa: b\nc: d\n", "a: b\r\nc: d\r\n", "---\na: b\nc: d\n...\n"])
def test_marks_and_line_ends_of_other_systems_are_read(text: str) -> None:
    assert data(text) == {"a": "b", "c": "d"}


def test_the_line_of_a_path_is_that_of_its_key() -> None:
    document = load_document(b"a:\n  - b: 1\n    c:\n\n      2\n", "f.yaml")

    assert document.findings.line(("a", 0, "b")) == 2
    assert document.findings.line(("a", 0, "c")) == 3
    assert document.findings.line(("a", 0, "c", "nowhere")) == 3
    assert document.findings.line(("nowhere",)) == 1


def test_anchors_and_merge_keys_work() -> None:
    text = (
        "base: &base {x: 1, y: 2}\nlist: [*base]\nown: {<<: *base, y: 3}\nboth: {<<: [{x: 5}, *base], z: 4}\n"
    )

    assert data(text) == {
        "base": {"x": 1, "y": 2},
        "list": [{"x": 1, "y": 2}],
        "own": {"x": 1, "y": 3},
        "both": {"x": 5, "y": 2, "z": 4},
    }


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        (b"", 1, "empty"),
        (b" \n\n", 1, "empty"),
        (b"# only\n# comments\n", 1, "nothing but comments"),
        (b"a: 1\nb: caf\xe9\n", 2, "not UTF-8: byte 0xe9 at offset 11"),
        ("a: 1\n".encode("utf-16"), 1, "not UTF-8"),
        (b"a:\n\tb: 1\n", 2, "a tab"),
        (b"a:\n  b: 1\n\tc: 2\n", 3, "a tab"),
        (b"a: 1\nb: \x00\n", 2, "U+0000"),
        (b"a: b: c\n", 1, "mapping values are not allowed"),
        (b"a: [1,\nb\n", 3, "not valid YAML"),
        (b"a: *nowhere\n", 1, "undefined alias"),
        (b"a: 1\n---\nb: 2\n", 2, "second YAML document"),
        (b"a: &a [*a]\n", 1, "contains itself"),
        (b"a: " + b"[" * 100_000, 1, "nested more than"),
        (b"a: 1\n" + b"#" * MAX_BYTES, 1, "more than 1,048,576 bytes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(raw: bytes, line: int, reason: str) -> None:
    found = problems(raw)

    assert len(found) == 1
    assert found[0][:2] == (line, "$")
    assert reason in found[0][2]


@pytest.mark.parametrize(
    ("text", "line", "path", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "$.a", "stands twice, in lines 1 and 3"),
        ("a:\n  - b: 1\n    b: 1\n", 3, "$.a[0].b", "stands twice"),
        ("a: 1\n7: x\n", 2, "$", "the key 7 is not text"),
        ("a: 1\n? [x]\n: y\n", 2, "$", "not text"),
        ("a: 1\nb: !!python/object/apply:os.getcwd []\n", 2, "$.b", "not allowed"),
        ("a: !!binary aGk=\n", 1, "$.a", "not allowed"),
        ("a: !mine x\n", 1, "$.a", "not allowed"),
        ("a: !!int x\n", 1, "$.a", "not a value"),
        ("a: .inf\n", 1, "$.a", "not a number that JSON has"),
        ("a: {<<: 5}\n", 1, "$.a['<<']", "takes a mapping"),
    ],
)
def test_what_json_does_not_have_is_refused_where_it_stands(
    text: str, line: int, path: str, reason: str
) -> None:
    found = problems(text)

    assert [(entry[0], entry[1]) for entry in found] == [(line, path)]
    assert reason in found[0][2]


@pytest.mark.parametrize("opening", ["[{}]", "{{<<: [{}]}}"], ids=["lists", "merge keys"])
def test_aliases_that_would_fill_the_memory_are_refused_at_once(opening: str) -> None:
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, 30):
        nine = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {opening.format(nine)}")
    start = time.monotonic()

    found = problems("\n".join(lines))

    assert "more than 50,000 values" in found[0][2]
    assert time.monotonic() - start < 20


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
)
def test_no_bytes_end_in_anything_but_data_or_problems(raw: bytes) -> None:
    document = load_document(raw, "f.yaml")

    assert document.readable or document.findings.problems


@given(st.text(alphabet="ab:-[]{}&*!<>|'\"#%@ \n\t?,~1.", max_size=60))
def test_no_yaml_ends_in_anything_but_data_or_problems(text: str) -> None:
    document = load_document(text.encode(), "f.yaml")

    assert document.readable or document.findings.problems
