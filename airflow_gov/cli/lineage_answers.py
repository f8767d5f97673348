"""The answers to questions about lineage, as a person reads them in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from airflow_gov.cli import output
from airflow_gov.cli.lineage_pages import how, more

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.lineage.differences import Difference
    from airflow_gov.lineage.impact import Impact
    from airflow_gov.lineage.origins import Making, OriginTold, RowOrigin
    from airflow_gov.lineage.where_is import Place, Whereabouts


def print_impact(found: Impact) -> None:
    """What breaks."""
    if not (found.columns or found.datasets or found.jobs or found.contracts):
        output.print_table([], [], empty=f"Nothing that is known depends on {found.subject}.")
        return
    output.console().print(output.printable(f"{found.subject}: what depends on it"), style="bold")
    if found.columns:
        output.print_heading("Columns")
        output.print_table(
            ["steps#", "column*", "how"],
            (
                [
                    each.steps,
                    f"{each.dataset}.{each.name}" if each.name else f"{each.dataset} (all rows)",
                    how(each.how),
                ]
                for each in found.columns
            ),
            empty="",
        )
    if found.datasets:
        output.print_heading("Datasets")
        output.print_table(
            ["steps#", "dataset*", "zone", "how"],
            ([each.steps, each.label, each.zone, how(each.how)] for each in found.datasets),
            empty="",
        )
    if found.jobs:
        output.print_heading("Jobs")
        output.print_table(
            ["job*", "dag*", ""],
            (
                [
                    each.label,
                    each.dag_id or "outside Airflow",
                    "" if each.certain else "reads the dataset, does not say which columns",
                ]
                for each in found.jobs
            ),
            empty="",
        )
    if found.contracts:
        output.print_heading("Contracts")
        output.print_table(
            ["dataset*", "column*", "rule", "contract"],
            ([each.dataset, each.column, each.rule or "declared", each.path] for each in found.contracts),
            empty="",
        )
    if found.truncated:
        more("There is more than could be followed.")


def print_origin(found: OriginTold) -> None:
    """Where a column came from."""
    version = f" version {found.version}" if found.version else ""
    output.console().print(output.printable(f"{found.dataset}.{found.column}{version}"), style="bold")
    output.print_heading("Columns")
    output.print_table(
        ["steps#", "column*", "how", ""],
        (
            [
                each.steps,
                f"{each.dataset}.{each.column}",
                how(each.how),
                "comes from no other" if each.first else "",
            ]
            for each in found.columns
        ),
        empty="It comes from no column that is known.",
    )
    if found.outside:
        output.print_heading("Outside the lake")
        output.print_table(["address*"], ([each] for each in found.outside), empty="")
    print_made(found.loads)
    if found.truncated:
        more("There is more than could be followed.")


def print_row(found: RowOrigin) -> None:
    """Where the rows of a load came from."""
    output.console().print(output.printable(f"{found.dataset}: load {found.load_id}"), style="bold")
    output.console().print()
    output.print_facts(
        {
            "state": found.state,
            "written": found.write_mode,
            "rows": found.rows,
            "published as version": list(found.versions),
        }
    )
    print_made(found.made)
    if found.truncated:
        more("There is more than could be followed.")


def print_made(made: Sequence[Making]) -> None:
    """Loads with who made them, with which code, and the files they brought."""
    if not made:
        return
    output.print_heading("Loads, the newest first")
    output.print_table(
        ["dataset*", "load*", "what", "dag", "task", "who", "code", "started", "execution*"],
        (
            [
                each.dataset,
                each.load_id,
                each.action,
                each.dag_id,
                each.task_id,
                each.who,
                _code(each),
                each.started_at,
                each.execution_id,
            ]
            for each in made
        ),
        empty="",
    )
    files = [(each, file) for each in made for file in each.files]
    if files:
        output.print_heading("Files")
        output.print_table(
            ["dataset*", "bucket*", "key*", "size#", "SHA-256*"],
            (
                [each.dataset, file.bucket, file.key, output.size(file.size), file.sha256]
                for each, file in files
            ),
            empty="",
        )


def print_places(found: Whereabouts, asked: str) -> None:
    """Every place of a column."""
    output.print_table(
        ["zone", "column*", "why", "values", "tags", "lies in*", "written by", "read by"],
        (_place(each) for each in found.places),
        empty=f"No column that is called or tagged {asked!r} is known.",
    )
    if found.truncated:
        more("There is more than could be followed.")


def print_difference(found: Difference) -> None:
    """Two versions side by side."""
    output.console().print(output.printable(found.dataset), style="bold")
    output.print_table(
        ["", "version*", "rows#", "size#", "made", "by", "code"],
        (
            [
                name,
                each.number or each.version,
                each.rows,
                output.size(each.size),
                each.at,
                each.run.job_label if each.run else None,
                each.git_tag or (each.git_commit or "")[:12],
            ]
            for name, each in (("before", found.a), ("after", found.b))
        ),
        empty="",
    )
    if found.rows is not None:
        output.console().print(f"{found.rows:+,} rows")
    output.print_heading("Changes")
    output.print_table(
        ["what", "name*", "change", "before", "after"],
        ([each.what, each.name, each.change, each.before, each.after] for each in found.changes),
        empty="Columns, inputs, column lineage, job and code are the same.",
    )


def _place(place: Place) -> list[Any]:
    readers = [
        reader.label + ("" if reader.certain else " (perhaps)")
        for reader in sorted(place.readers, key=lambda each: not each.certain)
    ]
    return [
        place.zone,
        f"{place.dataset}.{place.column}",
        place.relation.value,
        Text("masked", style="green") if place.masked else "in the clear",
        list(place.tags),
        place.location,
        list(place.writers),
        readers,
    ]


def _code(made: Making) -> str | None:
    if made.git is None:
        return None
    return made.git.tag or (made.git.commit or "")[:12] or None
