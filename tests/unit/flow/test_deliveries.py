"""What is delivered from outside: files, globs, HTTP, S3, databases."""

from __future__ import annotations

import gzip
import json
import sqlite3
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from airflow_gov.flow.deliveries import DatabaseSource, delivered, extracted, without_credentials
from airflow_gov.model.errors import GovernanceError, Reason


def no_s3():
    raise AssertionError("S3 is not asked for this source")


def bring(source, folder, client=no_s3):
    with delivered(str(source), folder, client) as deliveries:
        return [(each.name, each.path.read_bytes()) for each in deliveries]


def test_a_path_is_one_file_and_stays_where_it_is(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    with delivered(str(tmp_path / "a.csv"), tmp_path, no_s3) as deliveries:
        (only,) = deliveries
        assert only.path == tmp_path / "a.csv"


def test_a_glob_brings_files_in_order_and_crosses_folders(tmp_path):
    for name in ("b/2.csv", "a/1.csv", "a/3.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert bring(tmp_path / "**/*.csv", tmp_path) == [("1.csv", b"a/1.csv"), ("2.csv", b"b/2.csv")]


def test_files_of_the_same_name_are_told_apart_by_their_folders(tmp_path):
    for day in ("mon", "tue"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "x.csv").write_text(day)
    assert [name for name, _ in bring(tmp_path / "*/x.csv", tmp_path)] == ["mon__x.csv", "tue__x.csv"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path):
    (tmp_path / "a[1].csv").write_text("x")
    assert bring(tmp_path / "a[1].csv", tmp_path) == [("a[1].csv", b"x")]


@pytest.mark.parametrize(
    ("source", "said"),
    [("nothing.csv", "does not exist"), ("*.parquet", "matches no file"), (".", "is a folder")],
)
def test_a_missing_source_is_named(tmp_path, source, said):
    with pytest.raises(GovernanceError, match=said) as refused:
        bring(tmp_path / source, tmp_path)
    assert refused.value.reason is Reason.SOURCE_MISSING


def test_an_empty_file_is_refused_before_the_first_is_given(tmp_path):
    (tmp_path / "1.csv").write_text("x")
    (tmp_path / "2.csv").touch()
    with pytest.raises(GovernanceError, match=r"2\.csv is empty"):
        bring(tmp_path / "*.csv", tmp_path)


def test_an_unknown_scheme_says_which_are_known(tmp_path):
    with pytest.raises(GovernanceError, match="ftp:// is not known"):
        bring("ftp://host/file", tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "ftp://ann:Geheim1@host/file?sig=Geheim1",
        "https://ann:Geheim1@[host/file",
        "https://ann:Gehe/Geheim1@host/file",
        "https://ann:Geheim1@localhost:port/file",
    ],
)
def test_a_source_that_is_refused_is_told_without_its_password(tmp_path, source):
    with pytest.raises(GovernanceError) as refused:
        bring(source, tmp_path)
    assert refused.value.reason is Reason.PARAMETER_INVALID
    assert "Gehe" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.fixture
def http(tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.csv").write_text("a,b\n1,2\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_http_is_fetched_byte_for_byte_and_leaves_nothing_behind(tmp_path, http):
    folder = tmp_path / "temp"
    folder.mkdir()
    assert bring(f"{http}/a.csv", folder) == [("a.csv", b"a,b\n1,2\n")]
    assert list(folder.iterdir()) == []


def test_http_that_is_not_there_says_what_it_answered(tmp_path, http):
    with pytest.raises(GovernanceError, match="answered 404"):
        bring(f"{http}/b.csv", tmp_path)


def test_a_url_is_recorded_without_credentials_and_signature():
    assert without_credentials("https://user:secret@host/a.csv?X-Amz-Signature=1") == "https://host/a.csv"


@pytest.mark.s3
def test_s3_objects_by_key_glob_and_prefix(tmp_path, s3):
    bucket = s3.bucket("delivered")
    client = partial(
        boto3.client,
        "s3",
        endpoint_url=s3.endpoint,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
        region_name="us-east-1",
    )
    for key in ("in/a.csv", "in/b.csv", "in/c.txt"):
        client().put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert bring(f"s3://{bucket}/in/a.csv", tmp_path, client) == [("a.csv", b"in/a.csv")]
    assert [name for name, _ in bring(f"s3://{bucket}/in/*.csv", tmp_path, client)] == ["a.csv", "b.csv"]
    assert len(bring(f"s3://{bucket}/in/", tmp_path, client)) == 3
    with pytest.raises(GovernanceError, match="matches no object"):
        bring(f"s3://{bucket}/in/d.csv", tmp_path, client)
    with pytest.raises(GovernanceError, match="cannot be listed"):
        bring("s3://no-such-bucket/x", tmp_path, client)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "source.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (id INTEGER, name TEXT, price REAL, picture BLOB)")
        connection.execute("INSERT INTO t VALUES (1, 'é', 1.5, x'00ff'), (2, NULL, 9e999, NULL)")

    def source(sql):
        return DatabaseSource(
            lambda: sqlite3.connect(path), sql, {"conn_id": "db", "database": "source"}, "t"
        )

    return source


def test_a_query_is_delivered_as_one_object_a_row(tmp_path, database):
    with extracted(database("SELECT * FROM t ORDER BY id"), tmp_path) as (delivery, rows, columns, types):
        text = gzip.decompress(delivery.path.read_bytes()).decode()
        assert delivery.name == "t.ndjson.gz"
    assert rows == 2
    assert columns == ["id", "name", "price", "picture"]
    assert types == ["int", "str", "float", "bytes"]
    assert [json.loads(line) for line in text.splitlines()] == [
        {"id": 1, "name": "é", "price": 1.5, "picture": "AP8="},
        {"id": 2, "name": None, "price": "inf", "picture": None},
    ]


def test_the_same_rows_are_the_same_bytes(tmp_path, database):
    def content():
        with extracted(database("SELECT * FROM t ORDER BY id"), tmp_path) as (delivery, *_):
            return delivery.path.read_bytes()

    assert content() == content()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM t WHERE false", "no rows"),
        ("SELECT * FROM nowhere", "refused the query: no such table"),
        ("SELECT id, id FROM t", "returns id twice"),
    ],
)
def test_a_query_that_cannot_be_delivered_is_refused(tmp_path, database, sql, said):
    with pytest.raises(GovernanceError, match=said), extracted(database(sql), tmp_path):
        pass


def test_a_value_that_a_driver_quotes_is_told_to_nobody(tmp_path):
    class InvalidText(sqlite3.DataError):
        """As psycopg names one kind of its DataError."""

    def connect():
        raise InvalidText('invalid input syntax for type integer: "ann@example.org"\nLINE 1: SELECT ...')

    source = DatabaseSource(connect=connect, sql="SELECT 1", identity={"conn_id": "shop"}, name="t")
    said = "invalid input syntax for type integer: '…'"
    with pytest.raises(GovernanceError, match=said) as refused, extracted(source, tmp_path):
        pass
    assert "ann@" not in str(refused.value)
    assert refused.value.__cause__ is None
