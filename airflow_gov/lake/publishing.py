"""Publishing: main, tag and branch in one commit under asserts, for one dataset or several at once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.update import AssertTableUUID, TableRequirement, TableUpdate, update_table_metadata
from sqlalchemy import update
from sqlalchemy.orm import Session

from airflow_gov.lake.commits import assert_ref, commit, remove_ref, retrying, set_branch, set_tag
from airflow_gov.lake.files import ancestry
from airflow_gov.lake.storage import delete_files
from airflow_gov.lake.summaries import main_head, version_tags
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.table import Table

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.model.loads import Candidate
    from airflow_gov.model.zones import DatasetName

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """A candidate and the tag it is to be published under."""

    candidate: Candidate
    tag: str

    @property
    def asserts(self) -> list[TableRequirement]:
        """Main is where the candidate was cut, the candidate is what was checked, the tag is free."""
        return [
            assert_ref(MAIN_BRANCH, self.candidate.base_snapshot_id),
            assert_ref(self.candidate.branch, self.candidate.snapshot_id),
            assert_ref(self.tag, None),
        ]

    @property
    def updates(self) -> list[TableUpdate]:
        """Main and tag to the candidate, its branch gone."""
        return [
            set_branch(MAIN_BRANCH, self.candidate.snapshot_id),
            set_tag(self.tag, self.candidate.snapshot_id),
            remove_ref(self.candidate.branch),
        ]

    @property
    def undoing(self) -> tuple[list[TableRequirement], list[TableUpdate]]:
        """What takes it back, as long as nobody built on it."""
        head = self.candidate.snapshot_id
        asserts: list[TableRequirement] = [assert_ref(MAIN_BRANCH, head), assert_ref(self.tag, head)]
        updates: list[TableUpdate] = [
            set_branch(self.candidate.branch, head),
            set_branch(MAIN_BRANCH, self.candidate.base_snapshot_id),
            remove_ref(self.tag),
        ]
        return asserts, updates


def publish(catalog: LakeCatalog, publication: Publication) -> str:
    """Publish one candidate in one commit; see :meth:`airflow_gov.lake.Lake.publish`."""
    dataset = publication.candidate.dataset
    first = catalog.seen(dataset)

    def attempt() -> str:
        # The asserts are checked by the catalogue, so a table seen earlier will do for the first try.
        nonlocal first
        table, first = first or catalog.load(dataset), None
        try:
            catalog.remember(dataset, commit(table, publication.asserts, publication.updates))
        except CommitFailedException:
            tag = published_tag(catalog.load(dataset), publication)
            if tag is None:
                raise
            return tag
        return publication.tag

    return retrying(attempt)


def published_tag(table: Table, publication: Publication) -> str | None:
    """Look at a table that refused a publication.

    :returns: the tag under which the candidate is published already, or None when nothing of it moved:
        the catalogue was only busy.
    :raises CandidateStaleError: main or the candidate moved.
    :raises GovernanceError: ``PUBLISH_REFUSED``, the tag is taken.
    """
    metadata, candidate = table.metadata, publication.candidate
    head = main_head(metadata)
    if head is not None and any(
        each.snapshot_id == candidate.snapshot_id for each in ancestry(metadata, head)
    ):
        tags = [
            tag
            for tag, snapshot_id in version_tags(metadata).values()
            if snapshot_id == candidate.snapshot_id
        ]
        return tags[-1] if tags else publication.tag
    branch = metadata.refs.get(candidate.branch)
    if head != candidate.base_snapshot_id or branch is None or branch.snapshot_id != candidate.snapshot_id:
        what = (
            "main moved" if head != candidate.base_snapshot_id else f"the branch {candidate.branch} changed"
        )
        raise CandidateStaleError(
            Reason.CANDIDATE_STALE,
            f"{candidate.dataset}: {what} since candidate {candidate.snapshot_id} was cut from snapshot "
            f"{candidate.base_snapshot_id}. Rebase it and check it again.",
            dataset=str(candidate.dataset),
            snapshot=candidate.snapshot_id,
        )
    if publication.tag in metadata.refs:
        raise _tag_taken(candidate.dataset, publication.tag)
    return None


def publish_together(catalog: LakeCatalog, publications: Sequence[Publication]) -> list[str]:
    """Publish several datasets, all or none; see :meth:`airflow_gov.lake.Lake.publish_together`."""
    if isinstance(catalog.iceberg, SqlCatalog):
        return retrying(lambda: _in_one_transaction(catalog, publications))
    return publish_in_order(catalog, publications)


def publish_in_order(catalog: LakeCatalog, publications: Sequence[Publication]) -> list[str]:
    """Publish one after the other, and take back what was published when a later one fails.

    For catalogues without a commit over several tables. A process that is killed in between leaves the
    first ones published; running it again publishes the rest, or takes the first ones back when the rest
    is stale.
    """
    done: list[Publication] = []
    tags: list[str] = []
    try:
        for publication in publications:
            tags.append(publish(catalog, publication))
            done.append(Publication(publication.candidate, tags[-1]))
    except Exception:
        for publication in reversed(done):
            _take_back(catalog, publication)
        raise
    return tags


def _take_back(catalog: LakeCatalog, publication: Publication) -> None:
    dataset = publication.candidate.dataset
    asserts, updates = publication.undoing

    def attempt() -> None:
        table = catalog.load(dataset)
        if main_head(table.metadata) != publication.candidate.snapshot_id:
            log.error("%s was published further and stays at it; its partner was not published.", dataset)
            return
        catalog.remember(dataset, commit(table, asserts, updates))

    retrying(attempt)


@dataclass(frozen=True, slots=True)
class _Pointer:
    """Where a table's metadata is and where it goes."""

    dataset: DatasetName
    old: str
    new: str


