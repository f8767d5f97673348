"""A user's SQL touches its declared sources and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from airflow_gov.transform.session import Limits, add_tables, fence, open_session

#: What a replacement scan would find in this frame and in this module.
outside = pa.table({"id": [1]})


@pytest.fixture(scope="module")
def undeclared(tmp_path_factory):
    """Files of each kind, to be copied."""
    folder = tmp_path_factory.mktemp("undeclared")
    with duckdb.connect() as connection:
        for kind in ("parquet", "csv", "json"):
            connection.execute(f"COPY (SELECT 42 AS id) TO '{folder}/secret.{kind}'").fetchall()
        connection.execute(f"ATTACH '{folder}/secret.db' AS other").fetchall()
        connection.execute("CREATE TABLE other.t AS SELECT 42 AS id").fetchall()
        connection.execute("DETACH other").fetchall()
    return folder


@pytest.fixture
def places(tmp_path, undeclared):
    """Files that exist, may be read by the process, and are not declared."""
    secret = shutil.copytree(undeclared, tmp_path / "secret")
    return {"secret": str(secret), "out": str(tmp_path / "out"), "tmp": str(tmp_path)}


@pytest.fixture(params=["local", "arrow"])
def table(request, make_table):
    return make_table(
        "clean.flights",
        "SELECT range AS id, 'l' AS _load_id FROM range(3)",
        by_arrow=request.param == "arrow",
        id="long",
    )


ESCAPES = [
    # files
    "SELECT id FROM '{secret}/secret.parquet'",
    'SELECT id FROM "{secret}/secret.csv"',
    "SELECT id FROM read_parquet('{secret}/secret.parquet')",
    "SELECT id FROM parquet_scan('{secret}/*.parquet')",
    "SELECT id FROM read_csv('{secret}/secret.csv')",
    "SELECT id FROM read_csv_auto('{secret}/secret.csv')",
    "SELECT id FROM read_json('{secret}/secret.json')",
    "SELECT id FROM read_json_objects('{secret}/secret.json')",
    "SELECT id FROM read_duckdb('{secret}/secret.db', table_name = 't')",
    "SELECT size AS id FROM read_text('{secret}/secret.csv')",
    "SELECT size AS id FROM read_blob('/etc/passwd')",
    "SELECT 1 AS id FROM glob('{tmp}/**')",
    "SELECT 1 AS id FROM sniff_csv('{secret}/secret.csv')",
    "SELECT num_rows AS id FROM parquet_file_metadata('{secret}/secret.parquet')",
    "SELECT (SELECT max(size) FROM read_text('/etc/hostname')) AS id",
    "SELECT id FROM clean.flights WHERE id IN (FROM read_csv('{secret}/secret.csv'))",
    "SELECT id FROM clean.flights ORDER BY (SELECT max(id) FROM '{secret}/secret.csv')",
    "SELECT id FROM clean.flights, LATERAL (SELECT size FROM read_text('/etc/hostname'))",
    "WITH x AS MATERIALIZED (FROM '{secret}/secret.csv') FROM x",
    "SELECT id FROM (FROM (FROM (SELECT * FROM read_csv('{secret}/secret.csv'))))",
    "SELECT id FROM seq_scan('{secret}/secret.parquet')",
    # network
    "SELECT id FROM 'https://example.com/x.parquet'",
    "SELECT id FROM read_csv('http://169.254.169.254/latest/meta-data/')",
    "SELECT id FROM 's3://bucket/key.parquet'",
    # other statements
    "ATTACH '{secret}/secret.db' AS other",
    "COPY (SELECT 1 AS id) TO '{tmp}/stolen.csv'",
    "COPY clean.flights FROM '{secret}/secret.csv'",
    "EXPORT DATABASE '{tmp}/stolen'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "CREATE TABLE t AS SELECT 1 AS id",
    "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "INSERT INTO clean.flights VALUES (1)",
    "DELETE FROM clean.flights",
    "DROP VIEW clean.flights",
    "CALL pragma_version()",
    "EXPLAIN ANALYZE SELECT id FROM clean.flights",
    "PREPARE p AS SELECT 1 AS id",
    "DESCRIBE clean.flights",
    "SHOW TABLES",
    "SUMMARIZE clean.flights",
    "FROM (DESCRIBE clean.flights)",
    "BEGIN",
    "USE clean",
    # more than one, none
    "SELECT 1 AS id; SELECT 2 AS id",
    "SELECT 1 AS id; COPY (SELECT 1) TO '{tmp}/stolen.csv'",
    "SELECT 1 AS id /* */ ; -- x\n ATTACH '{secret}/secret.db'",
    "",
    " ; ",
    "-- nothing",
    # statements hidden in WITH
    "WITH x AS (COPY (SELECT 1 AS id) TO '{out}/stolen.csv') SELECT 1 AS id FROM x",
    "WITH x AS (INSERT INTO clean.flights VALUES (1) RETURNING id) SELECT id FROM x",
    "WITH x AS (DELETE FROM clean.flights RETURNING id) SELECT id FROM x",
    "WITH x AS (UPDATE clean.flights SET id = 1 RETURNING id) SELECT id FROM x",
    # SQL inside SQL
    "SELECT id FROM query('FROM ''{secret}/secret.csv''')",
    "SELECT id FROM query('SELECT 1 AS id')",
    "SELECT id FROM query_table('clean.flights')",
    "SELECT id FROM query_table(['clean.flights'])",
    "SELECT id FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1 AS id'))",
    # the engine itself
    "SELECT value AS id FROM duckdb_settings()",
    "SELECT name AS id FROM duckdb_secrets()",
    "SELECT 1 AS id FROM duckdb_views()",
    "SELECT 1 AS id FROM duckdb_logs",
    "SELECT 1 AS id FROM information_schema.tables",
    "SELECT 1 AS id FROM pg_catalog.pg_class",
    "SELECT 1 AS id FROM sqlite_master",
    "SELECT 1 AS id FROM pragma_version()",
    # Python
    "SELECT id FROM outside",
    "SELECT id FROM inside",
    "SELECT id FROM arrow_scan(1, 2, 3)",
    "SELECT id FROM __airflow_gov_source_0",
    # names
    "SELECT id FROM clean.passengers",
    "SELECT id FROM flights",
    "SELECT id FROM memory.clean.flights",
    "SELECT id FROM temp.__airflow_gov_source_0",
    "WITH y AS (SELECT 1 AS id) SELECT id FROM clean.y",
    "SELECT id FROM clean.flights WHERE id = $id",
    "SELECT id FROM clean.flights WHERE id = ?",
    "PIVOT clean.flights ON id USING count(*)",
]


#: Names that are a WITH elsewhere in the query, but not where the table is named.
SHADOWS = [
    "SELECT y.id FROM (WITH {name} AS (SELECT 1) SELECT 1) z, {name} y",
    "(WITH {name} AS (SELECT 1 AS id) SELECT id FROM {name}) UNION ALL SELECT id FROM {name}",
    "WITH {name} AS (SELECT id FROM {name}) SELECT id FROM {name}",
    "WITH b AS (SELECT id FROM {name}), {name} AS (SELECT 5 AS id) SELECT id FROM b",
    "WITH RECURSIVE {name} AS (SELECT id FROM {name} UNION ALL SELECT 1 FROM {name}) SELECT id FROM {name}",
    "WITH a AS (WITH {name} AS (SELECT 2 AS id) FROM {name}) FROM a WHERE id IN (SELECT id FROM {name})",
]
ESCAPES += [
    sql.format(name=name) for sql in SHADOWS for name in ('"{secret}/secret.csv"', "duckdb_databases")
]
# The Kelvin sign is a k to Python, and not to DuckDB.
ESCAPES += ['WITH "duc\u212adb_databases" AS (SELECT 1 AS id) SELECT id FROM duckdb_databases']
ESCAPES += [
    'WITH "x" AS (SELECT 1 AS id) SELECT id FROM """x"""',
    "SELECT " + "+".join(["1"] * 950) + " AS id",
]


@pytest.mark.parametrize("sql", ESCAPES)
def test_every_escape_is_refused(engine, table, folder, places, make_contract, sql):
    inside = outside
    assert inside.num_rows == 1
    before = {path for path in Path(places["tmp"]).rglob("*") if "spill" not in path.parts}
    with pytest.raises(GovernanceError) as caught:
        engine.run_sql(
            sql.format(**places),
            {table.dataset: table},
            make_contract("gold.x", id="long"),
            load_id="l",
            folder=folder,
        )
    assert caught.value.reason is Reason.SQL_REFUSED, str(caught.value)
    assert {path for path in Path(places["tmp"]).rglob("*") if "spill" not in path.parts} - before <= {
        Path(places["tmp"]) / "spill"
    }


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT getenv('HOME') AS id",
        "SELECT 1) TO '{tmp}/stolen.csv' (FORMAT csv); SELECT (1 AS id",
        "SELECT 1 AS id) TO '{tmp}/stolen.csv' --",
        "SELECT 1 AS id /*",
        "SELECT 'open AS id",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000 + " AS id",
        "SELECT id FROM clean.flights AT (VERSION => 1)",
        "\0",
    ],
)
def test_what_is_no_sql_here_fails(engine, table, folder, places, make_contract, sql):
    with pytest.raises(GovernanceError) as caught:
        engine.run_sql(
            sql.format(**places),
            {table.dataset: table},
            make_contract("gold.x", id="long"),
            load_id="l",
            folder=folder,
        )
    assert caught.value.reason is Reason.SQL_FAILED
    assert not list(folder.iterdir())
    assert not (Path(places["tmp"]) / "stolen.csv").exists()


def test_an_undeclared_dataset_is_told_with_those_declared(engine, table, folder, make_contract):
    sources = {table.dataset: table, DatasetName.parse("clean.planes"): table}
    with pytest.raises(GovernanceError) as caught:
        engine.run_sql(
            "SELECT id FROM clean.fligths",
            sources,
            make_contract("gold.x", id="long"),
            load_id="l",
            folder=folder,
        )
    assert "Declared: clean.flights, clean.planes. Did you mean clean.flights?" in str(caught.value)
    assert caught.value.attributes["declared"] == ["clean.flights", "clean.planes"]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('{secret}/secret.csv')",
        "FROM read_text('/etc/hostname')",
        "FROM glob('{secret}/*')",
        "FROM '{secret}/secret.parquet'",
        "FROM outside",
        "ATTACH '{secret}/secret.db' AS other",
        "COPY (SELECT 1) TO '{tmp}/stolen.csv'",
        "COPY (SELECT 1) TO '{out}-beside/stolen.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "FROM 'https://example.com/x.parquet'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET python_enable_replacements = true",
        "SET temp_directory = '{tmp}/elsewhere'",
        "RESET allowed_paths",
        "FROM duckdb_secrets()",
    ],
)
def test_duckdb_itself_holds_the_fence(table, folder, places, sql):
    """What would get past the analysis of the SQL still reaches nothing."""
    with open_session(Limits("640MB")) as connection:
        add_tables(connection, [table])
        fence(connection, reads=[table], writes=folder)
        assert len(connection.execute("FROM clean.flights").fetchall()) == 3
        with pytest.raises(duckdb.Error, match=r"(?i)disabled|locked|does not exist"):
            connection.execute(sql.format(**places)).fetchall()
