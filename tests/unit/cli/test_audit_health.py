"""`airflow-gov audit show --health`: how mature the lake is, and how healthy each zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from support.gates import Gates, delays


@pytest.fixture
def gates(home):
    """Flights, and a table nobody made whose name is hostile."""
    made = Gates(home)
    made.clock.now = datetime.now(UTC)
    made.published(delays(1, 2))
    catalog = made.governance.lake._catalog.iceberg
    catalog.create_table(("clean", "stray"), pa.schema([("a", pa.int64())]))
    yield made
    made.close()


def test_before_the_first_audit_nothing_is_known(call, gates):
    told = json.loads(call("audit", "show", "--health", "--json").out)
    assert (told["level"], told["score"], told["zones"]) == (None, None, [])
    assert "no audit has finished yet" in call("audit", "show", "--health").out


def test_level_and_scores_are_told_with_what_would_raise_them(call, gates):
    assert call("audit", "run", "--check", "dataset-without-contract").code == 0
    told = json.loads(call("audit", "show", "--health", "--json").out)
    zones = {each["zone"]: each for each in told["zones"]}
    datasets = zones["clean"]["datasets"]
    assert told["level"] == "swamp", "one of few datasets has no contract"
    assert (zones["clean"]["score"], zones["clean"]["findings"]) == (100 - -(-40 // datasets), {"error": 1})
    (step,) = zones["clean"]["steps"]
    assert (step["check"], step["score"]) == ("dataset-without-contract", 100)
    shown = call("audit", "show", "--health").out
    for fact in ("The lake is a swamp", "To be a puddle it lacks: sound metadata", "Fix this and it is 100"):
        assert fact in shown
    assert f"[{step['key'][:8]}] clean.stray is in the lake and has no contract." in shown
