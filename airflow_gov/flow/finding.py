"""Which loads a gate is about, and whether they are there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadState
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.model.loads import Load
    from airflow_gov.runtime import Governance


def find_loads(
    governance: Governance,
    *,
    outputs: Sequence[Mapping[str, object]] = (),
    dataset: DatasetName | None = None,
    dag_id: str = "",
    run_id: str = "",
) -> list[Load]:
    """The loads a gate is about: those that outputs name, or all of a dataset in one Dag run.

    Loads of the same group come along. Gives an empty list while there is nothing to check, or while one
    of them is still being written.

    :raises GovernanceError: ``SOURCE_MISSING`` when the task of one of them has failed for good.
    """
    if dataset is not None:
        found: list[Load | None] = list(governance.store.loads.of_run(dataset, dag_id, run_id))
    else:
        found = [
            governance.store.loads.get(DatasetName.parse(str(each["dataset"])), str(each["load_id"]))
            for each in outputs
        ]
    loads = [load for load in found if load is not None]
    for load in loads:
        if load.state is LoadState.FAILED:
            _refuse_given_up(governance, load)
    done = (LoadState.CANDIDATE, LoadState.PUBLISHED)
    if len(loads) < len(found) or any(load.state not in done for load in loads):
        return []
    return _with_groups(governance, loads)


def _refuse_given_up(governance: Governance, load: Load) -> None:
    """A failed load is waited for as long as its task will be tried again."""
    execution = governance.store.executions.get(load.execution_id)
    if execution is not None and execution.status in (Status.FAILED, Status.LOST, Status.SKIPPED):
        raise GovernanceError(
            Reason.SOURCE_MISSING,
            f"Load {load.load_id} of {load.dataset} was not written: its task {load.task_id} "
            f"{execution.status} ({execution.error_message or 'no message'}).",
            dataset=str(load.dataset),
            load_id=load.load_id,
        )


def _with_groups(governance: Governance, loads: Sequence[Load]) -> list[Load]:
    found = {(load.dataset, load.load_id): load for load in loads}
    for load in loads:
        if load.group is not None:
            for other in governance.store.loads.group(load.group):
                found.setdefault((other.dataset, other.load_id), other)
    return list(found.values())