def _in_one_transaction(catalog: LakeCatalog, publications: Sequence[Publication]) -> list[str]:
    """Write each table's next metadata, then move all pointers in one database transaction."""
    pointers: list[_Pointer] = []
    tags: list[str] = []
    # One order for everybody: two transactions over the same rows must not wait for each other.
    for publication in sorted(publications, key=lambda each: each.candidate.dataset):
        table = catalog.load(publication.candidate.dataset)
        tag = _check(table, publication)
        tags.append(tag or publication.tag)
        if tag is None:
            pointers.append(_write_next(table, publication))
    try:
        _move(catalog, pointers)
    except CommitFailedException:
        delete_files(catalog.io, [pointer.new for pointer in pointers])
        raise
    by_dataset = dict(zip(sorted(each.candidate.dataset for each in publications), tags, strict=True))
    return [by_dataset[each.candidate.dataset] for each in publications]


def _check(table: Table, publication: Publication) -> str | None:
    """None when the publication can be made, else the tag under which it was made already."""
    try:
        for requirement in publication.asserts:
            requirement.validate(table.metadata)
    except CommitFailedException:
        tag = published_tag(table, publication)
        if tag is None:
            raise
        return tag
    return None


def _write_next(table: Table, publication: Publication) -> _Pointer:
    same_table = AssertTableUUID(uuid=table.metadata.table_uuid)
    same_table.validate(table.metadata)
    metadata = update_table_metadata(
        table.metadata, tuple(publication.updates), metadata_location=table.metadata_location
    )
    provider = load_location_provider(metadata.location, metadata.properties)
    number = int(table.metadata_location.rsplit("/", 1)[-1].split("-", 1)[0]) + 1
    location = provider.new_table_metadata_file_location(number)
    ToOutputFile.table_metadata(metadata, table.io.new_output(location))
    return _Pointer(publication.candidate.dataset, table.metadata_location, location)


def _move(catalog: LakeCatalog, pointers: Sequence[_Pointer]) -> None:
    iceberg = catalog.iceberg
    assert isinstance(iceberg, SqlCatalog)  # noqa: S101 - the caller chose this way for it
    with Session(iceberg.engine) as session:
        for pointer in pointers:
            moved = session.execute(
                update(IcebergTables)
                .where(
                    IcebergTables.catalog_name == iceberg.name,
                    IcebergTables.table_namespace == str(pointer.dataset.zone),
                    IcebergTables.table_name == pointer.dataset.name,
                    IcebergTables.metadata_location == pointer.old,
                )
                .values(metadata_location=pointer.new, previous_metadata_location=pointer.old)
            )
            if moved.rowcount != 1:  # type: ignore[attr-defined]
                raise CommitFailedException(f"{pointer.dataset} was changed by another process")
        session.commit()


def rollback(
    catalog: LakeCatalog,
    dataset: DatasetName,
    *,
    to_snapshot_id: int,
    expected_head: int | None,
    tag: str | None,
) -> None:
    """Make an earlier version current again in one commit; see :meth:`airflow_gov.lake.Lake.rollback`."""

    def attempt() -> None:
        table = catalog.load(dataset)
        if table.snapshot_by_id(to_snapshot_id) is None:
            raise GovernanceError(
                Reason.VERSION_UNKNOWN,
                f"{dataset} cannot go back to snapshot {to_snapshot_id}: maintenance removed it.",
                dataset=str(dataset),
            )
        head = main_head(table.metadata)
        if head != expected_head:
            raise CandidateStaleError(
                Reason.CANDIDATE_STALE,
                f"{dataset}: main is at snapshot {head}, not {expected_head}: somebody else published. "
                f"Look at the versions again before rolling back.",
                dataset=str(dataset),
            )
        if tag is not None and tag in table.metadata.refs:
            raise _tag_taken(dataset, tag)
        asserts: list[TableRequirement] = [assert_ref(MAIN_BRANCH, expected_head)]
        updates: list[TableUpdate] = [set_branch(MAIN_BRANCH, to_snapshot_id)]
        if tag is not None:
            asserts.append(assert_ref(tag, None))
            updates.append(set_tag(tag, to_snapshot_id))
        catalog.remember(dataset, commit(table, asserts, updates))

    retrying(attempt)


def _tag_taken(dataset: DatasetName, tag: str) -> GovernanceError:
    return GovernanceError(
        Reason.PUBLISH_REFUSED,
        f"{dataset} has a tag {tag} already. Ask for the next tag again.",
        dataset=str(dataset),
        tag=tag,
    )
