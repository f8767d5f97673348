"""Whatever is done to the log past the database's triggers is found, and the first of it is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from airflow_gov.model.log import FaultKind, LogVerification
from airflow_gov.store import Store
from support.log_attacks import (
    anchors_of,
    copy,
    does,
    fill,
    intruder,
    keep,
    put_back,
    rechain,
    shift,
    swap,
)

ENTRIES = 12
CHANGED, INSERTED, REMOVED = FaultKind.CHANGED, FaultKind.INSERTED, FaultKind.REMOVED
REORDERED, TRUNCATED, REWRITTEN = FaultKind.REORDERED, FaultKind.TRUNCATED, FaultKind.REWRITTEN


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a store whose log has some entries; they are put aside."""
    url = f"sqlite:///{tmp_path_factory.mktemp('log')}/governance.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")()
    made = Store(url)
    made.upgrade()
    fill(made, ENTRIES)
    keep(url)
    yield url
    made.dispose()


@pytest.fixture
def store_url(filled: str) -> Iterator[str]:
    """The same, and afterwards the log is what it was."""
    yield filled
    put_back(filled)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    made = Store(store_url)
    yield made
    made.dispose()


def found(checked: LogVerification) -> tuple[FaultKind, int] | None:
    return None if checked.fault is None else (checked.fault.kind, checked.fault.sequence)


def test_a_log_that_nobody_touched_is_right(store: Store) -> None:
    checked = store.log.verify(anchors_of(store, 3, 12))
    assert checked.ok
    assert (checked.entries, checked.anchors, checked.anchored, checked.live_from) == (12, 2, 12, 1)
    head = store.log.head()
    assert head is not None
    assert checked.hash == head.hash
    assert checked.protected


@pytest.mark.parametrize(
    "change",
    [
        "action = 'publish'",
        "action = ''",
        "subject = 'clean.d70'",
        "actor = 'nobody'",
        """details = '{"number":8,"why":"rök ''7'' \\"«\\n"}'""",
        """details = '{"number": 7,"why":"rök ''7'' \\"«\\n"}'""",
        "details = '{}'",
        "execution_id = 'e8'",
        "execution_id = NULL",
        "previous_hash = (SELECT hash FROM gov_log WHERE sequence = 5)",
        "previous_hash = ''",
        "hash = (SELECT hash FROM gov_log WHERE sequence = 5)",
        "hash = ''",
        "hash = upper(hash)",
    ],
)
def test_a_changed_column_is_found(store_url: str, store: Store, change: str) -> None:
    does(store_url, f"UPDATE gov_log SET {change} WHERE sequence = 7")
    checked = store.log.verify()
    assert found(checked) == (CHANGED, 7)
    assert checked.entries == 6


@pytest.mark.parametrize("change", ["actor = 'nobody'", "previous_hash = 'x'", "hash = 'x'"])
@pytest.mark.parametrize("place", [1, ENTRIES])
def test_so_are_the_first_and_the_last_entry(store_url: str, store: Store, change: str, place: int) -> None:
    does(store_url, f"UPDATE gov_log SET {change} WHERE sequence = {place}")
    assert found(store.log.verify()) == (CHANGED, place)


def test_a_changed_time_is_found_to_the_microsecond(store_url: str, store: Store) -> None:
    later = "substr(at, 1, 25) || '7'" if store_url.startswith("sqlite") else "at + interval '1 microsecond'"
    does(store_url, f"UPDATE gov_log SET at = {later} WHERE sequence = 7")
    assert found(store.log.verify()) == (CHANGED, 7)


