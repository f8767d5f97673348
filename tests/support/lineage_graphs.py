"""The lineage of a shop: forty datasets in all zones, five Dags, two days that differ, a Spark job outside.

Day 2 differs from day 1: ``gold.revenue_by_day`` has a column ``discount`` more and reads
``clean.returns`` too, ``gold_shop.return_rate`` fails, and ``clean_shop.stores`` no longer runs.
The Dag :data:`SECRET_DAG` is the one that a limited viewer may not read; ``clean.salaries`` and
``gold.payroll`` are known through it alone.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts import parse_contract
from airflow_gov.model.column_lineage import Subtype, Transformation
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
    ALL_ROWS,
    ColumnEdge,
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
    TagFacts,
    Touch,
)
from airflow_gov.model.loads import (
    FileRef,
    Load,
    LoadState,
    RowCounts,
    SourceRef,
    Version,
    VersionKind,
    WriteMode,
)
from airflow_gov.model.verdicts import Decision, RuleResult, Ruling, Verdict
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from airflow_gov.store import Store

#: The first day's runs begin here.
DAY_ONE = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
NAMESPACE = "default"
SECRET_DAG = "hr_secret"
#: The Dags that a limited viewer may read: all but the secret one.
OPEN_DAGS = frozenset({"ingest_shop", "clean_shop", "gold_shop", "work_ana"})
SPARK = Named("spark://cluster", "customer_features")
CRM_FILE = Named("s3://vendor-drop", "crm/customers.csv")
ORDERS_TABLE = Named("postgres://shop-db:5432", "shop.public.orders")
FEATURES = Named("s3://ml-lake", "features/customer_features")

_TABLES: Mapping[str, str] = {
    "customers": "customer_id name mail city",
    "orders": "order_id customer_id store_id ordered_at status",
    "order_lines": "order_id line product_id quantity price",
    "products": "product_id title category cost",
    "payments": "payment_id order_id card amount",
    "web_clicks": "click_id customer_id url clicked_at",
    "stores": "store_id city region",
    "returns": "return_id order_id product_id reason amount",
    "shipments": "shipment_id order_id shipped_at carrier",
}
_RENAMED = {"mail": "email"}
_TYPES = {"quantity": "int", "price": "double", "amount": "double", "cost": "double", "line": "int"}
#: Columns that say who somebody is, with their tag.
_PERSONAL = {"mail": "email", "email": "email", "name": "name", "card": "card"}

_IDENTITY = (Transformation(Subtype.IDENTITY),)
_HASHED = (Transformation(Subtype.TRANSFORMATION, masking=True, description="SHA-256"),)
_SUM = (Transformation(Subtype.AGGREGATION),)
_JOIN = (Transformation(Subtype.JOIN),)
_GROUP = (Transformation(Subtype.GROUP_BY),)
_FILTER = (Transformation(Subtype.FILTER),)

#: target column → [(dataset, column, how)]; the target column ``""`` is all rows.
Mapped = dict[str, list[tuple[str, str, tuple[Transformation, ...]]]]


@dataclass(frozen=True)
class Task:
    """A task that fills a dataset."""

    dag_id: str
    task_id: str
    target: str | Named
    sources: tuple[str | Named, ...]
    columns: Mapped = field(default_factory=dict)


def named(dataset: str | Named) -> Named:
    """The name lineage knows a dataset by: where it lies."""
    return dataset if isinstance(dataset, Named) else Named("file", f"/lake/{dataset.replace('.', '/')}")


def columns_of(dataset: str, day: int = 2) -> tuple[str, ...]:
    """The columns of a dataset of the lake on a day."""
    zone, _, name = dataset.partition(".")
    if dataset in _GOLD:
        columns = tuple(column for column in _GOLD[dataset] if column)
        return tuple(c for c in columns if day > 1 or c != "discount")
    words = tuple(_TABLES[name].split()) if name in _TABLES else _OTHER[dataset]
    if zone == "raw":
        return ("file", "sha256")
    if zone in ("preprocessed", "sensitive"):
        return words
    renamed = tuple(_RENAMED.get(word, word) for word in words)
    return tuple({"email": "email_hash"}.get(word, word) for word in renamed if word not in ("name", "card"))


_OTHER: Mapping[str, tuple[str, ...]] = {
    "sensitive.customers_identity": ("customer_id", "name", "email"),
    "sensitive.payments_cards": ("payment_id", "card"),
    "clean.sessions": ("customer_id", "session_start", "clicks"),
    "clean.salaries": ("employee", "salary"),
    "gold.payroll": ("region", "total"),
    "work.ana_churn": ("customer_id", "churned"),
}
_GOLD: Mapping[str, Mapping[str, list[tuple[str, str, tuple[Transformation, ...]]]]] = {
    "gold.revenue_by_day": {
        "day": [("clean.orders", "ordered_at", (Transformation(Subtype.TRANSFORMATION),))],
        "revenue": [("clean.order_lines", "price", _SUM), ("clean.order_lines", "quantity", _SUM)],
        "discount": [("clean.returns", "amount", _SUM)],
        "": [
            ("clean.orders", "order_id", _JOIN),
            ("clean.order_lines", "order_id", _JOIN),
            ("clean.orders", "status", _FILTER),
            ("clean.orders", "ordered_at", _GROUP),
        ],
    },
    "gold.revenue_by_region": {
        "region": [("clean.stores", "region", _IDENTITY)],
        "revenue": [("clean.order_lines", "price", _SUM), ("clean.order_lines", "quantity", _SUM)],
        "": [("clean.orders", "store_id", _JOIN), ("clean.stores", "store_id", _JOIN)],
    },
    "gold.customer_value": {
        "customer_id": [("clean.customers", "customer_id", _IDENTITY)],
        "email_hash": [("clean.customers", "email_hash", _IDENTITY)],
        "value": [("clean.payments", "amount", _SUM)],
        "": [("clean.orders", "customer_id", _JOIN), ("clean.customers", "customer_id", _GROUP)],
    },
    "gold.product_ranking": {
        "title": [("clean.products", "title", _IDENTITY)],
        "sold": [("clean.order_lines", "quantity", _SUM)],
    },
    "gold.return_rate": {
        "product_id": [("clean.returns", "product_id", _IDENTITY)],
        "rate": [("clean.returns", "amount", _SUM), ("clean.order_lines", "price", _SUM)],
    },
    "gold.conversion": {
        "day": [("clean.sessions", "session_start", (Transformation(Subtype.TRANSFORMATION),))],
        "buyers": [("clean.orders", "customer_id", (Transformation(Subtype.AGGREGATION, masking=True),))],
    },
    "gold.delivery_time": {
        "carrier": [("clean.shipments", "carrier", _IDENTITY)],
        "days": [("clean.shipments", "shipped_at", _SUM), ("clean.orders", "ordered_at", _SUM)],
    },
}


def _copied(source: str, target: str) -> Mapped:
    """Each column under the same name, renamed ones under their new name, hashed ones masked."""
    found: Mapped = {}
    known = columns_of(source)
    back = {new: old for old, new in _RENAMED.items()}
    for column in columns_of(target):
        plain = column.removesuffix("_hash")
        origin = column if column in known else back.get(plain, plain)
        if origin in known:
            how = _HASHED if column.endswith("_hash") and not origin.endswith("_hash") else _IDENTITY
            found[column] = [(source, origin, how)]
    return found


def tasks() -> list[Task]:
    """Every task of the shop that fills a dataset, in the order in which they run."""
    found: list[Task] = []
    for name in _TABLES:
        outside = {"customers": (CRM_FILE,), "orders": (ORDERS_TABLE,)}.get(name, ())
        raw, typed, clean = (f"{zone}.{name}" for zone in ("raw", "preprocessed", "clean"))
        found.append(Task("ingest_shop", f"land_{name}", raw, outside))
        found.append(Task("ingest_shop", f"type_{name}", typed, (raw,)))
        found.append(Task("clean_shop", name, clean, (typed,), _copied(typed, clean)))
    for source, target in (
        ("preprocessed.customers", "sensitive.customers_identity"),
        ("preprocessed.payments", "sensitive.payments_cards"),
    ):
        found.append(Task("clean_shop", target.split(".")[1], target, (source,), _copied(source, target)))
    clicks: Mapped = {
        "customer_id": [("clean.web_clicks", "customer_id", _IDENTITY)],
        "session_start": [("clean.web_clicks", "clicked_at", (Transformation(Subtype.AGGREGATION),))],
        "clicks": [("clean.web_clicks", "click_id", (Transformation(Subtype.AGGREGATION, masking=True),))],
    }
    found.append(Task("clean_shop", "sessions", "clean.sessions", ("clean.web_clicks",), clicks))
    for target, columns in _GOLD.items():
        found.append(Task("gold_shop", target.split(".")[1], target, _sources(columns), dict(columns)))
    found.append(
        Task(
            "work_ana",
            "churn",
            "work.ana_churn",
            ("gold.customer_value", "clean.sessions"),
            {"customer_id": [("gold.customer_value", "customer_id", _IDENTITY)]},
        )
    )
    found.append(Task(SECRET_DAG, "salaries", "clean.salaries", (Named("sap://hr", "salaries"),)))
    found.append(
        Task(
            SECRET_DAG,
            "payroll",
            "gold.payroll",
            ("clean.salaries", "clean.stores"),
            {
                "region": [("clean.stores", "region", _IDENTITY)],
                "total": [("clean.salaries", "salary", _SUM)],
            },
        )
    )
    return found


def _sources(columns: Mapping[str, Iterable[tuple[str, str, Any]]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for parts in columns.values() for source, _, _ in parts))


def _on_day(task: Task, day: int) -> Task:
    """What a task did on a day: on the first, revenue knew no discount."""
    if task.target != "gold.revenue_by_day" or day > 1:
        return task
    columns = {name: parts for name, parts in task.columns.items() if name != "discount"}
    return Task(task.dag_id, task.task_id, task.target, _sources(columns), columns)


def run_name(day: int) -> str:
    """Airflow's run id of a day's Dag runs."""
    return f"scheduled__2026-03-{day:02d}T06:00:00+00:00"


def run_id(task: Task, day: int) -> str:
    """OpenLineage's run id of a task on a day."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{task.dag_id}/{task.task_id}/{day}"))


