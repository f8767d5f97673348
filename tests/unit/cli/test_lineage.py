"""`airflow-gov lineage`: the questions people ask of the graph."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from airflow_gov.cli.lineage import COMMANDS
from airflow_gov.store import Store
from support import lineage_graphs as shops


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    file = tmp_path_factory.mktemp("shop") / "governance.db"
    store = Store(f"sqlite:///{file}")
    shops.fill(store)
    store.dispose()
    return file


@pytest.fixture
def shop(home, filled):
    """The installation's store holds the shop."""
    folder = home / "airflow_gov"
    folder.mkdir(parents=True)
    shutil.copy(filled, folder / "governance.db")
    return f"sqlite:///{folder}/governance.db"


@pytest.fixture
def ask(call, shop):
    """Ask for JSON."""

    def ask(*arguments):
        answer = call("lineage", *arguments, "--json")
        assert answer.code == 0, answer.err
        return json.loads(answer.out)

    return ask


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(call, command):
    answer = call("lineage", command, "--help")
    assert answer.code == 0
    assert f"airflow-gov lineage {command}" in answer.out


def test_help_lists_every_command(call):
    out = call("lineage", "--help").out
    assert all(line in out for _, _, line in COMMANDS.values())


def test_upstream_of_a_dataset_names_datasets_and_jobs(call, ask):
    out = call("lineage", "upstream", "gold.customer_value").out
    assert "raw.customers" in out
    assert "ingest_shop.land_customers" in out
    assert "work.ana_churn" not in out
    graph = ask("upstream", "gold.customer_value", "--depth", "1")
    assert {each["label"] for each in graph["nodes"] if each["type"] == "dataset"} == {
        "gold.customer_value",
        "clean.customers",
        "clean.orders",
        "clean.payments",
    }


def test_downstream_of_a_column_says_how(call, shop):
    out = call("lineage", "downstream", "preprocessed.customers.mail").out
    lines = {
        line.split()[1]: line.split()[2] for line in out.splitlines() if " | " not in line and "." in line
    }
    assert lines["clean.customers.email_hash"] == "masked"
    assert lines["sensitive.customers_identity.email"] == "direct"
    assert "all rows" in call("lineage", "downstream", "clean.orders.status").out
    direct = call("lineage", "downstream", "clean.orders.status", "--direct")
    assert direct.out == ""
    assert "Nothing that is known" in direct.err


def test_the_past_is_asked_for(ask):
    then = ask("upstream", "gold.revenue_by_day", "--depth", "1", "--as-of", "2026-03-01T12:00:00Z")
    assert "clean.returns" not in {each["label"] for each in then["nodes"]}


def test_a_version_and_a_run_are_followed_run_by_run(ask):
    steps = ask("upstream", "gold.revenue_by_day", "--version", "1")
    assert ("clean.orders", "1", "gold.revenue_by_day", "1") in {
        (each["source"], each["source_version"], each["target"], each["target_version"]) for each in steps
    }
    assert {each["source_version"] for each in steps} == {"1", None}
    task = next(each for each in shops.tasks() if each.task_id == "revenue_by_day")
    again = ask("upstream", shops.run_id(task, 1))
    assert {each["run_id"] for each in again} >= {shops.run_id(task, 1)}
    down = ask("downstream", shops.run_id(shops.tasks()[2], 2))
    assert {each["target"] for each in down} >= {"gold.customer_value", "work.ana_churn"}


def test_a_limit_says_that_there_is_more(call, shop):
    answer = call("lineage", "upstream", "gold.customer_value", "--limit", "3")
    assert "3 of 22 nodes" in answer.err
    column = call("lineage", "upstream", "gold.customer_value.customer_id", "--limit", "1")
    assert "more" in column.err


