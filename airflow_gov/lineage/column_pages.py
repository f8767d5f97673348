"""The columns of a dataset, page by page, with what contracts and events say of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import column_key
from airflow_gov.lineage.nodes import is_personal, tag_text
from airflow_gov.lineage.promises import contract_in_use
from airflow_gov.model.graph import Degree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_gov.model.graph import Column, Dataset
    from airflow_gov.store import Store


@dataclass(frozen=True, slots=True)
class ColumnPage:
    """Some columns of a dataset.

    :param total: how many there are in all.
    :param next: what to ask for the next page with; None on the last.
    """

    dataset: str
    total: int
    columns: tuple[ColumnRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column with its meaning and its sensitivity.

    :param up: from how many columns it comes.
    :param down: into how many it goes.
    """

    id: str
    name: str
    type: str | None
    description: str | None
    classification: str | None
    tags: tuple[str, ...]
    personal: bool
    up: int
    down: int


def column_page(
    store: Store,
    dataset: Dataset,
    *,
    dags: frozenset[str] | None,
    as_of: datetime | None = None,
    text: str = "",
    first: Sequence[str] = (),
    after: str | None = None,
    limit: int = 10,
) -> ColumnPage:
    """Columns of a dataset in the order of its schema.

    :param text: only those whose name has it.
    :param first: those of these names come before all others, e.g. those that are traced.
    :param after: what the page before gave as `next`.
    """
    read = store.lineage.read
    then = read.versions.schemas_at([dataset.dataset_id], as_of, dags=dags) if as_of else {}
    if then:
        columns, total = _columns_then(
            store, dataset, then[dataset.dataset_id], text, frozenset(first), after, limit + 1
        )
    else:
        columns, total = read.columns.page(
            dataset.dataset_id, dags=dags, as_of=as_of, text=text, first=first, after=after, limit=limit + 1
        )
    more, columns = len(columns) > limit, columns[:limit]
    degrees = read.columns.degrees(columns, dags=dags, as_of=as_of)
    contract = contract_in_use(store, dataset)
    tags = read.nodes.tags([dataset.dataset_id]).get(dataset.dataset_id, [])
    rows = []
    for column in columns:
        own = [tag for tag in tags if tag.column == column.name]
        promised = contract.find(column.name) if contract else None
        told = [tag_text(tag) for tag in own]
        degree = degrees.get(column.column_id, Degree())
        rows.append(
            ColumnRow(
                id=column_key(dataset.dataset_id, column.name),
                name=column.name,
                type=column.type or (str(promised.type) if promised else None),
                description=(promised.description if promised else "") or column.description,
                classification=promised.classification if promised else None,
                tags=tuple(dict.fromkeys((*(promised.tags if promised else ()), *told))),
                personal=any(map(is_personal, own)) or bool(promised and promised.classified),
                up=degree.up,
                down=degree.down,
            )
        )
    return ColumnPage(dataset.label, total, tuple(rows), columns[-1].name if more else None)


def _columns_then(
    store: Store,
    dataset: Dataset,
    schema: Sequence[tuple[str, str]],
    text: str,
    first: frozenset[str],
    after: str | None,
    limit: int,
) -> tuple[list[Column], int]:
    """A page of the columns that a version had."""
    wanted = [(name, kind) for name, kind in schema if text.lower() in name.lower()]
    wanted.sort(key=lambda column: column[0] not in first)
    names = [name for name, _ in wanted]
    start = names.index(after) + 1 if after in names else 0
    page = dict(wanted[start : start + limit])
    known = {each.name: each for each in store.lineage.read.columns.named_in(dataset.dataset_id, page)}
    return [replace(known[name], type=kind) for name, kind in page.items() if name in known], len(wanted)