def execution_id(task: Task, day: int) -> str:
    """The id of the execution's record."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{task.dag_id}/{task.task_id}/{day}"))


def snapshot(dataset: str, day: int) -> int:
    """The snapshot that a dataset got on a day; that of the day before, where its task did not run."""
    if (dataset, day) == ("clean.stores", 2):
        day = 1
    return int(hashlib.sha256(dataset.encode()).hexdigest()[:12], 16) * 10 + day


def load_id(dataset: str, day: int) -> str:
    """The load that filled a dataset on a day."""
    return hashlib.sha256(f"{dataset}/{day}".encode()).hexdigest()[:16]


def started(task: Task, day: int, start: datetime = DAY_ONE) -> datetime:
    """When a task began on a day."""
    return start + timedelta(days=day - 1, minutes=tasks().index(task) if task in tasks() else 0)


def fails(task: Task, day: int) -> bool:
    """Whether the task fails on that day."""
    return (task.task_id, day) == ("return_rate", 2)


def runs_on(task: Task, day: int) -> bool:
    """Whether the task runs on that day at all."""
    return (task.dag_id, task.task_id, day) != ("clean_shop", "stores", 2)


def shop(*, days: Sequence[int] = (1, 2), start: datetime = DAY_ONE) -> list[Projection]:
    """The projections of the shop's events, in the order of time."""
    return [each for day in days for each in _day(day, start)]


