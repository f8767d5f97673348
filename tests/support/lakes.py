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
    """What a dataset must hold, kept the simple way: a list of rows with the load each is from."""

    rows: list[tuple[int, str | None, str | None, str]] = field(default_factory=list)

    def apply(self, load: str, rows: Sequence[Row], mode: WriteMode) -> None:
        """Apply a load as the write mode says; its own earlier rows are replaced in every mode."""
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
