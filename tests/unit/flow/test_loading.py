"""What keeps a load from being begun."""

from __future__ import annotations

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from support.gates import FLIGHTS, delays


def test_rules_that_no_gate_could_evaluate_are_refused_before_anything_is_written(gates) -> None:
    gates.promise(
        quality=[
            {"metric": "rowCont", "mustBe": 3},
            {"type": "sql", "query": "SELECT max(delay), min(delay) FROM {object}", "mustBe": 3},
        ]
    )

    with pytest.raises(GovernanceError) as raised:
        gates.load(delays(1, 2, 3))

    assert raised.value.reason is Reason.RULE_INVALID
    assert "unknown metric 'rowCont'; did you mean 'rowCount'?" in str(raised.value)
    assert "gives 2 columns" in str(raised.value)
    assert not gates.governance.lake.exists(FLIGHTS)
    assert gates.governance.store.loads.being_written(FLIGHTS) == []
