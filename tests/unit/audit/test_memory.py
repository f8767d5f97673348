"""What audits remember of those before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.memory import Memory
from airflow_gov.lake import Sampling
from airflow_gov.model.zones import DatasetName

RAW = DatasetName.parse("raw.people")
THEN, NOW = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "known", "shares"),
    [(0, None, 24), (3, THEN, 24), (3, None, 720)],
    ids=["never", "a day ago", "forgotten"],
)
def test_where_nobody_remembers_when_it_looked_all_is_due(governance, times, known, shares):
    looks = {("raw-object-changed", str(RAW)): (None, times)}
    lake = AuditedLake(governance, memory=Memory(looks=looks, looked_at=lambda _check, _zone: known))
    since = lake.dataset(RAW).looked_at("raw-object-changed")
    assert Sampling(now=NOW, since=since).due[:2] == (720, shares)
