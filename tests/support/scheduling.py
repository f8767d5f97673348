"""Which worker of pytest-xdist gets which files, and when."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from xdist.scheduler.loadfile import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

#: Files that look at the same thing, which takes long to make and which each worker would make anew.
TOGETHER = {
    "the demo": ("system/test_demo.py", "system/test_example_dags.py", "system/test_read_outside.py",
                 "system/test_serve.py"),
    "Airflow in a browser": ("browser/",),
}  # fmt: skip
#: What takes longest, longest first: begun last, it would keep one worker busy and the other idle.
LONGEST = (
    "the demo",
    "Airflow in a browser",
    "tests/contract/test_lake_behaviour.py",
    "tests/contract/test_lake_processes.py",
    "tests/contract/test_faults.py",
    "tests/system/test_operators.py",
    "tests/system/test_loads.py",
    "tests/contract/test_lineage_delivery.py",
    "tests/system/test_bad_input.py",
    "tests/system/test_lineage_transport.py",
    "tests/unit/lake/test_growth.py",
    "tests/system/test_record_statuses.py",
    "tests/system/test_lineage_told.py",
    "tests/system/test_verdicts_told.py",
    "tests/contract/test_store_processes.py",
    "tests/contract/test_raw_objects.py",
    "tests/unit/flow/test_reviewing.py",
    "tests/system/test_approval.py",
    "tests/unit/audit/test_auditing.py",
    "tests/unit/flow/test_quarantining.py",
    "tests/unit/flow/test_gates.py",
    "tests/unit/cli/test_main.py",
    "tests/contract/test_ordinary_life.py",
    "tests/unit/lake/test_sequences.py",
    "tests/unit/transform/files/test_csv.py",
    "tests/system/test_split.py",
    "tests/system/test_store_down.py",
)


class LongestFirst(LoadFileScheduling):
    """The tests of a file, or of files that belong together, are one worker's; the longest come first.

    When a worker dies at work, another goes on with what it had left. xdist's own would also hand out again
    what was done and the test that killed it, and with a worker that was given only what is done it waits for
    ever.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next(
            (
                name
                for name, beginnings in TOGETHER.items()
                if file.removeprefix("tests/").startswith(beginnings)
            ),
            file,
        )

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = next((name for name in LONGEST if name in self.workqueue), None)
        if longest is not None:
            self.workqueue.move_to_end(longest, last=False)
        # It may just have died: when xdist hears of that, all that it was given is handed out again.
        with suppress(OSError):
            super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if node not in self.registered_collections:
            return  # a dead worker's successor, which still looks for the tests
        super()._reschedule(node)
        # A worker begins a test when it knows the next one, and is given more when it has done one.
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """A worker has ended; gives the test that killed it, if one did."""
        work = self.assigned_work.pop(node)
        left = {scope: tests for scope, tests in work.items() if not all(tests.values())}
        if not left:
            return None
        tests = next(iter(left.values()))
        killer = next(test for test, done in tests.items() if not done)
        tests[killer] = True
        self.workqueue.update((scope, tests) for scope, tests in left.items() if not all(tests.values()))
        for other in self.nodes:
            self._reschedule(other)
        return killer
