"""A governed lake with a contract, in which loads are written and gates run without Airflow."""

from __future__ import annotations

import itertools
import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_gov.contracts import parse_contract
from airflow_gov.flow.deciding import GateOptions
from airflow_gov.flow.loading import LoadRequest, open_load, write_candidate
from airflow_gov.flow.publishing import Publication, publish
from airflow_gov.flow.recording import recorded
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.loads import FileRef, LoadKey, SourceRef, WriteMode
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from airflow_gov.transform import Written, to_arrow_type
from support import records, stores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Load
    from airflow_gov.model.verdicts import Review

FLIGHTS = DatasetName.parse("clean.flights")
STEWARD = "grace@example.com"
Row = dict[str, Any]


def delays(*delays: int | None, first: int = 1, day: str = "mon") -> list[Row]:
    """A flight for each delay; keys count from `first`."""
    return [
        {"flight": number, "day": day, "delay": delay, "email": f"secret-{number}@example.com"}
        for number, delay in enumerate(delays, first)
    ]


def contract_text(**changes: Any) -> str:
    """Flights with a key, a delay that may not be negative and a mail address nobody may see.

    :param changes: `members`, `sla`, `quality`, `partitioned`, `version`, in place of what there is.
    """
    delay = {"name": "no negative delays", **_NOT_NEGATIVE}
    day = {"partitioned": True, "partitionKeyPosition": 1} if changes.get("partitioned") else {}
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "flights",
        "version": changes.get("version", "1.0.0"),
        "status": "active",
        "team": {
            "name": "Flight operations",
            "members": [
                {"username": "ada@example.com", "role": "owner"},
                *({"username": name, "role": "steward"} for name in changes.get("stewards", [STEWARD])),
            ],
        },
        "schema": [
            {
                "name": "flights",
                "physicalName": str(FLIGHTS),
                "properties": [
                    {
                        "name": "flight",
                        "logicalType": "integer",
                        "required": True,
                        "primaryKey": True,
                        "primaryKeyPosition": 1,
                    },
                    {"name": "day", "logicalType": "string", **day},
                    {"name": "delay", "logicalType": "integer", "required": True},
                    {"name": "email", "logicalType": "string", "classification": "restricted"},
                ],
                "quality": changes.get("quality", [delay]),
            }
        ],
        **({"slaProperties": changes["sla"]} if "sla" in changes else {}),
    }
    return json.dumps(document, indent=2)


_NOT_NEGATIVE = {
    "type": "custom",
    "engine": "greatExpectations",
    "implementation": {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "delay", "min_value": 0},
    },
}


