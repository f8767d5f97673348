"""The log is one chain: whoever writes it, whatever is in it, and whenever it was begun."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.log import FaultKind
from airflow_gov.store import Store
from support import records
from support.log_attacks import does, fill, intruder, write_as_before
from support.records import T0


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"b": 1, "a": {"d": [1, None, True, 1.5], "c": ""}},
        {"ü": "Straße «5» \U0001f600 'quoted' \"twice\" \\ \n\t\x01 </script>", "; DROP TABLE gov_log": "--"},
        {"big": 2**80, "small": -1.5e-300, "whole": 1e16, "zero": -0.0},
        {"none": float("nan"), "more": [float("inf"), {"less": float("-inf")}]},
        {"nul\x00": "\x00", "half": "a\ud800b"},
        {"at": T0, "dataset": records.FLIGHTS, "pair": (1, 2)},
        {"long": "x" * 1_000_000},
    ],
)
def test_whatever_is_told_is_read_back_and_chained(store: Store, details: dict[str, Any]) -> None:
    odd = "a'b\"c\n%(x)s :y \x00"
    kept = store.log.append(records.entry(odd, subject=odd, actor=odd, execution_id=odd, details=details))
    store.log.append(
        records.entry(at=datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    )
    store.log.append(records.entry(at=datetime(1, 1, 1, tzinfo=UTC)))
    store.log.append(records.entry(at=datetime.max.replace(tzinfo=UTC)))
    assert store.log.verify().ok
    read = store.log.list(execution_id=odd.replace("\x00", "�"))[0]
    assert (read.hash, read.previous_hash, read.sequence) == (kept.hash, "0" * 64, 1)
    assert list(read.details) == sorted(read.details)


def test_details_are_kept_in_their_one_form(store_url: str, store: Store) -> None:
    store.log.append(records.entry(details={"z": "ü\x7f\u2028", "a": [1.0, 1e22, 10**20, None, False]}))
    with sqlalchemy.create_engine(store_url).connect() as connection:
        kept = connection.execute(text("SELECT CAST(details AS TEXT) FROM gov_log")).scalar_one()
    assert kept == '{"a":[1.0,1e+22,100000000000000000000,null,false],"z":"ü\x7f\u2028"}'


def test_a_clock_that_was_set_back_breaks_nothing(store: Store) -> None:
    for hours in (0, 5, -20, 3):
        store.log.append(records.entry(at=T0 + timedelta(hours=hours)))
    assert store.log.verify().ok
    assert [entry.sequence for entry in store.log.list()] == [4, 3, 2, 1]


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(GovernanceError) as refused:
        store.log.append(records.entry(at=T0.replace(tzinfo=None)))
    assert refused.value.reason is Reason.STORE_REFUSED
    assert store.log.head() is None


def test_an_act_is_told_once_an_execution(store: Store) -> None:
    assert store.log.append_once(records.entry("ended")) is not None
    assert store.log.append_once(records.entry("ended")) is None
    assert store.log.append_once(records.entry("ended", execution_id="e2")) is not None
    assert store.log.append_once(records.entry("read")) is not None
    assert [(entry.action, entry.execution_id) for entry in store.log.list()] == [
        ("read", "e1"),
        ("ended", "e2"),
        ("ended", "e1"),
    ]


def test_list_chooses_by_person_and_execution_and_goes_on(store: Store) -> None:
    fill(store, 6)
    assert [entry.sequence for entry in store.log.list(actor="user 3")] == [3]
    assert [entry.sequence for entry in store.log.list(execution_id="e5")] == [5]
    assert [entry.sequence for entry in store.log.list(before=4, limit=2)] == [3, 2]


def test_an_empty_log_is_right(store: Store) -> None:
    checked = store.log.verify()
    assert (checked.ok, checked.entries, checked.hash) == (True, 0, None)


def test_progress_is_told_and_what_is_written_meanwhile_is_left_out(store: Store) -> None:
    fill(store, 30)
    told: list[tuple[int, int]] = []

    def write_on(done: int, total: int) -> None:
        told.append((done, total))

    checked = store.log.verify(on_progress=write_on)
    assert checked.entries == 30
    assert told == [(30, 30)]


class TestUpgrade:
    """A log that was begun before there was a chain."""

    COUNT = 1_000

    @pytest.fixture
    def upgraded(self, empty_database: str) -> Store:
        store = Store(empty_database)
        store.upgrade("0005")
        engine = sqlalchemy.create_engine(empty_database)
        with engine.begin() as connection:
            write_as_before(connection, self.COUNT)
        engine.dispose()
        store.upgrade()
        return store

    def test_its_entries_are_chained_and_the_log_says_which(
        self, empty_database: str, upgraded: Store
    ) -> None:
        checked = upgraded.log.verify()
        assert checked.ok
        assert (checked.entries, checked.live_from, checked.protected) == (1001, 1001, True)
        told = upgraded.log.head()
        assert told is not None
        assert (told.action, told.details) == ("log.chained", {"chained_afterwards": 1000, "live_from": 1001})
        assert upgraded.log.list(before=3)[0].details == {"z": 2, "a": "é", "f": 1e16}
        assert upgraded.log.append(records.entry()).sequence == 1002
        assert upgraded.log.verify().ok
        self._triggers_are_back(empty_database)
        does(empty_database, "UPDATE gov_log SET subject = 'clean.x' WHERE sequence = 500")
        fault = upgraded.log.verify().fault
        assert fault is not None
        assert (fault.kind, fault.sequence) == (FaultKind.CHANGED, 500)
        upgraded.dispose()

    def test_back_and_up_again_gives_the_same_chain(self, empty_database: str, upgraded: Store) -> None:
        before = upgraded.log.head()
        assert before is not None
        upgraded.downgrade("0005")
        upgraded.upgrade()
        kept = upgraded.log.list(before=1002, limit=1)[0]
        assert kept == before
        assert upgraded.log.verify().live_from == 1002
        upgraded.dispose()

    @staticmethod
    def _triggers_are_back(url: str) -> None:
        statements = ["UPDATE gov_log SET hash = 'x'", "DELETE FROM gov_log"]
        if not url.startswith("sqlite"):
            statements.append("TRUNCATE gov_log")
        engine = sqlalchemy.create_engine(url)
        for statement in statements:
            with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
                connection.exec_driver_sql(statement)
        engine.dispose()


def test_the_recipe_is_as_it_is_told(store_url: str, store: Store) -> None:
    """Whoever reads the description of the chain can compute it without this package."""
    import hashlib

    fill(store, 3)
    moment = (
        "replace(log.at, ' ', 'T') || 'Z'"
        if store_url.startswith("sqlite")
        else """to_char(log.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    )
    with intruder(store_url) as connection:
        rows = connection.execute(
            text(
                f"SELECT sequence, {moment} AS at, action, subject, actor, execution_id, previous_hash, "
                "hash, CAST(details AS TEXT) AS details FROM gov_log AS log ORDER BY sequence"
            )
        ).all()
    last = "0" * 64
    for row in rows:
        head = ["airflow-gov log 1", row.sequence, row.at, row.action, row.subject, row.actor]
        array = [*head, row.execution_id, last, json.loads(row.details)]
        written = json.dumps(array, ensure_ascii=False, separators=(",", ":"))
        last = hashlib.sha256(written.encode()).hexdigest()
        assert (row.previous_hash, row.hash) == (array[7], last)
