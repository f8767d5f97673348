"""Makes a job's edges what its runs told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, or_, select, tuple_

from airflow_gov.model.column_lineage import Influence, Transformation
from airflow_gov.store.lineage.asking import Listed
from airflow_gov.store.lineage.putting import put_edges
from airflow_gov.store.lineage.settling import Ends, Saying, generations
from airflow_gov.store.lineage.tellings import ends_of
from airflow_gov.store.lineage.writing_datasets import column_ids
from airflow_gov.store.lineage_tables import NAME_HOLDS, column_edge, edge, job_dataset

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping, Select

    from airflow_gov.model.intake import Told
    from airflow_gov.model.lineage import Named
    from airflow_gov.store.lineage.identities import Identities
    from airflow_gov.store.lineage.telling import Tellings

#: Rows that one statement writes.
_CHUNK = 2_000

_Key = tuple[Any, ...]

_JOBS = Listed(wanted_job=int, done=datetime)
_LOST = Listed(lost_source=int, lost_target=int)


@dataclass(slots=True)
class Span:
    """Of what is told of an edge: since when, in which generation last, and how then."""

    first: datetime
    last: datetime
    how: tuple[Transformation, ...] = ()

    def add(self, first: datetime, last: datetime, how: tuple[Transformation, ...]) -> None:
        """Take what another telling has of the same edge."""
        if last > self.last:
            self.how = how
        elif last == self.last and how != self.how:
            self.how = tuple(sorted({*self.how, *how}))
        self.first, self.last = min(first, self.first), max(last, self.last)


@dataclass(slots=True)
class Settled:
    """The edges of one job, from some generation on.

    :param ends: when what was told last ended.
    :param lost: edges between datasets that a run told and no longer tells.
    """

    job_id: int
    ends: Ends
    datasets: dict[_Key, Span] = field(default_factory=dict)
    edges: dict[_Key, Span] = field(default_factory=dict)
    columns: dict[_Key, Span] = field(default_factory=dict)
    lost: frozenset[_Key] = frozenset()


def settle(
    job_id: int,
    sayings: Iterable[Saying],
    tellings: Tellings,
    identities: Identities,
    lost: Iterable[tuple[Named, Named]] = (),
) -> Settled:
    """What edges follow from what runs of a job told.

    :param sayings: of whole generations, from some moment on.
    """
    known = list(sayings)
    ordered = generations(known)
    settled = Settled(job_id, Ends(ordered))
    starts = {each.generation: each.started_at for each in known}
    for each in known:
        starts[each.generation] = min(each.started_at, starts[each.generation])
    spans: dict[_Key, tuple[int, dict[Named, int], datetime, datetime]] = {}
    for each in known:
        told = tellings.told(each.telling_id)
        names = identities.find_all(_names(told), each.started_at)
        start = starts[each.generation]
        key = (each.telling_id, *sorted(names.values()))
        _, _, first, last = spans.get(key, (0, names, start, start))
        spans[key] = (each.telling_id, names, min(first, start), max(last, start))
    for telling_id, names, first, last in spans.values():
        _spread(settled, tellings.told(telling_id), names, first, last)
    moment = max(starts.values(), default=None)
    if moment is not None:
        gone = ((identities.find(one, moment), identities.find(other, moment)) for one, other in lost)
        settled.lost = frozenset(gone)
    return settled


def _names(told: Told) -> frozenset[Named]:
    return told.inputs | told.outputs | ends_of(told.column_edges)


def _spread(
    settled: Settled, told: Told, names: Mapping[Named, int], first: datetime, last: datetime
) -> None:
    def add(spans: dict[_Key, Span], key: _Key, how: tuple[Transformation, ...] = ()) -> None:
        span = spans.get(key)
        if span is None:
            spans[key] = Span(first, last, how)
        else:
            span.add(first, last, how)

    for output, touched in ((False, told.inputs), (True, told.outputs)):
        for name in touched:
            add(settled.datasets, (names[name], output))
    for one, other in told.dataset_edges:
        add(settled.edges, (names[one], names[other]))
    for each in told.column_edges:
        key = (names[each.source], each.source_column, names[each.target], each.target_column)
        add(settled.columns, key, each.transformations)


# --- writing --------------------------------------------------------------------------------------------


def write_edges(connection: Connection, settled: list[Settled]) -> None:
    """Write the edges of jobs, and end those that later generations no longer have."""
    ids = column_ids(
        connection, {end for each in settled for key in each.columns for end in (key[:2], key[2:])}
    )
    for table, spans in (
        (job_dataset, {each.job_id: each.datasets for each in settled}),
        (edge, {each.job_id: each.edges for each in settled}),
        (
            column_edge,
            {
                each.job_id: {(ids[key[:2]], ids[key[2:]]): span for key, span in each.columns.items()}
                for each in settled
            },
        ),
    ):
        _write(connection, table, settled, spans)


def _write(
    connection: Connection, table: Table, settled: list[Settled], spans: Mapping[int, Mapping[_Key, Span]]
) -> None:
    there = _load(connection, table, settled)
    make = _column_row if table is column_edge else _dataset_row if table is job_dataset else _row
    changed = (row for each in settled for row in _rows(each, spans[each.job_id], there[each.job_id], make))
    while chunk := list(islice(changed, _CHUNK)):
        put_edges(connection, table, chunk)
    if table is edge:
        for each in settled:
            _lose(connection, each, each.lost - each.edges.keys())


def _load(connection: Connection, table: Table, settled: list[Settled]) -> dict[int, dict[_Key, Any]]:
    """The edges that may end because they are not told: those that hold, or ended too late."""
    dialect = connection.dialect.name
    given = _JOBS.given(dialect, [(each.job_id, each.ends.first or NAME_HOLDS) for each in settled])
    found: dict[int, dict[_Key, Any]] = defaultdict(dict)
    for row in connection.execute(_held(dialect, table), given).mappings():
        found[row["job_id"]][_key(table, row)] = row
    return found


@cache
def _held(dialect: str, table: Table) -> Select[Any]:
    wanted = _JOBS.table(dialect)
    query = select(table).select_from(wanted).join(table, table.c.job_id == wanted.c.wanted_job)
    return query.where(or_(table.c.until.is_(None), table.c.until > wanted.c.done))


def _key(table: Table, row: RowMapping) -> _Key:
    ends = ("dataset_id", "output") if table is job_dataset else ("source_id", "target_id")
    return row[ends[0]], row[ends[1]]


def _rows(
    settled: Settled, spans: Mapping[_Key, Span], there: Mapping[_Key, Any], make: Any
) -> Iterator[dict[str, Any]]:
    for key, span in sorted(spans.items(), key=lambda item: item[0]):
        row = {**make(key, span), "job_id": settled.job_id}
        row |= {"first_seen": span.first, "until": settled.ends.after(span.last)}
        old = there.get(key)
        if old is None or _differs(old, row):
            yield row
    first = settled.ends.first
    for key, old in there.items():
        if first is not None and key not in spans:
            yield {**old, "until": min(first, old["until"] or first)}


def _differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if new["first_seen"] < old["first_seen"]:
        return True
    return any(old[name] != value for name, value in new.items() if name != "first_seen")


def _row(key: _Key, _: Span) -> dict[str, Any]:
    return {"source_id": key[0], "target_id": key[1]}


def _dataset_row(key: _Key, _: Span) -> dict[str, Any]:
    return {"dataset_id": key[0], "output": key[1]}


def _column_row(key: _Key, span: Span) -> dict[str, Any]:
    # What only decides shows no values: ways by which they come say whether they can be seen.
    direct = [each for each in span.how if each.influence is Influence.DIRECT]
    ways = direct or span.how
    return {
        **_row(key, span),
        "direct": not span.how or bool(direct),
        "masking": bool(ways) and all(each.masking for each in ways),
        "transformations": [[each.subtype, each.masking, each.description] for each in sorted(span.how)],
    }


def _lose(connection: Connection, settled: Settled, lost: frozenset[_Key]) -> None:
    if lost:
        dialect = connection.dialect.name
        gone = _LOST.table(dialect)
        here = tuple_(edge.c.source_id, edge.c.target_id).in_(select(gone.c.lost_source, gone.c.lost_target))
        statement = delete(edge).where(here, edge.c.job_id == settled.job_id)
        connection.execute(statement, _LOST.given(dialect, sorted(lost)))
