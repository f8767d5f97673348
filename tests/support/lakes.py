"""A small dataset and the few moves that tests of the lake make over and over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from airflow_gov.lake import Lake
from airflow_gov.model.contract import LOAD_ID_COLUMN, Column, Contract
from airflow_gov.model.errors import CandidateStaleError
from airflow_gov.model.loads import Candidate, LoadKey, WriteMode
from airflow_gov.model.types import parse_type
from airflow_gov.model.zones import DatasetName

#: Columns of the dataset most tests use: a key, a partition, a value.
NUMBER = Column("number", parse_type("long"), primary_key=1)
PART = Column("part", parse_type("string"))
VALUE = Column("value", parse_type("string"))
_NAMES = ("number", "part", "value")

Row = tuple[int, str | None, str | None]
LedgerRow = tuple[int, str | None, str | None, str]
R = TypeVar("R", bound="tuple[Any, ...]")


def load_id(name: str) -> str:
    """A load id as load keys give it."""
    return LoadKey((name,)).load_id


def contract(
    dataset: str = "clean.numbers",
    columns: Sequence[Column] = (NUMBER, PART, VALUE),
    *,
    partition_by: str | None = None,
) -> Contract:
    """A contract of a table of numbers."""
    if partition_by is not None:
        columns = [replace(c, partition_key=1) if c.name == partition_by else c for c in columns]
    text = repr(columns)
    return Contract(
        DatasetName.parse(dataset), tuple(columns), hashlib.sha256(text.encode()).hexdigest(), text
    )


def rows_of(*numbers: int, part: str = "a", value: str = "x") -> list[Row]:
    """Rows of the dataset, by their numbers."""
    return [(number, part, value) for number in numbers]


def in_order(rows: Iterable[R]) -> list[R]:
    """Rows by their number, then by the rest; nulls among them."""
    return sorted(rows, key=lambda row: (row[0], repr(row)))


@dataclass
class Bench:
    """A lake and a contract, with short words for what tests do with them."""

    lake: Lake
    contract: Contract = field(default_factory=contract)

    @property
    def dataset(self) -> DatasetName:
        return self.contract.dataset

    def over(self, made: Contract) -> Bench:
        """The same lake with another contract."""
        return Bench(self.lake, made)

    def write(
        self,
        load: str,
        rows: Iterable[Row] | Iterable[Mapping[str, Any]],
        mode: WriteMode = WriteMode.APPEND,
        **properties: str,
    ) -> Candidate:
        """Write a candidate; rows of one partition go into one file."""
        with self.lake.stage(self.dataset, load_id(load)) as staging:
            self.lake.prepare(self.contract)
            by_part: dict[Any, list[Mapping[str, Any]]] = {}
            for row in rows:
                named = row if isinstance(row, Mapping) else dict(zip(_NAMES, row, strict=True))
                by_part.setdefault(tuple(named.get(c) for c in self.contract.partition_by), []).append(named)
            for part in by_part.values():
                staging.write_rows(self.contract.columns, part)
            return self.lake.write_candidate(
                self.contract,
                staging,
                load_id=load_id(load),
                write_mode=mode,
                properties={f"airflow-gov.{key}": value for key, value in properties.items()},
            )

    def publish(self, *candidates: Candidate) -> Candidate:
        """Rebase and publish until nobody is faster; gives what was published."""
        pending: Sequence[Candidate] = candidates
        while True:
            merged = self.lake.rebase(pending)
            try:
                self.lake.publish(merged, tag=self.lake.next_tag(self.dataset))
            except CandidateStaleError:
                pending = [merged]
                continue
            return merged

    def load(self, load: str, rows: Iterable[Row], mode: WriteMode = WriteMode.APPEND) -> Candidate:
        """Write and publish."""
        return self.publish(self.write(load, rows, mode))

    def rows(self, snapshot_id: int | None = None, *, load: str | None = None) -> list[Row]:
        """The rows of a snapshot, by default of main, sorted."""
        return [row[:3] for row in self.rows_and_loads(snapshot_id, load=load)]

    def rows_and_loads(
        self, snapshot_id: int | None = None, *, load: str | None = None
    ) -> list[tuple[int, str | None, str | None, str]]:
        """The rows of a snapshot with the load each is from, sorted."""
        head = snapshot_id if snapshot_id is not None else self.head()
        scan = self.lake.scan(self.dataset, head, load_id=load_id(load) if load else None)
        table = scan.to_reader().read_all()
        assert scan.rows == table.num_rows
        found = [(row["number"], row["part"], row["value"], row[LOAD_ID_COLUMN]) for row in table.to_pylist()]
        return in_order(found)

    def head(self) -> int:
        head = self.lake.head(self.dataset)
        assert head is not None
        return head


@dataclass
class Ledger:
    """What a dataset must hold, kept the simple way: a list of rows with the load each is from.

    :param past: each load, its mode and the rows before it, newest first.
    :param forgotten: whether there was more past than that.
    """

    rows: list[LedgerRow] = field(default_factory=list)
    past: list[tuple[str, WriteMode, list[LedgerRow]]] = field(default_factory=list)
    forgotten: bool = False

    def forget(self) -> None:
        """Old versions are removed."""
        self.forgotten = self.forgotten or bool(self.past)
        self.past = []

    def apply(self, load: str, rows: Sequence[Row], mode: WriteMode) -> None:
        """Apply a load as the write mode says; its own earlier rows are replaced in every mode."""
        before = self.rows
        given_back = self._given_back(load, {row[0] for row in rows}) if mode is WriteMode.UPSERT else []
        self._replace(load, rows, mode)
        self.rows = in_order(self.rows + given_back)
        self.past.insert(0, (load_id(load), mode, before))

    def _given_back(self, load: str, keys: set[int]) -> list[LedgerRow]:
        """For each key that an upsert does not bring any more, the last row that still counts."""
        own = [row for row in self.rows if row[3] == load_id(load) and row[0] not in keys]
        return [back for key in {row[0] for row in own} for back in self._last(key, own)]

    def _last(self, key: int, own: list[LedgerRow]) -> list[LedgerRow]:
        owners, replaced = {row[3] for row in own}, {row[3] for row in own}
        for load, mode, before in self.past:
            replaced.add(load)
            if load not in owners or mode is not WriteMode.UPSERT:
                continue
            there = [row for row in before if row[0] == key]
            counting = [row for row in there if row[3] not in replaced]
            if counting or not there:
                return counting
            owners |= {row[3] for row in there}
        return [row for row in own if row[0] == key] if self.forgotten else []

    def _replace(self, load: str, rows: Sequence[Row], mode: WriteMode) -> None:
        keys = {row[0] for row in rows}
        parts = {row[1] for row in rows}
        stays = {
            WriteMode.APPEND: lambda row: True,
            WriteMode.OVERWRITE: lambda row: False,
            WriteMode.OVERWRITE_PARTITION: lambda row: row[1] not in parts,
            WriteMode.UPSERT: lambda row: row[0] not in keys,
        }[mode]
        kept = [row for row in self.rows if row[3] != load_id(load) and stays(row)]
        self.rows = in_order(kept + [(*row, load_id(load)) for row in rows])