def _day(day: int, start: datetime) -> Iterator[Projection]:
    for number, task in enumerate(tasks()):
        if runs_on(task, day):
            at = start + timedelta(days=day - 1, minutes=number)
            yield from _task_events(_on_day(task, day), day, at)
    yield from spark_events(day, start + timedelta(days=day - 1, hours=2))


def _task_events(task: Task, day: int, at: datetime) -> Iterator[Projection]:
    job = JobFacts(
        Named(NAMESPACE, f"{task.dag_id}.{task.task_id}"),
        dag_id=task.dag_id,
        task_id=task.task_id,
        integration="AIRFLOW",
        job_type="TASK",
        processing="BATCH",
        description=f"Fills {named(task.target).name}.",
    )
    end = RunState.FAIL if fails(task, day) else RunState.COMPLETE
    for state, moment in ((RunState.START, at), (end, at + timedelta(seconds=40))):
        run = RunFacts(
            run_id(task, day),
            state,
            moment,
            dag_run_id=run_name(day),
            map_index=-1,
            try_number=1,
            execution_id=execution_id(task, day),
            error_message="division by zero" if state is RunState.FAIL else None,
        )
        yield _projection(job, run, state, moment, task if state is RunState.COMPLETE else None, day)


def spark_events(day: int, at: datetime) -> Iterator[Projection]:
    """A Spark job outside Airflow that reads gold and writes features."""
    task = Task(
        "",
        "",
        FEATURES,
        ("gold.customer_value",),
        {"value": [("gold.customer_value", "value", _IDENTITY)]},
    )
    job = JobFacts(SPARK, integration="SPARK", job_type="JOB", processing="BATCH")
    for state, moment in ((RunState.START, at), (RunState.COMPLETE, at + timedelta(minutes=3))):
        run = RunFacts(str(uuid.uuid5(uuid.NAMESPACE_DNS, f"spark/{day}")), state, moment)
        yield _projection(job, run, state, moment, task if state is RunState.COMPLETE else None, day)


