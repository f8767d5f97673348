"""What the scanner proposed: the newest scan of each version of a dataset."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, or_, select

from airflow_gov.model.classification import (
    Agreement,
    Classification,
    Evidence,
    Overlooked,
    Proposal,
    Scanned,
)
from airflow_gov.model.serde import from_plain, to_plain
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.catalogue_tables import catalogue
from airflow_gov.store.classification_tables import classification as table
from airflow_gov.store.classification_tables import proposal
from airflow_gov.store.statements import children, insert

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Mapping, Sequence

    from airflow_gov.store.database import Database

_NAMES = ("version", "snapshot_id", "contract_hash", "rows", "sampled", "columns", "scanned_at")


class Classifications:
    """The results of scans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, found: Classification) -> None:
        """Keep a scan in place of an earlier one of the same version."""
        row = {name: getattr(found, name) for name in _NAMES} | {
            "dataset": str(found.dataset),
            "overlooked": to_plain(found.overlooked),
        }
        same = (proposal.c.dataset == str(found.dataset), proposal.c.version == found.version)
        with self._database.transaction() as connection:
            # It locks the row: of two scans at once the second waits, then takes the place of the first.
            made = insert(connection.dialect.name, table).values(row)
            connection.execute(made.on_conflict_do_update(index_elements=["dataset", "version"], set_=row))
            connection.execute(delete(proposal).where(*same))
            if found.proposals:
                connection.execute(proposal.insert(), _proposal_rows(found))

    def get(self, dataset: DatasetName, version: int | None = None) -> Classification | None:
        """The scan of a version of a dataset.

        :param version: default: of the newest version that was scanned.
        """
        query = select(table).where(table.c.dataset == str(dataset))
        if version is not None:
            query = query.where(table.c.version == version)
        found = self._list(query.order_by(table.c.version.desc()).limit(1))
        return found[0] if found else None

    def list(
        self,
        datasets: Iterable[DatasetName] | None = None,
        agreement: Agreement | None = None,
    ) -> builtins.list[Classification]:
        """The newest scan of each dataset, by name.

        :param datasets: only these.
        :param agreement: only those with such a proposal.
        """
        query = _of_newest(select(table))
        if agreement is not None:
            query = query.where(
                select(proposal.c.position)
                .where(
                    proposal.c.agreement == agreement.value,
                    proposal.c.dataset == table.c.dataset,
                    proposal.c.version == table.c.version,
                )
                .exists()
            )
        found = self._list(query.order_by(table.c.dataset))
        wanted = None if datasets is None else set(datasets)
        return [each for each in found if wanted is None or each.dataset in wanted]

    def newest(self) -> Mapping[DatasetName, Scanned]:
        """When each dataset was scanned last, and against which contract; without what was proposed."""
        query = _of_newest(
            select(table.c.dataset, table.c.version, table.c.contract_hash, table.c.scanned_at)
        )
        with self._database.read() as connection:
            return {
                DatasetName.parse(row.dataset): Scanned(row.version, row.contract_hash, row.scanned_at)
                for row in connection.execute(query)
            }

    def personal_datasets(self) -> builtins.list[DatasetName]:
        """Datasets whose contract in use classifies a column, and those of which nobody can tell."""
        query = (
            select(catalogue.c.dataset)
            .where(or_(catalogue.c.personal, catalogue.c.contract_hash.is_(None)))
            .order_by(catalogue.c.dataset)
        )
        with self._database.read() as connection:
            return [DatasetName.parse(row.dataset) for row in connection.execute(query)]

    def _list(self, query: Select[Any]) -> builtins.list[Classification]:
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            proposals = _proposals(connection, rows)
        return [_read(row, proposals.get((row["dataset"], row["version"]), ())) for row in rows]


def _of_newest(query: Select[Any]) -> Select[Any]:
    """Of each dataset the newest version that was scanned."""
    newest = (
        select(table.c.dataset, func.max(table.c.version).label("version"))
        .group_by(table.c.dataset)
        .subquery()
    )
    return query.join(newest, (newest.c.dataset == table.c.dataset) & (newest.c.version == table.c.version))


def _proposal_rows(found: Classification) -> list[dict[str, Any]]:
    return [
        {
            "dataset": str(found.dataset),
            "version": found.version,
            "position": position,
            "column_name": each.column,
            "tag": each.tag,
            "confidence": each.confidence,
            "agreement": each.agreement.value,
            "evidence": to_plain(each.evidence),
            "recogniser": each.recogniser,
            "source": each.source,
        }
        for position, each in enumerate(found.proposals)
    ]


def _proposals(
    connection: Connection, rows: Sequence[RowMapping]
) -> Mapping[tuple[str, int], Sequence[Proposal]]:
    found: dict[tuple[str, int], list[Proposal]] = defaultdict(list)
    wanted = {(row["dataset"], row["version"]) for row in rows}
    for row in children(connection, proposal, proposal.c.dataset, {name for name, _ in wanted}):
        key = (row["dataset"], row["version"])
        if key in wanted:
            found[key].append(_read_proposal(row))
    return found


def _read_proposal(row: RowMapping) -> Proposal:
    return Proposal(
        column=row["column_name"],
        tag=row["tag"],
        confidence=row["confidence"],
        agreement=Agreement(row["agreement"]),
        evidence=from_plain(Evidence, row["evidence"]),
        recogniser=row["recogniser"],
        source=row["source"],
    )


def _read(row: RowMapping, proposals: Iterable[Proposal]) -> Classification:
    return Classification(
        dataset=DatasetName.parse(row["dataset"]),
        proposals=tuple(proposals),
        overlooked=tuple(from_plain(Overlooked, each) for each in row["overlooked"]),
        **{name: row[name] for name in _NAMES},
    )
