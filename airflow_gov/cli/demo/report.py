"""What the demo ends with: per zone what was published, how it was checked, and where it lies."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.cli import output
from airflow_gov.cli.datasets import print_datasets
from airflow_gov.model.execution import Role
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_gov.cli.demo.home import DemoHome
    from airflow_gov.cli.demo.run import Outcome
    from airflow_gov.model.summary import DatasetSummary
    from airflow_gov.store import Store


def build_report(home: DemoHome, outcome: Outcome, seconds: float) -> dict[str, Any]:
    """The demo's result as one document.

    :param home: the demo's home.
    :param outcome: how the Dags ended.
    :param seconds: wall time of all of it.
    """
    settings = Settings.load(home.environment())
    governance = Governance(settings)
    try:
        summaries = governance.store.versions.summaries()
        zones = {zone.value: _zone(zone, summaries, governance.store) for zone in Zone}
    finally:
        governance.close()
    return {
        "succeeded": outcome.succeeded,
        "problem": outcome.problem,
        "seconds": round(seconds, 1),
        "home": str(home.folder),
        "lake": settings.warehouse,
        "catalog_name": settings.catalog_name,
        "catalog": settings.catalog_properties.get("uri"),
        "sources": str(home.sources),
        "synthetic": ["passengers (made by Faker)", "inspections (made up, tail numbers are real)"],
        "dags": outcome.dags,
        "zones": zones,
        "next": _next_commands(home),
    }


def print_report(home: DemoHome, report: dict[str, Any]) -> None:
    """The same for a person.

    :param home: the demo's home.
    :param report: from :func:`build_report`.
    """
    governance = Governance(Settings.load(home.environment()))
    try:
        print_datasets(governance.store.versions.summaries())
    finally:
        governance.close()
    output.print_facts(
        {
            "time": f"{report['seconds']} s, {sum(dag.tasks for dag in report['dags'])} tasks in Airflow",
            "made up": report["synthetic"],
            "delivered files": report["sources"],
            "lake": report["lake"],
            "Iceberg catalogue": f"{report['catalog_name']}, {report['catalog']}",
        }
    )
    output.print_heading("Next")
    for command in report["next"]:
        output.console().print(f"  {command}")


def print_problems(outcome: Outcome) -> None:
    """What failed, why, and where to read more; on standard error."""
    console = output.console(stderr=True)
    for result in outcome.dags:
        if not result.succeeded:
            console.print(f"\nThe Dag {result.dag} ended as {result.state}.", style="bold red")
            for task, error in result.errors.items():
                console.print(f"  {task}: {output.printable(error)}")
            console.print(f"  Its log: {result.log}")
    if outcome.problem:
        console.print(f"\nThe demo stopped: {output.printable(outcome.problem)}", style="bold red")


def _zone(zone: Zone, summaries: Sequence[DatasetSummary], store: Store) -> dict[str, Any]:
    here = {str(each.dataset): _dataset(each, store) for each in summaries if each.dataset.zone is zone}
    return {
        "meaning": zone.meaning,
        "rows": sum(each["rows"] or 0 for each in here.values()),
        "quarantined": sum(each["quarantined"] or 0 for each in here.values()),
        "datasets": here,
    }


def _dataset(summary: DatasetSummary, store: Store) -> dict[str, Any]:
    return {
        "version": summary.version,
        "versions": summary.versions,
        "rows": summary.rows,
        "quarantined": summary.quarantined or 0,
        "gate": {True: "passed", False: "failed", None: None}[summary.passed],
        "published_at": summary.published_at,
        "size": summary.size,
        "location": _location(store, summary.dataset),
    }


def _location(store: Store, dataset: DatasetName) -> str | None:
    """The dataset's folder in the lake, as the files of its current version's loads show."""
    folder = f"/{dataset.zone}/{dataset.name}/"
    for uri in _written_files(store, dataset):
        return uri.removeprefix("file://").partition(folder)[0] + folder.rstrip("/")
    return None


def _written_files(store: Store, dataset: DatasetName) -> Iterator[str]:
    current = store.versions.current(dataset)
    for load_id in current.load_ids if current else ():
        load = store.loads.get(dataset, load_id)
        execution = store.executions.get(load.execution_id) if load else None
        for data in execution.data if execution else ():
            if data.role is Role.TARGET and data.dataset == str(dataset):
                yield from (file.uri for file in data.files)


def _next_commands(home: DemoHome) -> list[str]:
    folder, program = shlex.quote(str(home.folder)), shlex.quote(_program())
    return [
        f"AIRFLOW_HOME={folder} {program} zones",
        f"AIRFLOW_HOME={folder} {program} datasets show gold.carrier_punctuality",
        f"AIRFLOW_HOME={folder} {program} executions list --dag flights",
        f"{program} demo --home {folder} --serve",
    ]


def _program() -> str:
    """The command as it can be typed here: by name where the shell finds it, else by its path."""
    installed = Path(sys.executable).with_name("airflow-gov")
    if shutil.which("airflow-gov") == str(installed) or not installed.exists():
        return "airflow-gov"
    here = Path.cwd()
    return str(installed.relative_to(here) if installed.is_relative_to(here) else installed)