def _projection(
    job: JobFacts, run: RunFacts, state: RunState, at: datetime, task: Task | None, day: int
) -> Projection:
    touches = _touches(task, day) if task else ()
    body: dict[str, Any] = {
        "eventType": state.value,
        "eventTime": at.isoformat(),
        "producer": "https://example.com/shop",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run.run_id},
        "job": {"namespace": job.named.namespace, "name": job.named.name},
        "inputs": [_plain(touch.dataset) for touch in touches if not touch.output],
        "outputs": [_plain(touch.dataset) for touch in touches if touch.output],
    }
    key = hashlib.sha256(json.dumps([run.run_id, state.value, at.isoformat()]).encode()).hexdigest()
    event = LineageEvent(EventKind.RUN, key, at, state, run.run_id, job.named, body)
    if task is None:
        return Projection(event, job, run)
    return Projection(
        event,
        job,
        run,
        datasets=tuple(_facts(each, day) for each in (*task.sources, task.target)),
        touches=touches,
        column_edges=tuple(_column_edges(task)),
    )


def _plain(dataset: Named) -> dict[str, str]:
    return {"namespace": dataset.namespace, "name": dataset.name}


def _touches(task: Task, day: int) -> tuple[Touch, ...]:
    def touch(dataset: str | Named, *, output: bool) -> Touch:
        version = str(snapshot(dataset, day)) if isinstance(dataset, str) else None
        return Touch(named(dataset), output, version, rows=100 * day, size=4096, files=1)

    return (*(touch(each, output=False) for each in task.sources), touch(task.target, output=True))


