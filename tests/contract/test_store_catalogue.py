"""The catalogue: what it finds, counts and pages, and that it repeats what the store knows."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy

from airflow_gov.contracts.lengths import LONGEST
from airflow_gov.model.catalogue import OUTSIDE, Entry, Gap, Standing, Wanted
from airflow_gov.model.contract import Column
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo, DataRef, Role
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.types import Primitive
from airflow_gov.model.uses import Usage
from airflow_gov.model.verdicts import Review, ReviewState, RuleResult, Ruling
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.store.lineage_tables import column as column_table
from airflow_gov.store.lineage_tables import dataset
from airflow_gov.store.types import PlainJson
from support import published, records, reports

from .conftest import Clock

FLIGHTS = records.FLIGHTS
HELD = (RuleResult("row_count", True, (), "> 0", "5"),)
BROKEN = (RuleResult("row_count", False, (), "> 0", "0"),)


def named(name: str) -> DatasetName:
    return DatasetName.parse(name)


def contract(name: str, **changes: Any) -> Any:
    return records.contract(f"of {name}", dataset=named(name), **changes)


def column(name: str, **changes: Any) -> Column:
    return Column(name, Primitive("string"), **changes)


def find(store: Store, text: str = "", **filters: Any) -> list[str]:
    page = store.catalogue.page(Wanted(text, **filters))
    assert page.total == len(page.entries) + len(page.outside)
    return [str(entry.dataset) for entry in page.entries] + [each.name for each in page.outside]


def entry(store: Store, dataset: DatasetName = FLIGHTS) -> Entry:
    found = store.catalogue.get(dataset)
    assert found is not None
    return found


def outside(url: str, *names: str, columns: tuple[str, ...] = ()) -> None:
    """Datasets as lineage projects them."""
    engine = sqlalchemy.create_engine(url)
    empty = {each.name: {} for each in dataset.columns if each.type is PlainJson}
    with engine.begin() as connection:
        for number, name in enumerate(names, 1):
            row = {"namespace": "snowflake://shop", "name": name, "first_seen": records.T0}
            connection.execute(dataset.insert(), empty | row | {"last_seen": records.T0})
            for each in columns:
                connection.execute(column_table.insert(), {"dataset_id": number, "name": each})
    engine.dispose()


def test_it_says_what_the_summaries_say(store: Store) -> None:
    published.fill(store, records.T0)
    summaries = {summary.dataset: summary for summary in store.versions.summaries()}
    page = store.catalogue.page(Wanted())
    assert [each.dataset for each in page.entries] == list(summaries)
    for each in page.entries:
        summary = summaries[each.dataset]
        for name in (
            "versions",
            "version",
            "rows",
            "size",
            "files",
            "published_at",
            "quarantined",
            "verdict_id",
            "checked_at",
            "owner",
        ):
            assert getattr(each, name) == getattr(summary, name), (each.dataset, name)
        passed = {None: Standing.UNCHECKED, True: Standing.PASSED, False: Standing.FAILED}
        assert each.standing is passed[summary.passed]
    assert (page.total, page.next, page.empty) == (len(summaries), None, False)


def test_a_quarantine_is_no_dataset_of_the_catalogue(store: Store) -> None:
    aside = FLIGHTS.quarantine
    store.contracts.put(records.contract("q", dataset=aside))
    store.versions.record(records.version(dataset=aside))
    assert store.catalogue.get(aside) is None
    assert find(store) == []
    assert store.contracts.put(records.contract("q", dataset=aside)) is False


def test_an_empty_store_says_so(store: Store) -> None:
    page = store.catalogue.page(Wanted())
    assert (page.entries, page.outside, page.total, page.next, page.empty) == ((), (), 0, None, True)
    store.contracts.put(contract("clean.flights"))
    assert store.catalogue.page(Wanted("nothing like it")).empty is False


WORDS = {
    "flights": True,
    "FLIGHTS": True,
    "clean.fli": True,
    "ean": False,
    "fli": True,
    "dela": True,
    "elay": False,
    "departure_delay": True,
    "departureTime": False,
    "arrivalPort": True,
    "port": True,
    "2026": True,
    "FLUGE je": True,
    "departure delay": True,
    "minutes": True,
    "ana": True,
    "ben": True,
    "pii:email": True,
    "core": True,
    "straße": True,
    "STRASSE": True,
    "100%": True,
    "10_%": True,
    "_ights": False,
    "東": True,
    "京都": True,
    "東西": False,
    "delay gold": False,
    "'; DROP TABLE gov_catalogue; --": False,
    "fli*": True,
    "*": False,
    '"': False,
    "fli' | 'x": False,
    "fli AND nothing": False,
    "named : fli": False,
    "NEAR(flights departure)": False,
    "-flights": True,
    "!flights": True,
    "<z>flights</z>": False,
    "  \t ": True,
    "\x00": False,
    "\ud800": False,
    "x" * 5000: False,
}


def test_words_are_found_wherever_they_stand(store: Store) -> None:
    columns = (
        column("departure_delay", description="In minutes, 100% of them"),
        column("mail", tags=("pii:email",)),
        column("arrivalPort"),
        column("plan2026"),
    )
    description = "Flüge je Straße nach 東京都"
    about = contract("clean.flights", columns=columns, description=description, tags=("core",))
    store.contracts.put(about)
    assert {words: bool(find(store, words)) for words in WORDS} == WORDS


def test_fields_inside_columns_are_found_by_name_meaning_and_tag(store: Store) -> None:
    fields = (column("buyer.voucherCode", description="Redeemable once.", tags=("loyalty",)),)
    store.contracts.put(contract("gold.sales", columns=(column("buyer", fields=fields), column("x"))))
    for words in ("voucher", "code", "redeemable", "loyalty", "buyer voucherc"):
        assert find(store, words) == ["gold.sales"], words


def test_what_has_the_word_in_its_name_comes_first(store: Store) -> None:
    store.contracts.put(contract("raw.a", description="of orders"))
    store.contracts.put(contract("gold.orders"))
    store.contracts.put(contract("clean.orders"))
    assert find(store, "orders") == ["clean.orders", "gold.orders", "raw.a"]
    first = store.catalogue.page(Wanted("orders"), limit=2)
    second = store.catalogue.page(Wanted("orders"), limit=2, after=first.next)
    assert [str(each.dataset) for each in second.entries] == ["raw.a"]


def reads(store: Store, dataset: str, times: int = 1, at: Any = records.T0, **task: Any) -> None:
    """Executions that read a dataset."""
    columns = (ColumnInfo("a", "string"),)
    for number in range(times):
        source = DataRef(Role.SOURCE, dataset, 1, 1, columns=columns)
        name = f"{dataset} {number} {at} {task}"
        store.executions.finish(records.finished(name, start=at, data=(source,), **task))


def test_names_come_before_columns_and_columns_before_texts_and_what_is_read_more_before_the_rest(
    store: Store,
) -> None:
    store.contracts.put(contract("raw.a", description="of orders"))
    store.contracts.put(contract("raw.b", columns=(column("a", description="orders"), column("orders"))))
    for name in ("clean.orders", "clean.orders_b", "gold.orders", "gold.orders_2026"):
        store.contracts.put(contract(name))
    reads(store, "gold.orders_2026", 2)
    reads(store, "gold.orders", 3)
    reads(store, "raw.a", 9)
    ranked = ["gold.orders", "gold.orders_2026", "clean.orders", "clean.orders_b", "raw.b", "raw.a"]
    assert find(store, "orders") == ranked
    for limit in (1, 2, 3, 5):
        _read_in_pages(store, "orders", limit)
    # A year later one read counts more than many that long ago.
    reads(store, "clean.orders_b", at=records.T0 + timedelta(days=365))
    assert find(store, "orders")[0] == "clean.orders_b"


def test_who_reads_a_dataset_is_counted_once_for_each_execution(store: Store) -> None:
    columns = (ColumnInfo("a", "string"),)
    read = DataRef(Role.SOURCE, "clean.flights", 1, 1, columns=columns)
    looked_at = DataRef(Role.SOURCE, "gold.punctuality", 1, 1)
    set_aside = DataRef(Role.SOURCE, "clean.flights__quarantine", 1, 1, columns=columns)
    for data in ((read,), (read, read, looked_at, set_aside)):
        store.executions.start(records.execution("e1", data=data))
        store.executions.finish(records.finished("e1", data=data))
    store.executions.finish(records.finished("e2", data=(looked_at,), dag_id="other"))
    reads(store, "clean.flights", 2, records.T0 + timedelta(hours=1), dag_id="other", task_id="more")
    usage = store.uses.usage(FLIGHTS, dags=None)
    told = [(each.dag_id, each.task_id, each.reads) for each in usage.readers]
    assert told == [("other", "more", 2), ("flights", "clean", 1)]
    assert (usage.reads, usage.tasks, usage.last_read_at) == (3, 2, records.T0 + timedelta(hours=1))
    assert store.uses.usage(FLIGHTS, dags=frozenset({"flights"})).reads == 1
    assert store.uses.usage(FLIGHTS, dags=None, limit=1).tasks == 2
    for nobody in ("gold.punctuality", "clean.flights__quarantine"):
        assert store.uses.usage(named(nobody), dags=None) == Usage()


def test_two_readers_at_once_are_both_counted(store: Store, store_url: str) -> None:
    other = Store(store_url)
    barrier = threading.Barrier(2)

    def read(store: Store, dag_id: str) -> None:
        barrier.wait()
        reads(store, "clean.flights", 10, dag_id=dag_id)

    thread = threading.Thread(target=read, args=(other, "other"))
    thread.start()
    read(store, "flights")
    thread.join()
    other.dispose()
    assert store.uses.usage(FLIGHTS, dags=None).reads == 20


def test_gaps_are_found_and_counted(store: Store) -> None:
    told = {"description": "Told.", "columns": (column("a", description="Told."),)}
    store.contracts.put(contract("clean.whole", **told))
    store.contracts.put(contract("clean.silent", **told | {"description": " "}))
    meanings = (column("a", description="Told."), column("b"), column("c", description="\n"))
    store.contracts.put(contract("clean.half", **told | {"columns": meanings}))
    store.contracts.put(contract("clean.unowned", **told, owner=None))
    store.contracts.put(contract("gold.unstewarded", **told, stewards=()))
    store.verdicts.record(records.verdict(dataset=named("work.bare")))
    assert find(store, gaps=frozenset({Gap.UNDOCUMENTED})) == ["clean.half", "clean.silent", "work.bare"]
    assert find(store, gaps=frozenset({Gap.UNOWNED})) == ["clean.unowned", "gold.unstewarded", "work.bare"]
    assert find(store, "unowned", gaps=frozenset(Gap)) == ["clean.unowned"]
    page = store.catalogue.page(Wanted(zone="clean"))
    counts = {each.value: each.count for each in page.facets["gap"]}
    assert counts == {"undocumented": 2, "unowned": 1}
    names = [named(each) for each in ("clean.whole", "clean.half", "work.bare")]
    assert store.catalogue.undescribed(names) == {named("clean.half"): ("b", "c")}


def test_what_nobody_reads_is_found(store: Store) -> None:
    old, new = records.T0 - timedelta(days=200), records.T0 - timedelta(days=2)
    names = ("clean.read", "clean.left", "clean.never", "clean.new", "clean.hidden")
    for name in names:
        at = new if name == "clean.new" else old
        store.versions.record(records.version(dataset=named(name), published_at=at, load_ids=()))
    store.contracts.put(contract("clean.unpublished"))
    reads(store, "clean.read", at=new)
    reads(store, "clean.left", at=old)
    reads(store, "clean.hidden", at=new, dag_id="hidden")

    def lacking(gap: Gap, dags: frozenset[str] | None = None) -> list[str]:
        since = records.T0 - timedelta(days=90)
        page = store.catalogue.page(Wanted(gaps=frozenset({gap}), unused_since=since), dags=dags)
        assert {each.value: each.count for each in page.facets["gap"]}[gap] == page.total
        return [str(each.dataset) for each in page.entries]

    assert lacking(Gap.UNUSED) == ["clean.left", "clean.never"]
    assert lacking(Gap.UNREAD) == ["clean.never", "clean.new"]
    seen = frozenset({"flights"})
    assert lacking(Gap.UNUSED, seen) == ["clean.hidden", "clean.left", "clean.never"]
    assert lacking(Gap.UNREAD, seen) == ["clean.hidden", "clean.never", "clean.new"]
    every = [named(name) for name in names]
    assert set(store.catalogue.last_reads(every, dags=None)) == {every[0], every[1], every[4]}
    assert store.catalogue.last_reads(every, dags=seen) == {every[0]: new, every[1]: old}


def test_without_a_full_text_index_the_same_is_found(store: Store, store_url: str) -> None:
    """As on an SQLite without FTS5; PostgreSQL finds the same without its indexes, too."""
    kind, names = ("TABLE", [""]) if store_url.startswith("sqlite") else ("INDEX", ["_named", "_told"])
    engine = sqlalchemy.create_engine(store_url)
    store.ping()
    with engine.begin() as connection:
        for name in names:
            connection.execute(sqlalchemy.text(f"DROP {kind} gov_catalogue_words{name}"))
    engine.dispose()
    test_words_are_found_wherever_they_stand(store)


def test_filters_narrow_and_facets_count_what_each_would_leave(store: Store) -> None:
    published.fill(store, records.T0)
    store.contracts.put(
        contract("clean.tagged", owner="Flight operations", columns=(column("m", tags=("pii:email",)),))
    )
    flight_operations = ["raw.flights", "preprocessed.flights", "clean.flights", "clean.tagged"]
    assert find(store, owner="Flight operations") == flight_operations
    assert find(store, owner="Flight operations", zone="clean") == flight_operations[2:]
    assert find(store, zone="clean", standing=Standing.FAILED) == ["clean.flights"]
    assert find(store, standing=Standing.UNCHECKED) == ["clean.tagged", "work.scratch"]
    assert find(store, tag="pii:email") == ["clean.tagged"]
    assert find(store, owner="") == ["gold.delays", "gold.punctuality"]
    page = store.catalogue.page(Wanted(owner="Flight operations", zone="clean"))
    facets = {name: {each.value: each.count for each in values} for name, values in page.facets.items()}
    assert facets["zone"] == {"raw": 1, "preprocessed": 1, "clean": 2}
    assert facets["owner"] == {"<script>alert(1)</script>": 1, "Flight operations": 2}
    assert facets["verdict"] == {"failed": 1, "unchecked": 1}
    assert facets["tag"] == {"pii:email": 1}


def test_a_filter_nothing_fits_stays_among_the_facets(store: Store) -> None:
    published.fill(store, records.T0)
    page = store.catalogue.page(Wanted(owner="Nobody", tag="none"))
    assert (page.total, page.empty) == (0, False)
    assert [(each.value, each.count) for each in page.facets["owner"]][-1] == ("Nobody", 0)
    assert [(each.value, each.count) for each in page.facets["tag"]] == [("none", 0)]


def test_pages_join_to_the_whole_list(store: Store, store_url: str) -> None:
    published.fill(store, records.T0)
    outside(store_url, "db.orders", "db.flights", "db.flights_old", "DB.Flights")
    for words, length in (("", 12), ("flights", 6)):
        assert len(find(store, words)) == length
        for limit in (1, 3, 7, 8, 50):
            _read_in_pages(store, words, limit)


def _read_in_pages(store: Store, words: str, limit: int) -> None:
    whole = find(store, words)
    seen: list[str] = []
    after = None
    while True:
        page = store.catalogue.page(Wanted(words), after=after, limit=limit)
        assert page.total == len(whole)
        seen += [str(each.dataset) for each in page.entries] + [each.name for each in page.outside]
        after = page.next
        if after is None:
            break
        assert len(page.entries) + len(page.outside) == limit
    assert seen == whole


def test_a_page_after_nothing_is_refused(store: Store) -> None:
    for after in ("x", "o.x", "WzFd", "o.WzFd", "ä", "W10", "WyJhIiwiYiIsMV0", "." * 5000, "\x00"):
        with pytest.raises(GovernanceError) as error:
            store.catalogue.page(Wanted(), after=after)
        assert error.value.reason is Reason.PARAMETER_INVALID, after


def test_datasets_that_only_lineage_knows_come_last(store: Store, store_url: str) -> None:
    store.contracts.put(contract("work.zz"))
    outside(store_url, "public.orders", "public.users", columns=("E_Mail",))
    assert find(store) == ["work.zz", "public.orders", "public.users"]
    assert find(store, "orders") == ["public.orders"]
    assert find(store, "e_mail") == ["public.orders", "public.users"]
    assert find(store, "snowflake users") == ["public.users"]
    assert find(store, zone=OUTSIDE) == ["public.orders", "public.users"]
    assert find(store, zone="work") == ["work.zz"]
    assert find(store, owner="Ana") == ["work.zz"]
    page = store.catalogue.page(Wanted())
    assert [(each.value, each.count) for each in page.facets["zone"]] == [("work", 1), (OUTSIDE, 2)]
    assert [each.node for each in page.outside] == ["d1", "d2"]


def test_a_contract_brought_into_use_again_is_told_again(store: Store, clock: Clock) -> None:
    old = records.contract("old", description="the old one", tags=("old",))
    new = records.contract("new", description="the new one", tags=("new",))
    for each in (old, new, old):
        store.contracts.put(each)
        clock.move(hours=1)
    assert (entry(store).description, entry(store).tags) == ("the old one", ("old",))
    assert find(store, tag="new") == []
    assert find(store, "old") == ["clean.flights"]


def test_a_failed_verdict_stands_as_the_gate_decided(store: Store) -> None:
    expected = {
        None: Standing.FAILED,
        Ruling.REFUSED: Standing.FAILED,
        Ruling.WAIVED: Standing.WAIVED,
        Ruling.WARNED: Standing.WARNED,
        Ruling.REVIEW: Standing.REVIEW,
    }
    for number, (ruling, standing) in enumerate(expected.items()):
        about = {"verdict_id": f"v{number}", "dataset": named(f"clean.d{number}"), "snapshot_id": 1001}
        store.verdicts.record(records.verdict(results=BROKEN, **about))
        if ruling is not None:
            store.decisions.record(reports.decision(ruling, **about))
        assert entry(store, about["dataset"]).standing is standing


def test_a_review_decides_how_a_verdict_stands(store: Store) -> None:
    expected = {
        ReviewState.CONFIRMED: Standing.WAIVED,
        ReviewState.REJECTED: Standing.FAILED,
        ReviewState.OVERDUE: Standing.FAILED,
    }
    t0 = records.T0
    for state, standing in expected.items():
        about = {"verdict_id": state.value, "dataset": named(f"clean.{state}"), "snapshot_id": 1001}
        store.verdicts.record(records.verdict(results=BROKEN, **about))
        store.decisions.record(reports.decision(Ruling.REVIEW, **about))
        store.reviews.open(Review(state, about["dataset"], 1, 1001, state.value, t0, t0 + timedelta(days=1)))
        assert entry(store, about["dataset"]).standing is Standing.REVIEW
        store.reviews.decide(state, state, "Ben", "cli: ben", "looked at it", t0)
        assert entry(store, about["dataset"]).standing is standing


def test_a_newer_verdict_counts(store: Store) -> None:
    store.verdicts.record(records.verdict(results=BROKEN))
    store.verdicts.record(records.verdict("v2", results=HELD, checked_at=records.T0 + timedelta(minutes=1)))
    assert (entry(store).standing, entry(store).verdict_id) == (Standing.PASSED, "v2")


def daily(**changes: Any) -> Any:
    sla = ({"property": "freshness", "value": 1, "unit": "d"},)
    return records.contract("daily", sla=sla, **changes)


def test_what_is_overdue_by_its_contract(store: Store) -> None:
    store.contracts.put(daily())
    store.versions.record(records.version(1))
    at = records.version(1).published_at
    assert entry(store).due_at == at + timedelta(days=1)
    assert store.catalogue.overdue(at + timedelta(days=1), 10) == []
    late = at + timedelta(days=1, seconds=1)
    assert [each.dataset for each in store.catalogue.overdue(late, 10)] == [FLIGHTS]
    assert [zone.overdue for zone in store.catalogue.zones(late)] == [0, 0, 1, 0, 0, 0]


def test_maintenance_and_rollbacks_make_nothing_fresh(store: Store) -> None:
    store.contracts.put(daily())
    first = store.versions.record(records.version(1))
    store.versions.record(records.version(2))
    store.versions.record(records.version(3, kind=VersionKind.MAINTENANCE, load_ids=()))
    assert entry(store).fresh_at == records.version(2).published_at
    back = records.version(4, kind=VersionKind.ROLLBACK, snapshot_id=first.snapshot_id, load_ids=())
    store.versions.record(back)
    assert entry(store).fresh_at == first.published_at
    store.versions.record(records.version(5, kind=VersionKind.ROLLBACK, snapshot_id=7, load_ids=()))
    assert (entry(store).fresh_at, entry(store).due_at) == (None, None)


def test_an_agreement_too_long_for_a_date_is_none(store: Store) -> None:
    sla = ({"property": "freshness", "value": 8_000, "unit": "years"},)
    store.contracts.put(records.contract("c", sla=sla))
    store.versions.record(records.version(1))
    assert entry(store).due_at is None


def test_zones_in_numbers(store: Store) -> None:
    published.fill(store, records.T0)
    zones = {zone.zone: zone for zone in store.catalogue.zones(records.T0)}
    assert list(zones) == list(Zone)
    clean = zones[Zone.CLEAN]
    assert (clean.datasets, clean.versions, clean.rows) == (2, 4, 327_346 + 16)
    assert (clean.passed, clean.failed, clean.overdue) == (1, 1, 0)
    assert clean.published_at == records.T0 - timedelta(hours=1)
    assert (zones[Zone.WORK].datasets, zones[Zone.WORK].published_at) == (1, None)


def test_lists_for_the_overview(store: Store) -> None:
    published.fill(store, records.T0)
    store.versions.record(
        records.version(9, dataset=named("gold.delays"), published_at=records.T0, load_ids=())
    )
    assert [str(each.dataset) for each in store.catalogue.recent(2)] == ["gold.delays", "clean.airlines"]
    assert [str(each.dataset) for each in store.catalogue.failed(5)] == ["clean.flights", "gold.delays"]


def test_two_writers_of_one_dataset_lose_nothing(store: Store, store_url: str) -> None:
    """Each refreshes the row from what it sees: the second one must see what the first one wrote."""
    store.contracts.put(contract("clean.flights"))
    other = Store(store_url)
    barrier = threading.Barrier(2)

    def check() -> None:
        barrier.wait()
        for number in range(10):
            at = records.T0 + timedelta(seconds=number)
            other.verdicts.record(records.verdict(f"w{number}", results=HELD, checked_at=at))

    thread = threading.Thread(target=check)
    thread.start()
    barrier.wait()
    for number in range(1, 11):
        store.versions.record(records.version(number))
    thread.join()
    other.dispose()
    assert (entry(store).version, entry(store).versions, entry(store).verdict_id) == (10, 10, "w9")


def test_what_fails_leaves_the_catalogue_as_it_was(store: Store) -> None:
    store.contracts.put(contract("clean.flights"))

    def publish_and_fail() -> None:
        with store.transaction():
            store.versions.record(records.version(1))
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        publish_and_fail()
    assert entry(store).version is None


def test_an_upgrade_takes_over_what_was_there(empty_database: str, clock: Clock) -> None:
    store = Store(empty_database, clock=clock)
    store.upgrade()
    published.fill(store, records.T0)
    before = store.catalogue.page(Wanted()).entries
    store.downgrade("0004")
    store.upgrade()
    after = store.catalogue.page(Wanted()).entries
    told = {"description": "", "stewards": (), "tags": (), "columns": 0, "personal": False}
    told |= {"undocumented": True, "unowned": True}
    assert find(store, "airl") == ["clean.airlines"]
    assert after == tuple(replace(each, **told) for each in before)
    about = contract("clean.airlines", description="told again", owner="<script>alert(1)</script>")
    about = replace(about, hash=records.contract("of clean.airlines").hash)
    assert store.contracts.put(about) is False
    assert entry(store, named("clean.airlines")).description == "told again"
    assert find(store, "told") == ["clean.airlines"]
    store.dispose()


def test_an_upgrade_counts_the_reads_there_were(empty_database: str, clock: Clock) -> None:
    store = Store(empty_database, clock=clock)
    store.upgrade()
    published.fill(store, records.T0)
    reads(store, "clean.flights", 3)
    reads(store, "clean.flights", 1, records.T0 + timedelta(days=3), dag_id="other")
    reads(store, "clean.airlines", 3, records.T0 + timedelta(days=1))
    before = (store.uses.usage(FLIGHTS, dags=None), find(store, "clean"))
    store.downgrade("0007")
    store.upgrade()
    assert (store.uses.usage(FLIGHTS, dags=None), find(store, "clean")) == before
    store.dispose()


def test_the_longest_names_are_sorted(store: Store) -> None:
    """Letters of four bytes each, in no order: what an index of PostgreSQL just takes."""
    letters = [chr(0x20000 + (number * 7919) % 40_000) for number in range(2 * LONGEST)]
    owner, tag = "".join(letters[:LONGEST]), "".join(letters[LONGEST:])
    store.contracts.put(contract("gold.long", owner=owner, tags=(tag,)))
    assert find(store, owner=owner, tag=tag) == ["gold.long"]
