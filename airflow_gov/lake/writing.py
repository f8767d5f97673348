"""From a staging folder to a candidate; the quarantine's way straight to main."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.lake.branches import Branch, carried_only
from airflow_gov.lake.candidates import CandidateWriter, Proposal, stage_change
from airflow_gov.lake.changes import Change, StagedLoad
from airflow_gov.lake.commits import Draft, assert_ref, retrying
from airflow_gov.lake.errors import is_conflict
from airflow_gov.lake.files import live_files
from airflow_gov.lake.registering import take_over
from airflow_gov.lake.storage import delete_files
from airflow_gov.lake.summaries import (
    EXECUTION,
    LoadNote,
    is_new_load,
    load_properties,
    main_head,
    properties_of,
)
from airflow_gov.lake.tables import TableShape, prepare
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Candidate, WriteMode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyiceberg.table import Table

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.lake.rewriting import Rewriter
    from airflow_gov.lake.staging import Staging
    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.zones import DatasetName


def write_candidate(
    catalog: LakeCatalog,
    writer: CandidateWriter,
    contract: Contract,
    staging: Staging,
    *,
    load_id: str,
    write_mode: WriteMode,
    rows_read: int | None,
    properties: Mapping[str, str],
) -> Candidate:
    """Make what was staged a candidate; see :meth:`airflow_gov.lake.Lake.write_candidate`."""
    _check_mode(contract, write_mode)
    table = catalog.load(contract.dataset)
    files = take_over(table, staging.files(), load_id, load_id=load_id)
    keys = contract.primary_key if write_mode is WriteMode.UPSERT else ()
    proposal = Proposal(
        dataset=contract.dataset,
        loads=(StagedLoad(load_id, write_mode, tuple(files), keys),),
        properties=properties,
        superseded=lambda current: _left_behind(current, staging, properties),
    )
    try:
        candidate = writer.propose(proposal, table)
    except GovernanceError:
        delete_files(table.io, [file.file_path for file in files])
        raise
    return replace(candidate, counts=replace(candidate.counts, read=rows_read))


def _left_behind(table: Table, staging: Staging, properties: Mapping[str, str]) -> list[Branch]:
    """Candidates of the load that this try takes the place of: what it found, and what it wrote itself.

    One that came while it was at work is of a try that took the load over.
    """
    writer = properties.get(EXECUTION)
    return [
        branch
        for branch in carried_only(table.metadata, (staging.load_id,))
        if branch.head.snapshot_id in staging.found
        or (writer is not None and properties_of(branch.head).get(EXECUTION) == writer)
    ]


def _check_mode(contract: Contract, write_mode: WriteMode) -> None:
    if write_mode is WriteMode.UPSERT and not contract.primary_key:
        raise _unfit(contract, write_mode, "a primary key in the contract (primaryKey)")
    if write_mode is WriteMode.OVERWRITE_PARTITION and not contract.partition_by:
        raise _unfit(contract, write_mode, "partition columns in the contract (partitioned)")


def _unfit(contract: Contract, write_mode: WriteMode, what: str) -> GovernanceError:
    return GovernanceError(
        Reason.PARAMETER_INVALID,
        f"{contract.dataset}: write_mode {write_mode} needs {what}, or choose another write_mode.",
        dataset=str(contract.dataset),
    )


def write_quarantine(
    catalog: LakeCatalog,
    rewriter: Rewriter,
    dataset: DatasetName,
    staging: Staging,
    load_id: str,
    columns: Sequence[Column],
) -> int:
    """Put a load's rejected rows on main; see :meth:`airflow_gov.lake.Lake.quarantine`."""
    paths = staging.files()
    if not paths and catalog.find(dataset) is None:
        return 0
    table = prepare(catalog, TableShape(dataset, tuple(columns)))
    files = take_over(table, paths, load_id, load_id=load_id)
    load = StagedLoad(load_id, WriteMode.APPEND, tuple(files))
    known: Table | None = table

    def attempt() -> None:
        nonlocal known
        current, known = known or catalog.load(dataset), None
        _replace_on_main(catalog, rewriter, dataset, current, load)

    retrying(attempt)
    return load.rows


def _replace_on_main(
    catalog: LakeCatalog, rewriter: Rewriter, dataset: DatasetName, table: Table, load: StagedLoad
) -> None:
    base = main_head(table.metadata)
    snapshot = table.snapshot_by_id(base) if base is not None else None
    assert snapshot is not None  # noqa: S101 - prepare() made one
    with Change(table, lambda: live_files(table, snapshot), rewriter) as change:
        change.apply(load, is_new=is_new_load(table.metadata, snapshot.snapshot_id, load.load_id))
        if not change.added and not change.removed:
            return
        draft = Draft(table)
        stage_change(draft, "main", change, load_properties([LoadNote(load.load_id, load.mode)]))
        try:
            catalog.remember(dataset, draft.send([assert_ref("main", base)]))
        except Exception as error:
            if is_conflict(error):  # it certainly did not land
                change.abandon()
            raise
