"""Maintenance from the command line: one dataset after the other, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from airflow_gov.cli import output
from airflow_gov.flow.environment import os_user
from airflow_gov.flow.maintenance import Upkeep, maintain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.lake import MaintenanceReport
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def maintain_all(
    governance: Governance, names: Sequence[DatasetName], upkeep: Upkeep
) -> dict[DatasetName, MaintenanceReport]:
    """Maintain datasets and show on standard error how far it is."""
    console = output.console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    reports = {}
    with progress:
        bar = progress.add_task("", total=len(names))
        for name in names:
            progress.update(bar, description=str(name))
            reports[name] = maintain(governance, name, upkeep, actor=os_user())
            progress.advance(bar)
    return reports


def print_reports(reports: Mapping[DatasetName, MaintenanceReport]) -> None:
    """What was done, a line a dataset."""
    output.print_table(
        ["dataset*", "versions removed#", "snapshots removed#", "files merged#", "files removed#", "freed#"],
        (_line(name, report) for name, report in reports.items()),
        empty="No datasets yet: nothing to maintain.",
    )


def _line(name: DatasetName, report: MaintenanceReport) -> list[Any]:
    merged = f"{report.files_compacted} into {report.files_written}" if report.files_written else None
    return [
        name,
        len(report.tags),
        len(report.snapshots),
        merged or report.files_compacted,
        len(report.files),
        output.size(report.bytes_removed),
    ]