def test_impact_names_what_breaks(call, ask):
    out = call("lineage", "impact", "preprocessed.customers.mail").out
    for part in ("gold.customer_value.email_hash", "masked", "clean_shop", "declared", "odcs.yaml"):
        assert part in out
    found = ask("impact", "clean.orders")
    assert "gold.revenue_by_day" in {each["label"] for each in found["datasets"]}
    assert "customer_features" in {each["label"] for each in found["jobs"] if each["dag_id"] is None}
    assert "Nothing that is known depends on" in call("lineage", "impact", "customer_features.value").err


def test_origin_names_files_and_code(call, ask):
    out = call("lineage", "origin", "gold.customer_value.email_hash").out
    for part in ("crm/customers.csv", "cd" * 32, "v2", "postgres://shop-db:5432/shop.public.orders"):
        assert part in out
    assert ask("origin", "gold.customer_value.email_hash", "--version", "1")["version"] == 1
    answer = call("lineage", "origin", "gold.customer_value")
    assert (answer.code, "name a column of it" in answer.err) == (1, True)


def test_where_is_names_every_place(call, ask):
    out = call("lineage", "where-is", "mail").out
    for part in (
        "in the clear",
        "masked",
        "file:///lake/clean/customers",
        "clean_shop.customers",
        "pii:email",
    ):
        assert part in out
    places = ask("where-is", "--tag", "pii")["places"]
    assert {"card", "email", "mail", "name"} <= {each["column"] for each in places}
    one = ask("where-is", "clean.customers.email_hash")["places"]
    assert {each["dataset"] for each in one if each["relation"] == "named"} == {"clean.customers"}
    for arguments in ((), ("mail", "--tag", "pii")):
        assert call("lineage", "where-is", *arguments).code == 2


def test_a_row_leads_to_its_execution(call, ask):
    load = shops.load_id("clean.customers", 2)
    out = call("lineage", "row", "clean.customers", "--load-id", load).out
    for part in (load, "clean_shop", "v2", "crm/customers.csv", "published"):
        assert part in out
    assert [each["dataset"] for each in ask("row", "clean.customers", "--load-id", load)["made"]] == [
        "clean.customers",
        "preprocessed.customers",
        "raw.customers",
    ]
    answer = call("lineage", "row", "clean.customers", "--load-id", "nope")
    assert (answer.code, "_load_id" in answer.err) == (1, True)


def test_diff_names_what_changed(call, ask):
    out = call("lineage", "diff", "gold.revenue_by_day", "1", "2").out
    for part in ("discount", "clean.returns", "+100 rows", "v1", "v2"):
        assert part in out
    same = call("lineage", "diff", "gold.revenue_by_day", "2", "2")
    assert "are the same" in same.err
    assert call("lineage", "diff", "gold.revenue_by_day", "1", "77").code == 1
    assert ask("diff", "gold.revenue_by_day", "1", "2")["rows"] == 100


def test_runs_jobs_and_names_are_listed(call, ask):
    assert [each["state"] for each in ask("runs", "--dag", "gold_shop")] == ["failed", "success"]
    assert len(ask("runs", "--job", "gold_shop.return_rate", "--limit", "1")) == 1
    assert "clean_shop.stores" in call("lineage", "runs", "--dataset", "clean.stores").out
    assert call("lineage", "runs").code == 2
    job = call("lineage", "show", "gold_shop.return_rate").out
    assert "clean.returns" in job
    assert "failed" in job
    task = next(each for each in shops.tasks() if each.task_id == "return_rate")
    run = call("lineage", "show", shops.run_id(task, 2)).out
    assert "division by zero" in run
    wrote = call("lineage", "show", shops.run_id(shops.tasks()[2], 2)).out
    assert "wrote" in wrote
    assert {each["kind"] for each in ask("search", "customers")} == {"dataset", "job", "column"}
    assert "Nothing has that" in call("lineage", "search", "no such thing").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("upstream", "gold.revenue_by_dya"), "Did you mean gold.revenue_by_day"),
        (("upstream", "orders"), "may mean"),
        (("upstream", "clean.orders.statsu"), "Did you mean status"),
        (("upstream", "'; DROP TABLE x; --"), "no dataset"),
        (("impact", "\N{SNOWMAN}"), "no dataset"),
        (("show", "gold_shop.return_rat"), "Did you mean gold_shop.return_rate"),
        (("show", "nothing at all"), "no job or run"),
        (("upstream", "gold.revenue_by_day", "--version", "99"), "no version"),
        (("export", "nothing", "--format", "html"), "no dataset"),
        (("row", "nothing", "--load-id", "x"), "not a dataset name"),
    ],
)
def test_what_there_is_none_of_is_refused_with_what_there_is(call, shop, arguments, said):
    answer = call("lineage", *arguments)
    assert answer.code == 1
    assert said in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("upstream", "clean.orders", "--depth", "-1"),
        ("upstream", "clean.orders", "--as-of", "soon"),
        ("upstream", "clean.orders", "--limit", "0"),
        ("upstream", "clean.orders.status", "--version", "1"),
        ("export", "--format", "html"),
        ("export", "--format", "openlineage", "--columns"),
        ("export", "clean.orders", "--dag", "gold_shop", "--format", "html"),
        ("export", "clean.orders", "--format", "docx"),
        ("origin", "gold.revenue_by_day.day", "--version", "0"),
        ("prune", "--older-than", "soon"),
        ("prune", "--older-than", "99999999999d"),
    ],
)
def test_wrong_usage_is_told(call, shop, arguments):
    assert call("lineage", *arguments).code == 2


