"""Several processes use one lake at the same moment, and some are killed."""

from __future__ import annotations

import subprocess
import time
from datetime import timedelta
from pathlib import Path

from support.lake_worker import command, together
from support.lakes import Bench, rows_of


def test_every_load_of_writers_at_once_arrives_exactly_once(
    bench: Bench, lake_properties: dict[str, str], tmp_path: Path
) -> None:
    together("publish", lake_properties, tmp_path / "workers", workers=4, loads=3)
    assert bench.rows() == rows_of(*(worker * 100 + number for worker in range(4) for number in range(3)))
    assert len(bench.lake.versions(bench.dataset)) == 12
    assert [each.parent_snapshot_id for each in bench.lake.snapshots(bench.dataset)].count(None) == 1


def test_a_writer_killed_at_any_moment_leaves_whole_versions_only(
    bench: Bench, lake_properties: dict[str, str], tmp_path: Path
) -> None:
    bench.lake.prepare(bench.contract)
    for worker in range(3):
        folder = tmp_path / f"worker-{worker}"
        folder.mkdir()
        (folder / "start").touch()
        process = subprocess.Popen(
            command("stall_while_writing", lake_properties, folder, worker, 0),
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert process.stdout is not None
        process.stdout.readline()  # the first version is out, the next is on its way
        time.sleep(0.017 * worker)
        process.kill()
        process.wait()
    numbers = [row[0] for row in bench.rows()]
    assert len(numbers) % 10 == 0
    bench.load("after", rows_of(9999))
    assert (9999, "a", "x") in bench.rows()
    before = bench.rows()
    bench.lake.maintain(bench.dataset, grace=timedelta(0), candidate_days=0)
    assert bench.rows() == before
