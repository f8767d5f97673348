"""The lake in numbers, and what was made in the same way twice: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_gov.audit.maturity import Level, assess
from airflow_gov.audit.reporting import health_sections
from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.column_lineage import Subtype
from airflow_gov.model.contract import Column
from airflow_gov.model.execution import ColumnInfo, DataRef, Role
from airflow_gov.model.findings import Observation, Severity
from airflow_gov.model.lineage import Origin
from airflow_gov.model.loads import SourceRef, VersionKind
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.store.audit_looks import Seen
from airflow_gov.store.audits import Ending, Holder
from airflow_gov.store.derivations import Copies, DerivedAlike
from airflow_gov.store.health import Burden, ZoneCounts
from support import records
from support.records import T0
from support.small_lineage import Edge, named, told

CRITICAL, ERROR, WARNING, INFO = Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO
HOUR = timedelta(hours=1)


def promise(store: Store, dataset: str, **changes: Any) -> None:
    """A contract with everything."""
    column = Column("a", Primitive("string"), description="What it is.")
    whole = {"columns": (column,), "description": "What it is."}
    contract = records.contract(f"of {dataset}", dataset=DatasetName.parse(dataset), **(whole | changes))
    store.contracts.put(contract)


def publish(store: Store, dataset: str, *, dag_id: str = "makes", number: int = 1, **version: Any) -> None:
    """A version that a Dag loaded."""
    name, load_id = DatasetName.parse(dataset), f"{dataset}-{number}"
    store.executions.finish(records.finished(f"e-{load_id}", dag_id=dag_id, data=()))
    load = records.load(load_id, f"e-{load_id}", dataset=name, dag_id=dag_id)
    store.loads.begin(load, lease=HOUR)
    made = records.version(number, dataset=name, load_ids=(load_id,), execution_id=f"e-{load_id}")
    store.versions.record(replace(made, **version))


def read(store: Store, dataset: str, dag_id: str) -> None:
    """A Dag that reads a dataset."""
    source = DataRef(Role.SOURCE, dataset, columns=(ColumnInfo("a", "string"),), rows=1)
    store.executions.finish(
        records.finished(f"{dag_id} reads {dataset}", dag_id=dag_id, data=(source,), task_id="read")
    )


def observed(check: str, dataset: str, severity: Severity, part: str = "") -> Observation:
    """What a check saw in a dataset."""
    name = DatasetName.parse(dataset)
    return Observation(check, dataset, "is wrong", severity, part=part, dataset=name)


def audit(
    store: Store, *found: tuple[str, Severity] | Observation, zones: Sequence[Zone] = tuple(Zone)
) -> None:
    """An audit that found this, in datasets unless told otherwise."""
    audit_id = str(len(store.audits.runs()))
    run = AuditRun(audit_id, AuditKind.FULL, AuditState.RUNNING, tuple(zones), ("c",), T0, None, "ada")
    begun = store.audits.begin(run, Holder("here", 1), HOUR, lambda _: True)
    every = [
        each if isinstance(each, Observation) else observed("c", *each, part=str(part))
        for part, each in enumerate(found)
    ]
    store.audits.observed(
        begun.audit_id, [Seen(each.check, str(each.dataset or each.zone or ""), (each,)) for each in every]
    )
    store.audits.finish(begun.audit_id, Ending(datasets=1))


def test_zones_are_counted_by_what_is_published_findable_and_shared(store: Store) -> None:
    for dataset in ("clean.a", "clean.b", "gold.c"):
        promise(store, dataset)
        publish(store, dataset)
    promise(store, "clean.bare", description="", columns=(Column("a", Primitive("string")),), owner=None)
    publish(store, "clean.bare")
    promise(store, "work.never")
    read(store, "clean.a", "makes")
    read(store, "clean.b", "uses")
    assert store.health.zones() == {
        Zone.CLEAN: ZoneCounts(datasets=3, published=3, findable=2, shared=1),
        Zone.GOLD: ZoneCounts(datasets=1, published=1, findable=1, shared=0),
        Zone.WORK: ZoneCounts(datasets=1, published=0, findable=0, shared=0),
    }
    assert store.health.owners() == 1


def test_open_findings_are_counted_by_dataset_and_acknowledged_ones_are_not(store: Store) -> None:
    promise(store, "clean.a")
    shadow = Observation("shadow-table", "tmp.x", "is wrong", ERROR)
    audit(
        store,
        ("clean.a", ERROR),
        ("clean.a", ERROR),
        ("clean.a", INFO),
        ("clean.stray", WARNING),
        Observation("shadow-table", "raw/dump", "is wrong", ERROR, zone=Zone.RAW),
        shadow,
    )
    assert store.health.burdens() == {
        Zone.CLEAN: Burden({"clean.a": {INFO: 1, ERROR: 2}, "clean.stray": {WARNING: 1}}, {}),
        Zone.RAW: Burden({}, {ERROR: 1}),
        None: Burden({}, {ERROR: 1}),
    }
    assert store.health.touched({"shadow-table", "main-moved"}) == 2
    until = T0 + timedelta(days=30)
    store.audits.findings.acknowledge(shadow.key, by="ada", reason="known", expires_at=until)
    assert None not in store.health.burdens()


def test_before_an_audit_has_finished_nothing_is_known(store: Store) -> None:
    promise(store, "clean.a")
    assert assess(store).level is None
    assert "no audit" in assess(store).lines()[0]


def test_a_zone_loses_what_its_datasets_cost_and_no_dataset_costs_more_than_all(store: Store) -> None:
    for dataset in ("clean.a", "clean.b", "clean.c", "clean.d"):
        promise(store, dataset)
    audit(store, ("clean.a", CRITICAL), ("clean.a", CRITICAL), ("clean.b", ERROR), ("clean.c", INFO))
    (clean,) = assess(store).zones
    assert (clean.score, clean.datasets) == (64, 4), "100 less (100 + 40 + 2) / 4, rounded down"
    assert clean.findings == {CRITICAL: 2, ERROR: 1, INFO: 1}
    assert [step.score for step in clean.steps] == [64, 89, 99], "the first critical alone is for nothing"
    assert clean.steps[0].message == "is wrong"


def test_what_is_mended_first_raises_most_and_all_of_it_gives_a_hundred(store: Store) -> None:
    for dataset in ("gold.a", "gold.b"):
        promise(store, dataset)
    audit(store, ("gold.b", WARNING), ("gold.a", CRITICAL), ("gold.a", INFO))
    (gold,) = assess(store).zones
    assert [step.score for step in gold.steps] == [91, 99, 100]
    assert str(gold) == f"gold: {gold.score}. Fix these 3 and it is 100"


def test_a_fault_raises_no_score(store: Store) -> None:
    promise(store, "gold.a")
    promise(store, "clean.b")
    audit(store, ("gold.a", CRITICAL))
    before = assess(store)
    shadow = Observation("shadow-table", "gold/dump", "is wrong", ERROR, zone=Zone.GOLD)
    audit(store, ("gold.a", CRITICAL), ("gold.stray", WARNING), shadow)
    after = assess(store)
    assert {each.zone: each.score for each in before.zones} == {Zone.CLEAN: 100, Zone.GOLD: 0}
    assert {each.zone: each.score for each in after.zones} == {Zone.CLEAN: 100, Zone.GOLD: 0}
    assert (before.score, after.score) == (50, 22)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_said_to_raise_a_score_does(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"gold.d{number}" for number in range(chance.choice((1, 3, 40)))]
    for name in names:
        promise(store, name)
    levels, weights = [CRITICAL, ERROR, WARNING, INFO], [3, 3, 2, 2]
    findings = [
        observed("c", chance.choice([*names, "gold.stray"]), *chance.choices(levels, weights), part=str(part))
        for part in range(chance.choice((5, 14)))
    ]
    audit(store, *findings)
    while findings:
        (gold,) = assess(store).zones
        assert gold.rises
        for step in gold.steps:
            findings = [each for each in findings if each.key != step.key]
            until = T0 + timedelta(days=30)
            store.audits.findings.acknowledge(step.key, by="ada", reason="as if mended", expires_at=until)
            assert assess(store).zones[0].score == step.score
    assert [zone.score for zone in assess(store).zones] == [100]


def test_where_a_few_raise_nothing_the_fewest_that_do_are_named_or_the_worst(store: Store) -> None:
    promise(store, "gold.a")
    audit(store, *[("gold.a", CRITICAL)] * 4, ("gold.a", INFO))
    (gold,) = assess(store).zones
    assert [step.score for step in gold.steps] == [0, 0, 0, 98]
    assert str(gold) == "gold: 0. Fix these 4 and it is 98"
    audit(store, *[("gold.a", CRITICAL)] * 30)
    (gold,) = assess(store).zones
    assert [step.score for step in gold.steps] == [0, 0, 0]
    assert str(gold) == "gold: 0. Of 30 open findings the worst"
    (section,) = health_sections(store)
    assert section.rows[0][-1] == "is wrong; is wrong; is wrong"
    assert "To be a pond" in section.sentence


def grown(store: Store, datasets: int, *, owners: int, findable: int, shared: int) -> None:
    """So many datasets of gold."""
    with store.transaction():
        for number in range(datasets):
            dataset = f"gold.d{number}"
            lacks = {} if number < findable else {"description": ""}
            promise(store, dataset, owner=f"owner {number % owners}", **lacks)
            publish(store, dataset)
            if number < shared:
                read(store, dataset, "uses")


@pytest.mark.parametrize(
    ("figures", "level", "lacks"),
    [
        ({"owners": 1, "findable": 20, "shared": 20}, Level.PUDDLE, "data of 2 owners (1 now)"),
        ({"owners": 2, "findable": 15, "shared": 4}, Level.POND, "(15 of 20 now)"),
        ({"owners": 2, "findable": 16, "shared": 4}, Level.POND, "(4 of 20 now)"),
        ({"owners": 2, "findable": 16, "shared": 5}, Level.LAKE, "5 owners (2 now)"),
        ({"owners": 5, "findable": 19, "shared": 10}, Level.OCEAN, None),
    ],
)
def test_the_level_is_told_by_figures_and_so_is_what_is_missing(store: Store, figures, level, lacks) -> None:
    grown(store, 20, **figures)
    audit(store)
    found = assess(store)
    assert found.level is level
    assert (lacks is None) == (found.next is None)
    if lacks is not None:
        assert lacks in "; ".join(found.lacking)
        assert lacks in found.lines()[1]


@pytest.mark.parametrize(("broken", "level"), [(1, Level.POND), (2, Level.POND), (3, Level.SWAMP)])
def test_broken_metadata_of_more_than_a_tenth_makes_a_swamp(store: Store, broken: int, level: Level) -> None:
    grown(store, 20, owners=5, findable=0, shared=0)
    audit(store, *(observed("main-moved", f"gold.d{each}", CRITICAL) for each in range(broken)))
    assert assess(store).level is level


def test_an_edited_log_makes_a_swamp_of_everything(store: Store) -> None:
    grown(store, 20, owners=5, findable=20, shared=20)
    audit(store, Observation("audit-log-broken", "audit log", "was edited", CRITICAL))
    assert assess(store).level is Level.SWAMP


def test_zones_that_no_audit_looked_at_have_no_health(store: Store) -> None:
    grown(store, 20, owners=5, findable=20, shared=20)
    promise(store, "clean.a")
    audit(store, zones=[Zone.GOLD])
    found = assess(store)
    assert [zone.zone for zone in found.zones] == [Zone.GOLD]
    assert found.unaudited == (Zone.CLEAN,)
    assert (found.level, found.lacking) == (Level.LAKE, ("an audit of clean",))
    audit(store, zones=[Zone.CLEAN, Zone.RAW])
    for _ in range(3):
        audit(store, zones=[Zone.GOLD])
    assert store.health.audited() == {Zone.RAW, Zone.CLEAN, Zone.GOLD}
    assert assess(store).unaudited == ()


# --- what was made in the same way ----------------------------------------------------------------------


def derived(store: Store, dataset: str, sql: str, *sources: str, **changes: Any) -> None:
    """A version that a query made."""
    name, load_id = DatasetName.parse(dataset), f"l-{dataset}"
    parameters = changes.pop("parameters", {"sql": sql})
    store.executions.finish(
        records.finished(f"e-{dataset}", data=(), code=sql, code_hash=sql, parameters=parameters)
    )
    read = tuple(SourceRef(DatasetName.parse(each), 1) for each in sources)
    store.loads.begin(records.load(load_id, f"e-{dataset}", dataset=name, sources=read), lease=HOUR)
    made = records.version(1, dataset=name, load_ids=(load_id,), execution_id=f"e-{dataset}")
    store.versions.record(replace(made, **changes))


def test_the_same_query_of_the_same_datasets_is_told_once(store: Store) -> None:
    derived(store, "gold.b", "SELECT 1", "clean.x", "clean.y")
    derived(store, "gold.a", "SELECT 1", "clean.y", "clean.x")
    derived(store, "gold.c", "SELECT 1", "clean.x")
    derived(store, "gold.d", "SELECT 2", "clean.x")
    derived(store, "gold.e", "def f(x): ...", "clean.x", parameters={"transform": "f"})
    derived(store, "gold.f", "def f(x): ...", "clean.x", parameters={"transform": "f"})
    both = (DatasetName.parse("gold.a"), DatasetName.parse("gold.b"))
    assert store.derivations.alike() == [DerivedAlike(both, ("clean.x", "clean.y"), "SELECT 1")]


def test_what_came_of_another_query_since_is_not_alike(store: Store) -> None:
    derived(store, "gold.a", "SELECT 1", "clean.x")
    derived(store, "gold.b", "SELECT 1", "clean.x")
    store.versions.record(
        records.version(2, dataset=DatasetName.parse("gold.b"), load_ids=(), kind=VersionKind.ROLLBACK)
    )
    assert store.derivations.alike() == []


def test_loads_whose_records_name_nothing_that_was_read_are_told(store: Store) -> None:
    table = DataRef(Role.SOURCE, database={"table": "people"})
    dataset = DataRef(Role.SOURCE, "clean.x", columns=(ColumnInfo("a", "string"),))
    read = {"raw.a": (table,), "raw.b": (), "gold.c": (dataset,), "gold.d": (table,), "gold.e": ()}
    for name, data in read.items():
        derived(store, name, "SELECT 1")
        store.executions.finish(records.finished(f"e-{name}", data=data))
    found = [(str(each.dataset), each.load_id) for each in store.derivations.without_inputs()]
    assert found == [("gold.d", "l-gold.d"), ("gold.e", "l-gold.e"), ("raw.b", "l-raw.b")]


def lineage(store: Store, *edges: Edge) -> None:
    """Column lineage from one job, of datasets of the lake."""
    names = {name for source, _, target, _, _, _ in edges for name in (source, target)}
    columns = {name: sorted({e[3] for e in edges if e[2] == name}) for name in names}
    projections = [
        told(
            f"make {name}",
            sorted({e[0] for e in edges if e[2] == name}),
            [name],
            [e for e in edges if e[2] == name],
            columns=columns[name],
        )
        for name in sorted(names)
        if columns[name]
    ]
    governed = [
        replace(
            each,
            datasets=tuple(
                replace(facts, governed=next(n for n in names if named(n) == facts.named))
                for facts in each.datasets
            ),
        )
        for each in projections
    ]
    store.lineage.record(governed, origin=Origin.TRANSPORT, at=T0)


SAME, CHANGED = Subtype.IDENTITY, Subtype.TRANSFORMATION


def test_columns_that_are_one_column_unchanged_are_told_by_zone(store: Store) -> None:
    lineage(
        store,
        ("clean.x", "city", "gold.a", "city", SAME, False),
        ("clean.x", "city", "gold.a", "town", SAME, False),
        ("clean.x", "city", "gold.b", "place", SAME, False),
        ("clean.x", "city", "work.c", "city", SAME, False),
        ("clean.x", "city", "gold.b", "upper", CHANGED, False),
        ("clean.x", "city", "gold.b", "hash", SAME, True),
        ("clean.x", "city", "gold.b", "both", SAME, False),
        ("clean.x", "land", "gold.b", "both", SAME, False),
        ("clean.x", "id", "gold.b", "id", SAME, False),
    )
    a, b = DatasetName.parse("gold.a"), DatasetName.parse("gold.b")
    found = store.derivations.copies()
    assert found == [Copies("gold", "clean.x", "city", ((a, "city"), (a, "town"), (b, "place")))]
