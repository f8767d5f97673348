"""The section Schema of a dataset's page: its columns, and what was last found out about each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.model.verdicts import RuleResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_gov.model.classification import Proposal
    from airflow_gov.model.contract import Column
    from airflow_gov.store import Store
    from airflow_gov.web.dataset import Asked, Header


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column with what was last found out about it.

    :param name: its name.
    :param type: its type.
    :param column: as the contract tells it; None where there is no contract.
    :param rules: results of the newest verdict that are about this column alone or among others.
    :param seen: what the newest scan saw in it, or in fields inside it, and the contract does not say.
    """

    name: str
    type: str
    column: Column | None
    rules: tuple[RuleResult, ...] = ()
    seen: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The section Schema.

    :param columns: in order.
    :param rules: results of the newest verdict that are about the dataset as a whole.
    :param told_by: ``contract``, or ``execution`` where the columns are those that were written last.
    """

    columns: tuple[ColumnView, ...]
    rules: tuple[RuleResult, ...]
    told_by: str


def schema(asked: Asked) -> Schema:
    """Read the section Schema."""
    store, about = asked.store, asked.about
    verdict = store.verdicts.get(about.entry.verdict_id) if about.entry.verdict_id else None
    results = verdict.results if verdict is not None else ()
    by_column: dict[str, list[RuleResult]] = defaultdict(list)
    for result in results:
        for name in result.columns:
            by_column[name].append(result)
    declared = about.contract.columns if about.contract is not None else ()
    columns = [ColumnView(each.name, str(each.type), each, tuple(by_column[each.name])) for each in declared]
    told_by = "contract"
    if not columns:
        told_by = "execution"
        written = store.uses.columns(about.dataset)
        columns = [ColumnView(each.name, each.type, None, tuple(by_column[each.name])) for each in written]
    seen = _seen(store, about)
    return Schema(
        tuple(replace(each, seen=_within(each.name, seen)) for each in columns),
        tuple(result for result in results if not result.columns),
        told_by,
    )


def _seen(store: Store, about: Header) -> Sequence[Proposal]:
    """What the newest scan saw and the contract does not say."""
    from airflow_gov.catalog.classification.comparing import unsaid

    scan = store.classifications.get(about.dataset)
    return list(unsaid(scan, about.contract)) if scan is not None else []


def _within(column: str, seen: Iterable[Proposal]) -> tuple[Proposal, ...]:
    return tuple(each for each in seen if each.column == column or each.column.startswith(f"{column}."))
