"""A small lake in which nothing is wrong: people who book, from a file to a figure, in every zone."""

from __future__ import annotations

import json
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy

from airflow_gov.contracts import parse_contract
from airflow_gov.flow.describing import Material, describe
from airflow_gov.flow.finding import find_loads
from airflow_gov.flow.ingesting import Ingestion, ingest
from airflow_gov.flow.loading import output_of
from airflow_gov.flow.preprocessing import Preprocessing, preprocess
from airflow_gov.flow.publishing import publish
from airflow_gov.flow.recording import recorded
from airflow_gov.flow.sources import SourceSpec, parse_sources
from airflow_gov.flow.splitting import Split, split
from airflow_gov.flow.transforming import Transformation, transform
from airflow_gov.model.execution import Actor
from airflow_gov.model.lineage import Origin
from airflow_gov.model.loads import LoadKey, WriteMode
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import records, stores
from support.open_lineage import projected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Candidate

OWNER, STEWARD = "ada@example.com", "grace@example.com"
DELIVERY = "booking,email,country,booked_on\n" + "".join(
    f"{number},guest{number}@example.com,{country},2026-01-0{number}\n"
    for number, country in enumerate(("mx", "mx", "us", "de"), 1)
)
_KEY = {"logicalType": "integer", "required": True, "primaryKey": True, "primaryKeyPosition": 1}
_EMAIL = {
    "logicalType": "string",
    "classification": "restricted",
    "tags": ["pii:email"],
    "description": "Where the confirmation goes.",
}
_BOOKING = {**_KEY, "description": "Number of the booking."}
_COUNTRY = {"logicalType": "string", "description": "Of residence, ISO 3166."}
_DAY = {"logicalType": "date", "description": "When it was booked."}
_TOKEN = {"logicalType": "string", "description": "Stands for the guest."}

COLUMNS: dict[str, dict[str, dict[str, Any]]] = {
    "raw.bookings": {},
    "preprocessed.bookings": {
        "booking": _BOOKING,
        "email": _EMAIL,
        "country": _COUNTRY,
        "booked_on": _DAY,
    },
    "sensitive.guests": {"booking": _BOOKING, "booking_token": _TOKEN, "email": _EMAIL},
    "clean.bookings": {
        "booking": _BOOKING,
        "booking_token": _TOKEN,
        "email_token": _TOKEN,
        "country": _COUNTRY,
        "booked_on": _DAY,
    },
    "gold.bookings_by_country": {
        "country": {**_COUNTRY, "required": True, "primaryKey": True, "primaryKeyPosition": 1},
        "bookings": {"logicalType": "integer", "description": "How many."},
    },
}
BY_COUNTRY = "SELECT country, count(*) AS bookings FROM clean.bookings GROUP BY country"


def contract_text(dataset: str, **changes: Any) -> str:
    """The contract of one of the datasets.

    :param changes: parts of the document that are other than in the healthy lake; None leaves them out.
    """
    name = dataset.partition(".")[2]
    properties = [{"name": column, **entry} for column, entry in COLUMNS[dataset].items()]
    schema = {
        "name": name,
        "physicalName": dataset,
        "description": f"Bookings as they are in {dataset}.",
        **({"properties": properties} if properties else {}),
    }
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset,
        "version": "1.0.0",
        "status": "active",
        "description": {"purpose": "What hotels need to know."},
        "team": {
            "name": "Bookings",
            "members": [
                {"username": OWNER, "role": "owner"},
                {"username": STEWARD, "role": "steward"},
            ],
        },
        "roles": [{"role": "bookings-readers", "access": "read"}],
        "slaProperties": [
            {"property": "freshness", "value": 7, "unit": "d"},
            {"property": "retention", "value": 3, "unit": "y"},
        ],
        "schema": [schema | changes.pop("schema", {})],
    }
    document |= changes
    return json.dumps({key: value for key, value in document.items() if value is not None}, indent=2)


