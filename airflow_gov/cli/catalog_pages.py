"""The catalogue as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.cli import output
from airflow_gov.model.catalogue import Gap

if TYPE_CHECKING:
    from airflow_gov.catalog.describing import Described
    from airflow_gov.catalog.gaps import Gaps, Lacking
    from airflow_gov.model.catalogue import CataloguePage
    from airflow_gov.model.contract import Column

#: Columns that are named in a line; the rest is a number.
_NAMED = 5


def print_found(page: CataloguePage) -> None:
    """What a search found."""
    governed: list[list[Any]] = [
        [
            each.dataset,
            each.version,
            each.rows,
            output.size(each.size),
            each.standing.value,
            each.published_at,
            each.owner,
            _first_line(each.description),
        ]
        for each in page.entries
    ]
    beyond: list[list[Any]] = [
        [f"{each.namespace}/{each.name}", None, None, "", "not governed", None, None, "known from lineage"]
        for each in page.outside
    ]
    output.print_table(
        ["dataset*", "version#", "rows#", "size#", "gate", "published", "owner", "what it is"],
        [*governed, *beyond],
        empty="Nothing is found: every word has to begin a word of a name, a meaning, a person or a tag.",
    )
    shown = len(governed) + len(beyond)
    if shown < page.total:
        left = f"{shown:,} of {page.total:,}. More: add a word or a filter, or --limit."
        output.console(stderr=True).print(left)


def print_described(found: Described) -> None:
    """One dataset."""
    entry, usage = found.entry, found.usage
    output.console().print(str(entry.dataset), style="bold")
    if entry.description:
        output.console().print(output.printable(entry.description))
    output.console().print()
    files = f" in {entry.files:,} file{'s' if entry.files != 1 else ''}" if entry.files is not None else ""
    output.print_facts(
        {
            "zone": f"{entry.dataset.zone} ({entry.dataset.zone.meaning})",
            "owner": entry.owner,
            "stewards": list(entry.stewards),
            "tags": ", ".join(entry.tags),
            "personal data": "yes" if entry.personal else None,
            "version": entry.version,
            "rows": entry.rows,
            "size": f"{output.size(entry.size)}{files}" if entry.size is not None else None,
            "published": entry.published_at,
            "newest rows": entry.fresh_at,
            "fresh until": entry.due_at,
            "gate": entry.standing.value,
            "rows quarantined": entry.quarantined or None,
            "read": _usage(usage.reads, usage.tasks),
            "last read": usage.last_read_at,
            "contract file": found.contract,
            "contract problem": found.problem,
            "lacks": [_lack(gap, found) for gap in found.gaps],
        }
    )
    if found.columns:
        output.print_heading("Columns")
        heads = ["column", "type", "classification", "tags", "meaning"]
        parts = (part for column in found.columns for part in (column, *column.fields))
        output.print_table(heads, (_column(part) for part in parts), empty="")
    if found.seen:
        output.print_heading("What a scan saw, and the contract does not say")
        output.print_table(
            ["column", "looks like", "confidence#", "why"],
            ([each.column, each.tag, f"{each.confidence:.2f}", str(each.evidence)] for each in found.seen),
            empty="",
        )
    if usage.readers:
        output.print_heading("Who reads it")
        output.print_table(
            ["task", "reads#", "last read", "execution"],
            (
                [f"{each.dag_id}.{each.task_id}", each.reads, each.last_read_at, each.execution_id]
                for each in usage.readers
            ),
            empty="",
        )


def print_gaps(found: Gaps) -> None:
    """What datasets lack."""
    output.print_table(
        ["dataset*", "lacks", "undescribed columns", "owner", "last read"],
        (
            [each.dataset, _lacks(each), _named(each.undescribed), each.owner, each.last_read_at or "never"]
            for each in found.datasets
        ),
        empty="No dataset lacks anything of this.",
    )
    if len(found.datasets) < found.total:
        output.console(stderr=True).print(f"{len(found.datasets):,} of {found.total:,}: see --limit.")


def _usage(reads: int, tasks: int) -> str:
    if not reads:
        return "never"
    return f"{reads:,} time{'s' if reads != 1 else ''} by {tasks:,} task{'s' if tasks != 1 else ''}"


def _lacks(each: Lacking) -> str:
    words = {
        Gap.UNDOCUMENTED: "description" if not each.described else "column meanings",
        Gap.UNOWNED: "owner" if not each.owner else "steward",
        Gap.UNUSED: "readers of late",
        Gap.UNREAD: "readers ever",
    }
    return ", ".join(words[gap] for gap in each.gaps)


def _lack(gap: Gap, found: Described) -> str:
    if gap is Gap.UNOWNED:
        return "owner" if not found.entry.owner else "steward"
    if gap is Gap.UNDOCUMENTED:
        named = f"meaning of {_named(found.undescribed)}" if found.undescribed else ""
        return ", ".join(filter(None, ("" if found.entry.description else "description", named)))
    return "readers of late" if gap is Gap.UNUSED else "readers ever"


def _named(columns: tuple[str, ...]) -> str:
    more = f" and {len(columns) - _NAMED:,} more" if len(columns) > _NAMED else ""
    return ", ".join(columns[:_NAMED]) + more


def _column(column: Column) -> list[Any]:
    tags = ", ".join(column.tags)
    return [column.name, column.type, column.classification, tags, column.description]


def _first_line(text: str) -> str:
    line = text.strip().split("\n")[0]
    return line if len(line) <= 80 else f"{line[:79]}…"