@pytest.mark.parametrize("moment", ["'infinity'", "'-infinity'", "at - interval '4051 years'"])
def test_times_that_look_the_same_or_like_nothing_are_found(
    store_url: str, store: Store, moment: str
) -> None:
    if store_url.startswith("sqlite"):
        moment = "replace(at, ' ', 'T')"
    does(store_url, f"UPDATE gov_log SET at = {moment} WHERE sequence = 7")
    assert found(store.log.verify()) == (CHANGED, 7)


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)  # the other takes nothing that is no text
@pytest.mark.parametrize("value", ["x'ff'", "CAST(x'ff' AS TEXT)", "CAST({column} AS BLOB)", "7"])
@pytest.mark.parametrize("column", ["action", "subject", "actor", "details", "execution_id", "at", "hash"])
def test_what_is_no_text_is_found(store_url: str, store: Store, column: str, value: str) -> None:
    does(store_url, f"UPDATE gov_log SET {column} = {value.format(column=column)} WHERE sequence = 7")
    assert found(store.log.verify()) == (CHANGED, 7)
    assert store.log.verify().entries == 6


def test_an_entry_whose_hash_was_computed_anew_is_found_by_the_next_one(store_url: str, store: Store) -> None:
    with intruder(store_url) as connection:
        connection.execute(text("UPDATE gov_log SET actor = 'nobody' WHERE sequence = 7"))
        rechain(connection, [7])
    assert found(store.log.verify()) == (CHANGED, 7)


def test_an_inserted_entry_is_found_with_and_without_a_right_hash(store_url: str, store: Store) -> None:
    with intruder(store_url) as connection:
        for statement in (*shift(6, by=1), copy(2, 6)):
            connection.exec_driver_sql(statement)
    assert found(store.log.verify()) == (INSERTED, 6)
    with intruder(store_url) as connection:
        connection.execute(text("UPDATE gov_log SET actor = 'nobody' WHERE sequence = 6"))
        rechain(connection, [6])
    assert found(store.log.verify()) == (INSERTED, 6)


def test_several_inserted_entries_are_found_by_the_first(store_url: str, store: Store) -> None:
    with intruder(store_url) as connection:
        for statement in (*shift(6, by=2), copy(2, 6), copy(3, 7)):
            connection.exec_driver_sql(statement)
        connection.execute(text("UPDATE gov_log SET actor = 'nobody' WHERE sequence in (6, 7)"))
        rechain(connection, [6, 7])
    assert found(store.log.verify()) == (INSERTED, 6)


@pytest.mark.parametrize("place", [0, -3])
def test_an_entry_before_the_first_is_found(store_url: str, store: Store, place: int) -> None:
    does(store_url, copy(4, place))
    assert found(store.log.verify()) == (INSERTED, place)
    does(store_url, f"UPDATE gov_log SET actor = 'nobody' WHERE sequence = {place}")
    assert found(store.log.verify()) == (INSERTED, place)


def test_a_number_twice_or_a_fraction_is_found(store_url: str, store: Store) -> None:
    if store_url.startswith("sqlite"):
        does(store_url, copy(2, 6.5), "UPDATE gov_log SET actor = 'nobody' WHERE sequence = 6.5")
        assert found(store.log.verify()) == (INSERTED, 7)
        return
    does(
        store_url,
        "ALTER TABLE gov_log DROP CONSTRAINT pk_gov_log",
        copy(6, 6),
        "UPDATE gov_log SET actor = 'nobody' WHERE ctid = (SELECT max(ctid) FROM gov_log WHERE sequence = 6)",
    )
    checked = store.log.verify()
    put_back(store_url)
    does(store_url, "ALTER TABLE gov_log ADD CONSTRAINT pk_gov_log PRIMARY KEY (sequence)")
    assert found(checked) in ((CHANGED, 6), (INSERTED, 6))


@pytest.mark.parametrize("renumbered", [False, True])
@pytest.mark.parametrize(("first", "last"), [(1, 1), (5, 5), (5, 8), (11, 11)])
def test_removed_entries_are_found(
    store_url: str, store: Store, first: int, last: int, *, renumbered: bool
) -> None:
    gone = f"DELETE FROM gov_log WHERE sequence BETWEEN {first} AND {last}"
    does(store_url, gone, *(shift(last + 1, by=first - last - 1) if renumbered else ()))
    checked = store.log.verify()
    assert found(checked) == (REMOVED, first)
    assert checked.fault is not None
    if not renumbered and last > first:
        assert f"Entries {first} to {last} are not there" in checked.fault.message


