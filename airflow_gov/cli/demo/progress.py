"""What a person sees while the demo runs: moving bars in a terminal, a line a Dag elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from airflow_gov.cli import output

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID

    from airflow_gov.cli.demo.run import DagResult


class DemoProgress:
    """Follows the Dags on standard error; a context manager."""

    def __init__(self) -> None:
        self._console = output.console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", style="bold"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}

    def step(self, what: str) -> None:
        """Say what is being prepared."""
        self._console.print(what, style="dim")

    def dag_started(self, dag: str, tasks: int) -> None:
        """A Dag has started."""
        self._bars[dag] = self._progress.add_task(dag, total=tasks, note="")

    def task_ended(self, dag: str, task: str, state: str) -> None:
        """A task has ended."""
        bar = self._bars[dag]
        shown = next(each for each in self._progress.tasks if each.id == bar)
        # Mapped tasks are counted as they come: how many there are is known when they exist.
        total = max(shown.total or 0, shown.completed + 1)
        self._progress.update(bar, advance=1, total=total, note=f"{task} {state}")

    def dag_ended(self, result: DagResult) -> None:
        """A Dag has ended."""
        note = "" if result.succeeded else result.state
        self._progress.update(self._bars[result.dag], total=result.tasks, note=note)
        if not self._console.is_terminal:
            self._console.print(f"{result.dag}: {result.state}, tasks: {result.tasks}, {result.seconds} s")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()