def _facts(dataset: str | Named, day: int) -> DatasetFacts:
    if isinstance(dataset, Named):
        owner = {"ownership": {"owners": [{"name": "vendor:crm", "type": "OWNER"}]}}
        columns = (ColumnFacts("value", "double", "What it is worth."),) if dataset == FEATURES else None
        return DatasetFacts(dataset, columns=columns, facets=owner)
    columns = tuple(
        ColumnFacts(name, _TYPES.get(name, "string"), f"The {name.replace('_', ' ')}.", position)
        for position, name in enumerate(columns_of(dataset, day))
    )
    tags = tuple(TagFacts("pii", _PERSONAL[each.name], each.name) for each in columns if _is_personal(each))
    return DatasetFacts(
        named(dataset),
        aliases=(Named("airflow-gov", dataset),),
        governed=dataset,
        columns=columns,
        tags=tags,
    )


def _is_personal(column: ColumnFacts) -> bool:
    return column.name in _PERSONAL


def _column_edges(task: Task) -> Iterator[ColumnEdge]:
    for column, parts in task.columns.items():
        for source, source_column, how in parts:
            yield ColumnEdge(named(source), source_column, named(task.target), column or ALL_ROWS, how)


# --- the rest of the store: contracts, executions, loads, versions, verdicts ------------------------------


def governed() -> list[str]:
    """The datasets of the lake, without the secret ones."""
    return [task.target for task in tasks() if isinstance(task.target, str) and task.dag_id != SECRET_DAG]


def fill(store: Store, *, start: datetime = DAY_ONE, secret: bool = True) -> None:
    """Everything the store knows of the shop.

    :param store: ready to be used.
    :param start: when the first day's runs begin.
    :param secret: False leaves the secret Dag out, as if it did not exist.
    """
    fill_lineage(store, start=start, secret=secret)
    with store.transaction():
        for task in tasks():
            if isinstance(task.target, str) and (secret or task.dag_id != SECRET_DAG):
                store.contracts.put(contract(task.target))
        for day in (1, 2):
            for number, task in enumerate(tasks()):
                if runs_on(task, day) and (secret or task.dag_id != SECRET_DAG):
                    _record(store, _on_day(task, day), day, start + timedelta(days=day - 1, minutes=number))


def fill_lineage(store: Store, *, start: datetime = DAY_ONE, secret: bool = True) -> None:
    """The lineage of the shop alone."""
    projections = [
        each for each in shop(start=start) if secret or each.job is None or each.job.dag_id != SECRET_DAG
    ]
    store.lineage.record(projections, origin=Origin.TRANSPORT, at=start + timedelta(days=2))


def contract(dataset: str) -> Any:
    """The contract of a dataset of the lake."""
    columns = [{"name": name, "logicalType": "string", **_sensitivity(name)} for name in columns_of(dataset)]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset,
        "name": dataset,
        "version": "1.0.0",
        "status": "active",
        "team": {
            "name": "Shop",
            "members": [
                {"username": "olga@example.com", "role": "owner"},
                {"username": "stan@example.com", "role": "steward"},
            ],
        },
        "schema": [
            {
                "name": dataset.partition(".")[2],
                "physicalName": dataset,
                "description": f"{dataset} of the shop.",
                "properties": [] if dataset.startswith("raw.") else columns,
                "quality": []
                if dataset.startswith("raw.")
                else [{"name": "has rows", "metric": "rowCount", "mustBeGreaterThan": 0}],
            }
        ],
    }
    return parse_contract(json.dumps(document), DatasetName.parse(dataset), f"contracts/{dataset}.odcs.yaml")


def _sensitivity(column: str) -> dict[str, Any]:
    if column not in _PERSONAL:
        return {"description": f"The {column.replace('_', ' ')}."}
    return {"classification": "restricted", "tags": [f"pii:{_PERSONAL[column]}"]}