@pytest.mark.parametrize(("one", "other"), [(4, 9), (4, 5), (1, 2), (1, 12), (11, 12)])
def test_two_that_changed_places_are_found(store_url: str, store: Store, one: int, other: int) -> None:
    does(store_url, *swap(one, other))
    checked = store.log.verify()
    assert found(checked) == (REORDERED, one)
    assert checked.fault is not None
    assert f"it is entry {other} now" in checked.fault.message


def test_an_entry_that_was_moved_is_found(store_url: str, store: Store) -> None:
    does(store_url, "UPDATE gov_log SET sequence = 0 WHERE sequence = 4")
    assert found(store.log.verify()) == (REORDERED, 4)
    does(store_url, "UPDATE gov_log SET sequence = 40 WHERE sequence = 0")
    assert found(store.log.verify()) == (REORDERED, 4)


def test_a_forged_number_keeps_the_check_busy_for_no_long_time(store_url: str, store: Store) -> None:
    does(
        store_url,
        copy(3, 2**62),
        "UPDATE gov_log SET previous_hash = '', hash = '' WHERE sequence = 5",
    )
    assert found(store.log.verify()) == (CHANGED, 5)
    does(store_url, *swap(5, 2**62))
    assert store.log.verify().fault is not None


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)  # the other's numbers are whole
@pytest.mark.parametrize("number", ["NULL", "1e300", "9e999", "'many'", "x'00'"])
def test_what_is_no_number_is_found_in_a_table_of_another_shape(
    store_url: str, store: Store, number: str
) -> None:
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_log RENAME TO real_log")
        connection.exec_driver_sql("CREATE TABLE gov_log AS SELECT * FROM real_log")
        connection.exec_driver_sql(f"UPDATE gov_log SET sequence = {number} WHERE sequence = 5")
    checked = store.log.verify()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_log")
        connection.exec_driver_sql("ALTER TABLE real_log RENAME TO gov_log")
    engine.dispose()
    assert found(checked) == (REORDERED, 5)
    assert not checked.protected


def test_the_end_that_was_cut_off_is_found_by_an_anchor(store_url: str, store: Store) -> None:
    anchors = anchors_of(store, 4, 11)
    does(store_url, "DELETE FROM gov_log WHERE sequence > 11")
    assert store.log.verify(anchors).ok  # the anchor of 11 is all there is to know
    does(store_url, "DELETE FROM gov_log WHERE sequence > 8")
    checked = store.log.verify(anchors)
    assert (found(checked), checked.anchored) == ((TRUNCATED, 9), 4)
    assert checked.fault is not None
    assert "s3://lake/11" in checked.fault.message
    does(store_url, "DELETE FROM gov_log")
    assert found(store.log.verify(anchors)) == (TRUNCATED, 1)


def test_a_chain_that_was_computed_anew_is_found_by_an_anchor(store_url: str, store: Store) -> None:
    anchors = anchors_of(store, 4, 10)
    with intruder(store_url) as connection:
        connection.execute(text("UPDATE gov_log SET actor = 'nobody' WHERE sequence = 7"))
        rechain(connection, range(7, ENTRIES + 1))
    assert store.log.verify().ok  # what no anchor holds can be rewritten
    checked = store.log.verify(anchors)
    assert found(checked) == (REWRITTEN, 5)
    assert (checked.anchors, checked.anchored) == (1, 4)
    assert checked.fault is not None
    assert "s3://lake/10" in checked.fault.message


