"""What a publication costs does not grow with the table's age, as long as it is maintained."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from support.lakes import Bench, rows_of


def test_after_300_publications_with_maintenance_an_append_costs_about_what_the_first_did(
    bench: Bench,
) -> None:
    def append(number: int) -> float:
        started = time.thread_time()
        bench.load(f"load-{number}", rows_of(number))
        return time.thread_time() - started

    append(-1)
    first = median(append(number) for number in range(9))
    for number in range(9, 300):
        append(number)
        if number % 50 == 0:
            bench.lake.maintain(bench.dataset, keep_versions=10, grace=timedelta(0))
    bench.lake.maintain(bench.dataset, keep_versions=10, grace=timedelta(0))
    assert median(append(number) for number in range(300, 309)) < 2.5 * first
    assert len(bench.rows()) == 310
    table = bench.lake._catalog.load(bench.dataset)
    metadata = list(Path(table.location(), "metadata").glob("*.metadata.json"))
    assert len(metadata) <= 21  # the current one and those that readers may still hold
