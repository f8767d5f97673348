"""The contracts that were in force: whoever has no checkout of the Dags reads them here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from airflow_gov.model.zones import DatasetName
from airflow_gov.store.catalogue_rows import catalogued
from airflow_gov.store.catalogue_tables import catalogue
from airflow_gov.store.statements import insert_missing, insert_new
from airflow_gov.store.tables import contract as table
from airflow_gov.store.tables import contract_file, suite_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from airflow_gov.model.contract import Contract
    from airflow_gov.store.database import Database


class Contracts:
    """Every version of every dataset's contract, by the hash of its file."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def put(self, contract: Contract) -> bool:
        """Keep a contract and make it its dataset's latest.

        :returns: True when this version is new to the dataset.
        """
        # Nearly every task says again what is known: that must cost no write.
        if self._known(contract):
            return False
        with self._database.transaction() as connection:
            insert_missing(
                connection, contract_file, [{"contract_hash": contract.hash, "text": contract.text}]
            )
            suites = [
                {"contract_hash": contract.hash, "name": name, "text": text}
                for name, text in sorted(contract.suites.items())
            ]
            insert_missing(connection, suite_file, suites)
            return self._use(connection, contract)

    def text(self, contract_hash: str) -> str | None:
        """The text of the file with this SHA-256."""
        query = select(contract_file.c.text).where(contract_file.c.contract_hash == contract_hash)
        with self._database.read() as connection:
            text: str | None = connection.execute(query).scalar_one_or_none()
        return text

    def suites(self, contract_hash: str) -> Mapping[str, str]:
        """The texts of the suite files a contract names, by the names it has for them."""
        query = select(suite_file.c.name, suite_file.c.text).where(
            suite_file.c.contract_hash == contract_hash
        )
        with self._database.read() as connection:
            return {row.name: row.text for row in connection.execute(query.order_by(suite_file.c.name))}

    def latest(self, dataset: DatasetName) -> tuple[str, str, str] | None:
        """Hash, text and path of the contract that was last in use for a dataset."""
        query = (
            select(table.c.contract_hash, contract_file.c.text, table.c.path)
            .join(contract_file, contract_file.c.contract_hash == table.c.contract_hash)
            .where(table.c.dataset == str(dataset))
            .order_by(table.c.used_at.desc(), table.c.contract_hash.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def in_use(self) -> Mapping[DatasetName, str]:
        """Of every dataset that has one the hash of the contract that was last in use, in one query."""
        query = select(table.c.dataset, table.c.contract_hash).order_by(
            table.c.dataset, table.c.used_at, table.c.contract_hash
        )
        with self._database.read() as connection:
            last = {row.dataset: row.contract_hash for row in connection.execute(query)}
        return {DatasetName.parse(name): contract_hash for name, contract_hash in last.items()}

    def _known(self, contract: Contract) -> bool:
        """Whether it is the latest of its dataset, and the catalogue tells it."""
        query = (
            select(table.c.contract_hash, catalogue.c.contract_hash)
            .outerjoin(catalogue, catalogue.c.dataset == table.c.dataset)
            .where(table.c.dataset == str(contract.dataset))
            .order_by(table.c.used_at.desc(), table.c.contract_hash.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(query).one_or_none()
        if found is None or found[0] != contract.hash:
            return False
        return contract.dataset.is_quarantine or found[1] == contract.hash

    def _use(self, connection: Connection, contract: Contract) -> bool:
        row = {
            "dataset": str(contract.dataset),
            "contract_hash": contract.hash,
            "path": contract.path,
            "contract_id": contract.contract_id,
            "contract_version": contract.version,
            "owner": contract.owner,
            "steward": contract.steward,
            "used_at": self._clock(),
        }
        catalogued(self._database, contract.dataset, contract)
        if insert_new(connection, table, row):
            return True
        known = (table.c.dataset == row["dataset"], table.c.contract_hash == contract.hash)
        connection.execute(update(table).where(*known).values(row))
        return False