def test_an_older_copy_of_the_database_is_found_also_when_it_was_written_on(
    store_url: str, store: Store
) -> None:
    anchors = anchors_of(store, 10)
    does(store_url, "DELETE FROM gov_log WHERE sequence > 8")
    assert found(store.log.verify(anchors)) == (TRUNCATED, 9)
    fill(store, 6, first=90)
    assert store.log.verify().ok
    assert found(store.log.verify(anchors)) == (REWRITTEN, 1)


def test_a_forged_anchor_is_no_reason_to_call_the_log_right(store: Store) -> None:
    good, other = anchors_of(store, 10, 9)
    forged = type(good)(10, other.hash, good.at, "forged")
    for order in ([good, forged], [forged, good]):
        assert found(store.log.verify(order)) == (REWRITTEN, 1) or store.log.verify(order).fault is not None


def test_a_check_can_begin_at_an_anchor(store_url: str, store: Store) -> None:
    (anchor,) = anchors_of(store, 8)
    checked = store.log.verify(after=anchor)
    assert checked.ok
    assert (checked.entries, checked.anchors) == (5, 1)
    does(store_url, "UPDATE gov_log SET actor = 'nobody' WHERE sequence = 3")
    assert store.log.verify(after=anchor).ok
    does(store_url, "UPDATE gov_log SET actor = 'nobody' WHERE sequence = 8")
    assert found(store.log.verify(after=anchor)) == (CHANGED, 8)
    does(store_url, "DELETE FROM gov_log WHERE sequence >= 8")
    assert found(store.log.verify(after=anchor)) == (TRUNCATED, 8)


@pytest.mark.parametrize("which", ["gov_log_no_update", "gov_log_no_delete", "gov_log_no_replace"])
def test_a_missing_trigger_is_told(store_url: str, store: Store, which: str) -> None:
    assert store.log.verify().protected
    with intruder(store_url):
        pass
    assert store.log.verify().protected
    engine = create_engine(store_url)
    sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        if sqlite:
            query = text("SELECT sql FROM sqlite_master WHERE name = :name")
            back = connection.execute(query, {"name": which}).scalar_one()
            connection.exec_driver_sql(f"DROP TRIGGER {which}")
        else:
            back = "ALTER TABLE gov_log ENABLE TRIGGER gov_log_no_change"
            connection.exec_driver_sql("ALTER TABLE gov_log DISABLE TRIGGER gov_log_no_change")
    checked = store.log.verify()
    with engine.begin() as connection:
        connection.exec_driver_sql(back)
    engine.dispose()
    assert (checked.ok, checked.protected) == (True, False)


_MADE_ANEW = {
    "trigger of sqlite": (
        "DROP TRIGGER gov_log_no_update",
        "CREATE TRIGGER gov_log_no_update BEFORE UPDATE ON gov_log {} "
        "BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END",
        ("WHEN 0", ""),
    ),
    "trigger of postgresql": (
        "DROP TRIGGER gov_log_no_change ON gov_log",
        "CREATE TRIGGER gov_log_no_change BEFORE UPDATE OR DELETE ON gov_log "
        "FOR EACH ROW {} EXECUTE FUNCTION gov_log_refuse()",
        ("WHEN (false)", ""),
    ),
    "function of postgresql": (
        "SELECT 1",
        "CREATE OR REPLACE FUNCTION gov_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; END $$",
        ("RETURN NEW", "RAISE EXCEPTION 'gov_log is append-only'"),
    ),
}


@pytest.mark.parametrize("what", _MADE_ANEW)
def test_a_trigger_that_lets_everything_through_is_told(store_url: str, store: Store, what: str) -> None:
    engine = create_engine(store_url)
    if not what.endswith(engine.dialect.name):
        pytest.skip("of the other database")
    drop, make, (open_, shut) = _MADE_ANEW[what]
    told = []
    for how in (open_, shut):
        with engine.begin() as connection:
            connection.exec_driver_sql(drop)
            connection.exec_driver_sql(make.format(how))
        told.append(store.log.verify().protected)
    engine.dispose()
    assert told == [False, True]
