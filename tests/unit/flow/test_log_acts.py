"""What the log tells of executions, reads and contracts, and that it is anchored only while it is whole."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.flow.anchoring import anchor, anchor_or_warn, verify_log
from airflow_gov.flow.ending import close_lost, record_end
from airflow_gov.flow.recording import Outcome, recorded
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo, DataRef, Role, Status
from airflow_gov.model.log import FaultKind
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import records
from support.gates import FLIGHTS, contract_text, delays
from support.log_attacks import does

COLUMNS = tuple(ColumnInfo(name, "string") for name in ("flight", "day", "email"))


@pytest.fixture
def governance(tmp_path):
    made = Governance(Settings.load({"AIRFLOW_HOME": str(tmp_path)}), clock=records.Clock())
    yield made
    made.close()


def told(governance, action):
    return list(reversed(governance.store.log.list(action=action)))


def reading(*data, execution_id="e1", **changes):
    return records.finished(execution_id, data=data, **changes)


def test_an_execution_is_told_once_with_what_it_read_and_wrote(governance):
    for _ in range(2):
        record_end(governance, records.finished())
    (entry,) = told(governance, "execution.finished")
    assert (entry.subject, entry.actor, entry.execution_id) == ("flights.clean", "ana", "e1")
    assert entry.at == records.finished().end
    assert entry.details["status"] == "success"
    assert entry.details["read"][0] == {
        "dataset": "preprocessed.flights",
        "version": 3,
        "snapshot": 9_007_199_254_740_993,
        "rows": 8,
    }
    assert entry.details["written"] == [
        {"dataset": "clean.flights", "snapshot": 12, "load": "l1", "rows": 7, "files": 2}
    ]
    assert entry.details["quarantined"] == [{"dataset": "clean.flights__quarantine", "rows": 1}]


@pytest.mark.parametrize(
    ("status", "times"),
    [
        (Status.FAILED, 1),
        (Status.SKIPPED, 1),
        (Status.UP_FOR_RETRY, 1),
        (Status.DEFERRED, 0),
        (Status.UP_FOR_RESCHEDULE, 0),
    ],
)
def test_every_end_is_told_and_no_pause(governance, status, times):
    with (
        pytest.raises(ZeroDivisionError),
        recorded(governance, records.execution(map_index=3), classify=lambda _: Outcome(status)),
    ):
        raise ZeroDivisionError
    entries = told(governance, "execution.finished")
    assert [entry.subject for entry in entries] == ["flights.clean[3]"] * times
    assert governance.store.log.verify().entries == times


def test_no_message_of_an_error_is_told(governance):
    with pytest.raises(ValueError, match="ana@example"), recorded(governance, records.execution()):
        raise ValueError("ana@example.com is no number")
    (entry,) = told(governance, "execution.finished")
    assert entry.details["error"] == "ValueError"
    assert "ana@example.com" not in str(entry)


def test_what_waited_in_the_spool_is_told_once_when_it_is_delivered(tmp_path, governance):
    nowhere = "postgresql://ada:hunter2@127.0.0.1:1/governance"
    down = Governance(Settings.load({"AIRFLOW_HOME": str(tmp_path)}), store_url=nowhere)
    with recorded(down, records.execution()):
        pass
    (waiting,) = down.settings.spool_folder.glob("*.json")
    again = waiting.read_bytes()
    for number in (2, 3):
        with recorded(governance, records.execution(f"e{number}")):
            pass
        waiting.write_bytes(again)  # its process died before it could remove what was delivered
    entries = told(governance, "execution.finished")
    assert [entry.execution_id for entry in entries] == ["e1", "e2", "e3"]
    assert governance.store.log.verify().ok


def test_a_record_that_others_closed_is_told_and_later_what_it_says_itself(governance):
    governance.store.executions.start(records.execution())
    closing = {"dag_id": "flights", "run_id": "scheduled__2026-03-01"}
    for times in (1, 0):
        closed = close_lost(
            governance.store, status=Status.LOST, message="killed", end=records.T0, actor="op", **closing
        )
        assert closed == times
    record_end(governance, records.finished())
    lost, finished = reversed(governance.store.log.list())
    assert (lost.action, lost.subject, lost.actor) == ("execution.lost", "flights.clean", "op")
    assert lost.details == {"status": "lost", "run": "scheduled__2026-03-01", "try": 1, "why": "killed"}
    assert (finished.action, finished.execution_id) == ("execution.finished", "e1")


def test_a_read_of_restricted_columns_is_told_and_by_whom(gates):
    read = DataRef(Role.SOURCE, str(FLIGHTS), 11, 2, columns=COLUMNS, rows=8)
    record_end(gates.governance, reading(read))
    (entry,) = told(gates.governance, "read.restricted")
    assert (entry.subject, entry.actor, entry.execution_id) == (str(FLIGHTS), "ana", "e1")
    assert entry.details == {
        "columns": ["email"],
        "task": "flights.clean",
        "run": "scheduled__2026-03-01",
        "triggered_by": "ana",
        "os_user": "airflow",
        "dataset": str(FLIGHTS),
        "version": 2,
        "snapshot": 11,
        "rows": 8,
    }


@pytest.mark.parametrize(
    "data",
    [
        DataRef(Role.SOURCE, str(FLIGHTS), 11, 2, columns=COLUMNS[:2], rows=8),
        DataRef(Role.SOURCE, str(FLIGHTS), 11, 2),  # a sensor found it
        DataRef(Role.TARGET, str(FLIGHTS), 11, 2, columns=COLUMNS, rows=8),
        DataRef(Role.SOURCE, "clean.unknown", 11, 2, columns=COLUMNS, rows=8),
        DataRef(Role.SOURCE, "no such zone", 11, 2, columns=COLUMNS, rows=8),
    ],
    ids=["other columns", "found only", "written", "without a contract", "no dataset"],
)
def test_what_reads_nothing_restricted_is_not_told(gates, data):
    record_end(gates.governance, reading(data))
    assert told(gates.governance, "read.restricted") == []
    assert len(told(gates.governance, "execution.finished")) == 1


def test_rows_that_were_set_aside_are_as_restricted(gates):
    record_end(gates.governance, reading(DataRef(Role.SOURCE, f"{FLIGHTS}__quarantine", 1, columns=COLUMNS)))
    assert [entry.details["columns"] for entry in told(gates.governance, "read.restricted")] == [["email"]]


def test_under_a_contract_that_cannot_be_read_everything_counts(gates, caplog):
    broken = replace(gates.contract, text="restricted: [", hash="broken")
    gates.clock.move(minutes=1)
    gates.governance.store.contracts.put(broken)
    record_end(gates.governance, reading(DataRef(Role.SOURCE, str(FLIGHTS), 1, columns=COLUMNS)))
    (entry,) = told(gates.governance, "read.restricted")
    assert entry.details["columns"] == ["flight", "day", "email"]
    assert "all of it counts" in caplog.text


def test_a_contract_that_changes_is_told_and_one_that_stays_is_not(gates):
    first = gates.contract.hash
    gates.load(delays(1))
    assert told(gates.governance, "contract.changed") == []
    gates.clock.move(minutes=1)
    gates.contract = replace(
        gates.contract, text=contract_text(version="2.0.0"), hash="second", version="2.0.0"
    )
    gates.load(delays(1))
    gates.load(delays(1))
    gates.clock.move(minutes=1)
    gates.contract = replace(gates.contract, text=contract_text(), hash=first, version="1.0.0")
    gates.load(delays(1))
    changes = [
        (entry.subject, entry.details["before"], entry.details["contract"])
        for entry in told(gates.governance, "contract.changed")
    ]
    assert changes == [(str(FLIGHTS), first, "second"), (str(FLIGHTS), "second", first)]


class TestAnchoring:
    def test_an_empty_log_has_nothing_to_anchor(self, governance):
        assert anchor(governance) is None
        assert verify_log(governance).ok

    def test_the_newest_entry_is_held_and_the_same_one_once(self, governance):
        for number in range(3):
            governance.store.log.append(records.entry(str(number)))
        first = anchor(governance)
        assert first is not None
        assert (first.sequence, first.hash) == (3, governance.store.log.head().hash)
        again = anchor(governance)
        assert (again.sequence, again.uri) == (3, first.uri)
        governance.store.log.append(records.entry("4"))
        governance.clock.move(minutes=1)
        assert anchor(governance).sequence == 4
        checked = verify_log(governance)
        assert (checked.ok, checked.anchors, checked.anchored) == (True, 2, 4)

    def test_a_broken_log_is_not_anchored(self, governance, caplog):
        for number in range(6):
            governance.store.log.append(records.entry(str(number)))
            if number == 2:
                anchor(governance)
        does(governance.store_url, "UPDATE gov_log SET actor = 'nobody' WHERE sequence = 5")
        with pytest.raises(GovernanceError, match="Entry 5 was changed") as refused:
            anchor(governance)
        assert refused.value.reason is Reason.LOG_BROKEN
        with caplog.at_level(logging.WARNING):
            assert anchor_or_warn(governance) is None
        assert "Entry 5 was changed" in caplog.text
        assert len(governance.lake.anchors.list()) == 1

    def test_an_older_copy_of_the_store_is_found(self, governance):
        for number in range(6):
            governance.store.log.append(records.entry(str(number)))
        anchor(governance)
        does(governance.store_url, "DELETE FROM gov_log WHERE sequence > 4")
        assert verify_log(governance).fault.kind is FaultKind.TRUNCATED
        for number in range(9):
            governance.store.log.append(records.entry(str(number), at=records.T0 + timedelta(days=1)))
        assert verify_log(governance).fault.kind is FaultKind.REWRITTEN
        with pytest.raises(GovernanceError, match="is not the one that was anchored"):
            anchor(governance)
