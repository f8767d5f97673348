"""Snapshots as gates look at them, and contracts with quality rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from airflow_gov.contracts import parse_contract
from airflow_gov.model.contract import Contract, QualityEntry
from airflow_gov.model.tables import SourceTable
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality import QueryEngine, Subject, check

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


def subject(
    contract: Contract, candidate: SourceTable, added: SourceTable | None = None, **facts: Any
) -> Subject:
    """A snapshot that one load made, unless told otherwise."""
    return Subject(contract, candidate, candidate if added is None else added, **{"now": NOW, **facts})


def with_rules(
    contract: Contract, *entries: Mapping[str, Any], column: str | None = None, **columns: Sequence[Any]
) -> Contract:
    """A contract with quality entries: at the dataset, at one column, or at several by name."""
    at = {column: entries} if column is not None else columns
    own = () if column is not None else _placed(entries, "$.schema[0].quality")
    return replace(
        contract,
        path=contract.path or "contracts/flights.odcs.yaml",
        quality=(*contract.quality, *own),
        columns=tuple(
            replace(each, quality=_placed(at[each.name], f"$.schema[0].properties[{number}].quality"))
            if each.name in at
            else each
            for number, each in enumerate(contract.columns)
        ),
    )


def suite_results(
    contract: Contract, candidate: SourceTable, engine: QueryEngine, **facts: Any
) -> dict[str, RuleResult]:
    """The results of a contract's suite, by rule; those of structure aside."""
    found = check(subject(contract, candidate, **facts), engine)
    return {result.rule: result for result in found if result.check}


def of_yaml(text: str, dataset: str = "clean.flights", **suites: str) -> Contract:
    """A contract of YAML text, with the texts of its suites."""
    return parse_contract(text, DatasetName.parse(dataset), "contracts/f.odcs.yaml", suites=suites)


def _placed(entries: Sequence[Mapping[str, Any]], path: str) -> tuple[QualityEntry, ...]:
    return tuple(
        QualityEntry(entry, 10 + number, f"{path}[{number}]") for number, entry in enumerate(entries)
    )