def _record(store: Store, task: Task, day: int, at: datetime) -> None:
    failed = fails(task, day)
    done = at + timedelta(seconds=40)
    target = str(task.target)
    name = DatasetName.parse(target)
    own = load_id(target, day)
    files = (
        FileRef(f"s3://lake/{target.replace('.', '/')}/{own}/part-0.parquet", 2048, 100 * day, "ab" * 32),
    )
    sources = tuple(_source(each, day) for each in task.sources)
    written = DataRef(
        Role.TARGET,
        target,
        snapshot(target, day),
        load_id=own,
        files=files,
        columns=tuple(ColumnInfo(each, "string") for each in columns_of(target, day)),
        rows=100 * day,
    )
    store.executions.finish(
        Execution(
            execution_id(task, day),
            TaskRun(task.dag_id, run_name(day), task.task_id, logical_date=at),
            "CleanOperator",
            f"SQL to {target}",
            Status.FAILED if failed else Status.SUCCESS,
            at,
            Actor("airflow", owner="shop"),
            Host("worker-1"),
            Git("https://git.example.com/shop.git", f"{day}" * 40, "main", f"v{day}", source="checkout"),
            end=done,
            duration=40.0,
            code="SELECT 1",
            code_hash=f"{day}" * 64 if target == "gold.revenue_by_day" else "0" * 64,
            data=sources if failed else (*sources, written),
            counts=RowCounts(read=100 * day, written=None if failed else 100 * day),
            openlineage_run_id=run_id(task, day),
        )
    )
    load = Load(
        name,
        own,
        (task.dag_id, run_name(day), task.task_id, "-1"),
        task.dag_id,
        run_name(day),
        task.task_id,
        -1,
        execution_id(task, day),
        WriteMode.OVERWRITE,
        LoadState.WRITING,
        contract(target).hash,
        sources=tuple(
            SourceRef(DatasetName.parse(each), snapshot(each, day), version=day)
            for each in task.sources
            if isinstance(each, str)
        ),
    )
    store.loads.begin(load, lease=timedelta(minutes=1), is_alive=None)
    if not failed:
        _publish(store, load, day, done)


def _source(dataset: str | Named, day: int) -> DataRef:
    if isinstance(dataset, str):
        return DataRef(Role.SOURCE, dataset, snapshot(dataset, day), day, rows=100 * day)
    if dataset == CRM_FILE:
        return DataRef(
            Role.SOURCE, files=(FileRef("s3://vendor-drop/crm/customers.csv", 999, None, "cd" * 32),)
        )
    return DataRef(Role.SOURCE, database={"conn_id": "shop", "schema": "public", "table": dataset.name})


def _publish(store: Store, load: Load, day: int, at: datetime) -> None:
    dataset, number = str(load.dataset), snapshot(str(load.dataset), day)
    blocked = dataset == "gold.product_ranking" and day == 2
    verdict_id = f"verdict-{dataset}-{day}"
    counts = RowCounts(written=100 * day)
    store.loads.candidate(
        replace(
            load, state=LoadState.CANDIDATE, base_snapshot_id=1, candidate_snapshot_id=number, counts=counts
        )
    )
    rule = RuleResult("row_count", not blocked, (), "> 0", str(100 * day), 0)
    store.verdicts.record(
        Verdict(
            verdict_id,
            load.dataset,
            number,
            load.contract_hash,
            (rule,),
            100 * day,
            at,
            load.execution_id,
            (load.load_id,),
        )
    )
    ruling = Ruling.REFUSED if blocked else Ruling.PASSED
    store.decisions.record(
        Decision(load.dataset, number, load.contract_hash, verdict_id, ruling, at, load.execution_id)
    )
    if blocked:
        return
    published = Version(
        load.dataset,
        day,
        number,
        f"v{day}",
        VersionKind.PUBLISH,
        (load.load_id,),
        verdict_id,
        load.contract_hash,
        load.execution_id,
        rows=100 * day,
        size=4096,
        files=1,
        parent_snapshot_id=None,
        published_at=at,
    )
    # A dataset that skipped a day has no gap in its numbers.
    current = store.versions.current(load.dataset)
    store.versions.record(replace(published, version=(current.version if current else 0) + 1))
    store.loads.published(load.dataset, [load.load_id])