class Gates:
    """One installation. Every gate is an execution of its own.

    :param folder: where it lives.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = records.Clock()
        stores.ready(folder / "airflow_gov" / "governance.db")
        self.governance = self.another()
        self.contract: Contract = self.promise()
        self._numbers = itertools.count(1)

    def another(self) -> Governance:
        """The same installation as another process sees it."""
        settings = Settings.load({"AIRFLOW_HOME": str(self.folder)})
        return Governance(settings, clock=self.clock)

    def promise(self, **changes: Any) -> Contract:
        """Write the contract under which loads are written from now on."""
        self.contract = parse_contract(contract_text(**changes), FLIGHTS)
        self.governance.store.contracts.put(self.contract)
        return self.contract

    @contextmanager
    def execution(self, **task: Any) -> Iterator[Recording]:
        """A recorded execution."""
        opening = records.execution(
            uuid.uuid4().hex,
            start=self.clock.now,
            task=records.task_run(**{"run_id": uuid.uuid4().hex, "task_id": "load", **task}),
        )
        with recorded(self.governance, opening) as recording:
            yield recording

    def load(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        key: str | None = None,
        mode: WriteMode = WriteMode.APPEND,
        group: str | None = None,
        contract: Contract | None = None,
        sources: tuple[SourceRef, ...] = (),
        **task: Any,
    ) -> Load:
        """Write a candidate.

        :param contract: another dataset's, with the same columns.
        :param task: what the task run is.
        """
        self.clock.move(seconds=1)
        contract = contract or self.contract
        request = LoadRequest(contract, LoadKey((key or uuid.uuid4().hex,)), mode, sources, group)
        with self.execution(**task) as recording, open_load(self.governance, recording, request) as load:
            write_candidate(
                self.governance,
                recording,
                contract,
                load,
                lambda folder: self._write(rows, load.load_id, folder),
            )
        return self.now(load)

    def now(self, load: Load) -> Load:
        """A load as the store has it now."""
        found = self.governance.store.loads.get(load.dataset, load.load_id)
        assert found is not None
        return found

    def gate(self, *loads: Load, governance: Governance | None = None, **options: Any) -> list[Publication]:
        """Run a gate over loads as they are now."""
        self.clock.move(seconds=1)
        chosen = GateOptions(**options)
        with self.execution(task_id="gate") as recording:
            return publish(
                governance or self.governance, recording, [self.now(load) for load in loads], chosen
            )

    def published(self, rows: Sequence[Mapping[str, Any]], **load: Any) -> Publication:
        """Write rows and publish them."""
        (publication,) = self.gate(self.load(rows, **load))
        return publication

    def reviewed(self, rows: Sequence[Mapping[str, Any]], **load: Any) -> Review:
        """Write rows that break a rule and publish them for review."""
        (publication,) = self.gate(self.load(rows, **load), on_failure="review")
        assert publication.review is not None
        return publication.review

    def set_back(self, snapshot_id: int, *, tagged: bool = False) -> None:
        """Move main around the gates.

        :param tagged: with a version's tag, as a rollback leaves it that is killed before it is recorded.
        """
        lake = self.governance.lake
        head, tag = lake.head(FLIGHTS), lake.next_tag(FLIGHTS) if tagged else None
        lake.rollback(FLIGHTS, to_snapshot_id=snapshot_id, expected_head=head, tag=tag)

    def rows(self, dataset: DatasetName = FLIGHTS) -> list[Row]:
        """What readers see, in order of the key."""
        head = self.governance.lake.head(dataset)
        if head is None:
            return []
        table = self.governance.lake.scan(dataset, head).to_reader().read_all()
        return sorted(table.to_pylist(), key=lambda row: [str(value) for value in row.values()])

    @property
    def flights(self) -> list[int]:
        """The keys that readers see."""
        return sorted(row["flight"] for row in self.rows())

    @property
    def aside(self) -> list[Row]:
        """What lies in the quarantine."""
        return self.rows(FLIGHTS.quarantine)

    def acts(self, action: str) -> list[Any]:
        """The acts in the log, oldest first."""
        return list(reversed(self.governance.store.log.list(action=action)))

    def close(self) -> None:
        self.governance.close()

    def _write(self, rows: Sequence[Mapping[str, Any]], load_id: str, folder: Path) -> Written:
        schema = pa.schema(
            [
                *(pa.field(column.name, to_arrow_type(column.type)) for column in self.contract.columns),
                pa.field(LOAD_ID_COLUMN, pa.string()),
            ]
        )
        files = []
        for number, part in enumerate(self._parts(rows)):
            path = folder / f"rows-{number}.parquet"
            table = pa.Table.from_pylist([{**row, LOAD_ID_COLUMN: load_id} for row in part], schema)
            pq.write_table(table, path)
            files.append(FileRef(str(path), path.stat().st_size, len(part)))
        return Written(rows=len(rows), rows_read=len(rows), files=tuple(files), columns=())

    def _parts(self, rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
        if not self.contract.partition_by:
            return [list(rows)]
        parts: dict[Any, list[Mapping[str, Any]]] = {}
        for row in rows:
            parts.setdefault(row["day"], []).append(row)
        return list(parts.values())