def test_the_end_of_a_name_with_its_column_will_do(call, shop):
    # Three datasets are called customers: one has the column.
    assert "clean.customers.email_hash" in call("lineage", "downstream", "customers.mail").out


def test_events_leave_as_they_came(call, shop, tmp_path):
    file = tmp_path / "events.jsonl"
    assert call("lineage", "export", "--format", "openlineage", "-o", str(file)).code == 0
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(events) == len(shops.shop())
    assert {each["eventType"] for each in events} == {"START", "COMPLETE", "FAIL"}
    one = call("lineage", "export", "gold.payroll", "--format", "openlineage", "--depth", "1").out
    assert {json.loads(line)["job"]["name"] for line in one.splitlines()} == {"hr_secret.payroll"}


def test_graphs_are_written_in_every_format(call, shop, tmp_path):
    mermaid = call("lineage", "export", "gold.conversion", "--format", "mermaid", "--depth", "1").out
    assert mermaid.startswith("flowchart LR\n")
    assert '[("clean.sessions")]' in mermaid
    graphml = call("lineage", "export", "--dag", "gold_shop", "--format", "graphml").out
    assert len(list(ET.fromstring(graphml).iter("{http://graphml.graphdrawing.org/xmlns}node"))) > 20
    file = tmp_path / "sales.html"
    columns = call("lineage", "export", "clean.customers", "--format", "graphml", "--columns").out
    assert "direct, masked" in columns
    assert "direct, masked" not in call("lineage", "export", "clean.customers", "--format", "graphml").out
    assert call("lineage", "export", "gold.conversion", "--format", "html", "-o", str(file)).code == 0
    page = file.read_text()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "<script" not in page
    assert "gold_shop.conversion" in page
    denied = call("lineage", "export", "gold.conversion", "--format", "html", "-o", f"{tmp_path}/no/such")
    assert denied.code == 1


def test_pruning_keeps_the_graph(call, ask, shop):
    before = ask("upstream", "gold.customer_value")
    found = ask("prune", "--older-than", "1d")
    assert any(found.values())
    after = ask("upstream", "gold.customer_value")
    assert [each["id"] for each in after["nodes"]] == [each["id"] for each in before["nodes"]]
    assert after["edges"] == before["edges"]


def test_reading_imports_neither_airflow_nor_pyiceberg(shop, home):
    code = (
        "import sys; from airflow_gov.cli.main import run; "
        "assert run(['lineage', 'upstream', 'gold.customer_value']) == 0; "
        "assert run(['lineage', 'where-is', 'mail', '--json']) == 0; "
        "heavy = ('airflow', 'pyiceberg', 'pyarrow', 'duckdb', 'fastapi'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