@dataclass
class HealthyLake:
    """One installation. Its clock begins with the machine's, for the storage has no other.

    :param folder: where it lives.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.clock = records.Clock(datetime.now(UTC))
        #: Whom executions are of: nobody triggered them, and the Dag is of the contract's team.
        self.actor = Actor(os_user="airflow", owner="data", team="bookings")
        settings = Settings.load({"AIRFLOW_HOME": str(self.folder)})
        self.governance = Governance(settings, clock=self.clock)

    @classmethod
    def make(cls, folder: Path) -> HealthyLake:
        """An installation with every dataset loaded and published."""
        stores.ready(folder / "airflow_gov" / "governance.db")
        (folder / "bookings.csv").write_text(DELIVERY)
        lake = cls(folder)
        lake.run()
        return lake

    def keep(self) -> None:
        """Close it, and keep a copy of its home for :meth:`restored`."""
        self.close()
        shutil.copytree(self.folder, _copy(self.folder))

    @classmethod
    def restored(cls, folder: Path) -> HealthyLake:
        """A lake as it was kept, where it was made: its metadata names its folder."""
        shutil.rmtree(folder)
        shutil.copytree(_copy(folder), folder)
        lake = cls(folder)
        lake.clock.move(minutes=2)  # that of the lake that was made went ahead of the machine's
        return lake

    def close(self) -> None:
        """Give back connections."""
        self.governance.close()

    def contract(self, dataset: str, **changes: Any) -> Contract:
        """A dataset's contract; see :func:`contract_text`."""
        return parse_contract(contract_text(dataset, **changes), DatasetName.parse(dataset))

    def promise(self, dataset: str, **changes: Any) -> Contract:
        """Make another contract the one in use."""
        self.clock.move(seconds=1)
        contract = self.contract(dataset, **changes)
        self.governance.store.contracts.put(contract)
        return contract

    def run(self) -> None:
        """A run of all Dags."""
        self.deliver()
        self.refine()

    def deliver(self) -> None:
        """The file, as it is in the folder now."""
        source = str(self.folder / "bookings.csv")
        job = Ingestion(self.contract("raw.bookings"), self._key("deliver"), source)
        self.hop("deliver", lambda recording: ingest(self.governance, recording, job))

    def refine(self) -> None:
        """What was just delivered, through all zones."""
        delivered = parse_sources(self.outputs[0], {})
        typed = Preprocessing(self.contract("preprocessed.bookings"), delivered, self._key("type"))
        self.hop("type", lambda recording: preprocess(self.governance, recording, typed))
        self.split()
        self.count()

    def split(self) -> None:
        """Who booked, and what."""
        parts = Split(
            source=SourceSpec(DatasetName.parse("preprocessed.bookings")),
            source_contract=self.contract("preprocessed.bookings"),
            sensitive_contract=self.contract("sensitive.guests"),
            target_contract=self.contract("clean.bookings"),
            key=self._key("split"),
            token_key=b"k" * 32,
            write_mode=WriteMode.OVERWRITE,
        )
        self.hop("split", lambda recording: split(self.governance, recording, parts))

    def count(self, sql: str = BY_COUNTRY, *, source: str = "clean.bookings", **changes: Any) -> None:
        """The figure in gold.

        :param changes: what is other in its contract.
        """
        self.query(self.contract("gold.bookings_by_country", **changes), sql, source, "count")

    def query(self, contract: Contract, sql: str, source: str, task_id: str = "query") -> None:
        """A dataset, by a query of another one."""
        sources = (SourceSpec(DatasetName.parse(source)),)
        job = Transformation(contract, sources, self._key(task_id), WriteMode.OVERWRITE, sql=sql)

        def work(recording: Recording) -> Any:
            recording.set_code(sql)
            return transform(self.governance, recording, job)

        self.hop(task_id, work)

    def hop(self, task_id: str, work: Any) -> None:
        """A task and its gate."""
        self.write(task_id, work)
        with self.execution(f"{task_id}.gate") as recording:
            publish(self.governance, recording, find_loads(self.governance, outputs=self.outputs))

    def write(self, task_id: str, work: Any) -> list[Candidate]:
        """A task without its gate: what it wrote waits."""
        with self.execution(f"{task_id}.load") as recording:
            written = work(recording)
        candidates = list(written) if isinstance(written, tuple) else [written]
        self.outputs = [output_of(candidate) for candidate in candidates]
        return candidates

    @contextmanager
    def execution(self, task_id: str) -> Iterator[Recording]:
        """A recorded execution."""
        self.clock.move(seconds=1)
        task = records.task_run(dag_id="bookings", run_id="manual__1", task_id=task_id)
        opening = records.execution(uuid.uuid4().hex, start=self.clock.now, task=task, actor=self.actor)
        with recorded(self.governance, opening) as recording:
            yield recording
        self.tell(recording)

    def tell(self, recording: Recording, **changes: Any) -> None:
        """Tell the lineage of an execution that has ended, in the event that its task would send.

        :param changes: parts of the event that are other than they should be.
        """
        told = describe(self.governance, recording, Material())
        task = recording.execution.task
        event = {
            "eventType": "COMPLETE",
            "eventTime": self.clock.now.isoformat(),
            "producer": "https://example.com/tests",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": str(uuid.uuid4())},
            "job": {"namespace": "default", "name": f"{task.dag_id}.{task.task_id}"},
            "inputs": list(told.inputs),
            "outputs": list(told.outputs),
        }
        sent = json.loads(json.dumps(event | changes))
        self.governance.store.lineage.record(projected(sent), origin=Origin.TRANSPORT, at=self.clock.now)

    def sql(self, *statements: str, **values: Any) -> None:
        """Change the governance database as an intruder would."""
        engine = sqlalchemy.create_engine(self.governance.store_url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sqlalchemy.text(statement), values)
        engine.dispose()

    @property
    def warehouse(self) -> Path:
        """Where the lake's files are."""
        return Path(self.governance.settings.warehouse)

    def table(self, dataset: str) -> Any:
        """A table as anybody with the catalogue's address gets it."""
        return self.catalog.load_table(tuple(dataset.split(".")))

    @property
    def catalog(self) -> Any:
        """The Iceberg catalogue, with no governance around it."""
        from pyiceberg.catalog import load_catalog

        return load_catalog(self.governance.settings.catalog_name, **self.governance.lake_properties)

    @staticmethod
    def _key(name: str) -> LoadKey:
        return LoadKey((name, uuid.uuid4().hex))


def _copy(folder: Path) -> Path:
    return folder.with_name(f"{folder.name} as it was kept")
