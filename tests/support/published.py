"""A store as it is after some runs: datasets in five zones, a failed gate, one that was never checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_gov.model.loads import RowCounts
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.model.zones import DatasetName
from support import records

if TYPE_CHECKING:
    from airflow_gov.store import Store

#: name, versions, rows, bytes, whether the last gate passed, rows set aside, owner
DATASETS = (
    ("raw.flights", 2, 1, 31_000_000, True, 0, "Flight operations"),
    ("preprocessed.flights", 2, 336_776, 11_900_000, True, 12, "Flight operations"),
    ("clean.flights", 3, 327_346, 9_100_000, False, 0, "Flight operations"),
    ("clean.airlines", 1, 16, 900, True, 0, "<script>alert(1)</script>"),
    ("gold.punctuality", 1, 185, 8_100, True, 0, None),
    ("gold.delays", 0, 0, 0, False, 0, None),
    ("sensitive.passengers", 1, 5_000, 410_000, True, 0, "Privacy office"),
)


def fill(store: Store, now: datetime | None = None) -> None:
    """Record the datasets, the newest publication an hour before `now`."""
    at = (now or datetime.now(UTC)) - timedelta(hours=1)
    with store.transaction():
        for name, versions, rows, size, passed, quarantined, owner in DATASETS:
            dataset = DatasetName.parse(name)
            store.contracts.put(records.contract(f"of {name}", dataset=dataset, owner=owner))
            for number in range(1, versions + 1):
                load_id = f"{name}-{number}"
                wanted = records.load(load_id, dataset=dataset, counts=RowCounts(quarantined=quarantined))
                store.loads.begin(wanted, lease=timedelta(minutes=2), is_alive=None)
                store.loads.candidate(wanted)
                recorded = records.version(
                    number, dataset=dataset, load_ids=(load_id,), rows=rows, size=size, published_at=at
                )
                store.versions.record(recorded)
            rule = RuleResult("row_count", passed, (), "> 0", "0")
            verdict_id = f"verdict-{name}"
            verdict = records.verdict(verdict_id, dataset=dataset, results=(rule,), checked_at=at)
            store.verdicts.record(verdict)
        # A contract alone: known, never loaded.
        store.contracts.put(records.contract("of scratch", dataset=DatasetName.parse("work.scratch")))
