"""One dataset, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.cli import output

if TYPE_CHECKING:
    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.loads import Version
    from airflow_gov.model.summary import DatasetSummary
    from airflow_gov.model.verdicts import Verdict


def print_dataset(
    summary: DatasetSummary, contract: Contract | None, current: Version | None, verdict: Verdict | None
) -> None:
    """What it is, who answers for it, its columns, its current version and the verdict on it."""
    output.console().print(str(summary.dataset), style="bold")
    if contract is not None and contract.description:
        output.console().print(output.printable(contract.description))
    output.console().print()
    output.print_facts(
        {
            "zone": f"{summary.dataset.zone} ({summary.dataset.zone.meaning})",
            "owner": summary.owner,
            "steward": summary.steward,
            "versions": summary.versions,
            "rows quarantined": summary.quarantined,
            "contract": f"{contract.contract_id} {contract.version}" if contract else None,
            "contract file": contract.path if contract else None,
        }
    )
    if current is not None:
        output.print_heading(f"Current version: {current.version}")
        output.print_facts(_version(current))
    if verdict is not None:
        output.print_heading("Gate")
        _print_verdict(verdict)
    if contract is not None and contract.columns:
        output.print_heading("Columns")
        output.print_table(
            ["column", "type", "constraints", "classification", "tags", "meaning"],
            (_column(column) for column in contract.columns),
            empty="",
        )


def _version(version: Version) -> dict[str, Any]:
    return {
        "published": version.published_at,
        "came by": version.kind.value,
        "rows": version.rows,
        "size": f"{output.size(version.size)} in {version.files} file{'s' if version.files != 1 else ''}",
        "snapshot": str(version.snapshot_id),
        "tag": version.tag,
        "loads": list(version.load_ids),
        "execution": version.execution_id,
    }


def _print_verdict(verdict: Verdict) -> None:
    output.print_facts({"verdict": output.outcome(verdict.passed), "checked": verdict.checked_at})
    output.print_table(
        ["rule", "columns", "expected", "observed", "rows that broke it#", ""],
        (
            [
                result.rule,
                ", ".join(result.columns),
                result.expected,
                result.observed,
                result.failed_rows,
                output.outcome(result.passed),
            ]
            for result in verdict.results
        ),
        empty="",
    )


def _column(column: Column) -> list[Any]:
    constraints = [
        word
        for word, holds in (
            (f"primary key {column.primary_key}", column.primary_key is not None),
            ("required", column.required),
            ("unique", column.unique),
            (f"partition {column.partition_key}", column.partition_key is not None),
        )
        if holds
    ]
    return [
        column.name,
        str(column.type),
        ", ".join(constraints),
        column.classification,
        ", ".join(column.tags),
        column.description,
    ]
