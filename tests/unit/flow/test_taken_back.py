"""What was read and is taken back since is neither read again nor published on."""

from __future__ import annotations

import pytest

from airflow_gov.contracts import parse_contract
from airflow_gov.flow.loading import LoadRequest, open_load
from airflow_gov.flow.reviewing import confirm, reject
from airflow_gov.flow.rollback import rollback
from airflow_gov.flow.sources import SourceSpec, resolve
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadKey, LoadState, WriteMode
from airflow_gov.model.zones import DatasetName
from support.gates import FLIGHTS, STEWARD, contract_text, delays

GOLD = DatasetName.parse("gold.flights")
SUMMARY = parse_contract(contract_text().replace(str(FLIGHTS), str(GOLD)), GOLD)
OVERWRITE = WriteMode.OVERWRITE


def _sources(gates):
    return resolve(gates.governance, [SourceSpec(FLIGHTS)], GOLD)


def _gold(gates, **load):
    return gates.load(delays(1), contract=SUMMARY, sources=_sources(gates), **load)


def _rejected(gates, review):
    reject(gates.governance, review.review_id, steward=STEWARD, decided_by="cli", reason="wrong sign")


def _overdue(gates, _review):
    gates.clock.move(days=3)


def _replaced_and_rejected(gates, review):
    gates.published(delays(6, 7), mode=OVERWRITE)
    _rejected(gates, review)


def _rolled_back(gates, _review):
    rollback(gates.governance, FLIGHTS, 1, reason="by hand", actor="ada")


def _failed_try(gates):
    """A try of gold's task that fails after it was told what to read."""
    request = LoadRequest(SUMMARY, LoadKey(("gold",)), OVERWRITE, _sources(gates))

    def fail():
        with (
            gates.execution(run_id="r1", task_id="gold") as recording,
            open_load(gates.governance, recording, request),
        ):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    return request.sources


def _retried(gates):
    return _gold(gates, key="gold", mode=OVERWRITE, run_id="r1", task_id="gold", try_number=2)


@pytest.mark.parametrize("take_back", [_rejected, _overdue, _replaced_and_rejected, _rolled_back])
def test_a_retry_reads_what_is_published_when_what_the_first_try_read_was_taken_back(gates, take_back):
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    read_first = _failed_try(gates)
    take_back(gates, review)
    load = _retried(gates)
    assert load.sources == _sources(gates) != read_first
    (publication,) = gates.gate(load)
    assert publication.version.dataset == GOLD


def test_what_was_built_upon_refused_rows_counts_as_taken_back_too(gates):
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    gates.gate(gates.load(delays(4, first=3)), on_failure="warn")
    _failed_try(gates)
    _replaced_and_rejected(gates, review)
    assert _retried(gates).sources == _sources(gates)


def test_a_retry_reads_what_the_first_try_read_while_it_stands(gates):
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    read_first = _failed_try(gates)
    confirm(gates.governance, review.review_id, steward=STEWARD, decided_by="cli", reason="compared")
    gates.gate(gates.load(delays(4, first=3)), on_failure="warn")
    load = _retried(gates)
    assert load.sources == read_first != _sources(gates)
    (publication,) = gates.gate(load)
    assert publication.version.dataset == GOLD


@pytest.mark.parametrize("take_back", [_rejected, _overdue, _replaced_and_rejected, _rolled_back])
def test_a_gate_does_not_publish_what_was_made_of_it(gates, take_back):
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    load = _gold(gates, task_id="summarise")
    take_back(gates, review)
    with pytest.raises(GovernanceError, match="Run its task summarise again") as caught:
        gates.gate(load)
    assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
    assert caught.value.attributes["source"] == str(FLIGHTS)
    assert gates.now(load).state is LoadState.CANDIDATE
    assert gates.rows(GOLD) == []
    (publication,) = gates.gate(_gold(gates))
    assert publication.version.version == 1


def test_a_rollback_while_the_gate_checks_is_seen(gates, monkeypatch):
    from airflow_gov.flow import gating

    gates.published(delays(5))
    gates.gate(gates.load(delays(6, first=2)))
    load, rule = _gold(gates), gating.rule_on

    def meanwhile(*args):
        _rolled_back(gates, None)
        return rule(*args)

    monkeypatch.setattr(gating, "rule_on", meanwhile)
    with pytest.raises(GovernanceError, match="taken back since"):
        gates.gate(load)
    assert gates.rows(GOLD) == []


def test_a_newer_version_of_a_source_is_no_reason(gates):
    gates.published(delays(5))
    load = _gold(gates)
    gates.published(delays(6, first=2))
    (publication,) = gates.gate(load)
    assert publication.version.version == 1
