"""What audits say of main while somebody moves it and has not said so yet, and when that is too long ago."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.flow.rollback import rollback
from airflow_gov.model.findings import FindingsWanted
from airflow_gov.model.loads import VersionKind, WriteMode
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support.gates import FLIGHTS, STEWARD, delays
from support.rest_catalog import serving

CHECKS = ("main-moved", "version-without-verdict")


class StoppedError(BaseException):
    """The process ends here."""


@pytest.fixture
def lake(gates):
    """Two versions in small files, by the clock of the machine, as the storage has no other."""
    gates.clock.now = datetime.now(UTC)
    gates.published(delays(5))
    gates.gate(*(gates.load(delays(5, first=number)) for number in range(2, 6)))
    return gates


def publish(gates):
    gates.published(delays(7), mode=WriteMode.OVERWRITE)


def go_back(gates):
    rollback(gates.governance, FLIGHTS, 1, reason="a test", actor=STEWARD)


def join_files(gates):
    assert maintain(gates.governance, FLIGHTS, Upkeep(grace_hours=0)).compacted_to is not None


def stopped(gates, monkeypatch, move):
    """Move main, and stop when the store is about to hear of it."""
    store, lake = gates.governance.store, gates.governance.lake
    current = store.versions.current(FLIGHTS)

    def stop(*_arguments):
        raise StoppedError

    with monkeypatch.context() as patched, suppress(StoppedError):
        patched.setattr(type(store.versions), "record", stop)
        move(gates)
    assert lake.head(FLIGHTS) != current.snapshot_id
    assert store.versions.current(FLIGHTS) == current


def found(audits, **request):
    audits(*CHECKS, **request)
    return [finding.check for finding in audits.governance.store.audits.findings.each(FindingsWanted())]


@pytest.mark.parametrize(
    ("move", "kind"),
    [
        (publish, VersionKind.PUBLISH),
        (go_back, VersionKind.ROLLBACK),
        (join_files, VersionKind.MAINTENANCE),
    ],
)
def test_who_moves_main_has_a_while_to_say_so_before_it_is_held_against_anybody(
    lake, audits, monkeypatch, move, kind
):
    assert found(audits) == []
    stopped(lake, monkeypatch, move)
    assert found(audits) == []
    assert found(audits, full=True) == []
    lake.clock.move(hours=2)
    assert found(audits) == ["main-moved"]
    assert found(audits, repair=("main-moved",)) == []
    assert lake.governance.store.versions.current(FLIGHTS).kind is kind


def test_a_clock_that_was_set_back_gives_nobody_more_time(lake, audits, monkeypatch):
    stopped(lake, monkeypatch, publish)
    lake.clock.move(hours=-2)
    assert found(audits) == ["main-moved"]


@pytest.fixture
def by_rest(gates):
    """The same installation, whose catalogue is asked over HTTP."""
    with serving(gates.governance.lake._catalog.iceberg) as uri:
        properties = json.dumps({"type": "rest", "uri": uri})
        environ = {"AIRFLOW_HOME": str(gates.folder), "AIRFLOW__AIRFLOW_GOV__CATALOG_PROPERTIES": properties}
        made = Governance(Settings.load(environ), clock=gates.clock)
        yield made
        made.close()


@pytest.mark.parametrize("catalogue", ["sql", "rest"])
def test_what_is_published_during_a_look_is_no_fault(lake, by_rest, strangers, catalogue):
    """Also where the catalogue does not list which metadata tables have, and where it happens again."""
    governance = lake.governance if catalogue == "sql" else by_rest
    heads = []

    def publish_meanwhile(audited):
        heads.append(audited.table.head)
        if len(heads) <= 2:
            publish(lake)
        if audited.version.snapshot_id != heads[-1]:
            yield strangers.Acting().found_in(audited, "Main is not what was published.")

    strangers.ACTS.append(publish_meanwhile)
    run_audit(governance, AuditRequest(checks=("acting", *CHECKS)), actor="ada")
    assert len(heads) == 3
    assert list(governance.store.audits.findings.each(FindingsWanted())) == []
