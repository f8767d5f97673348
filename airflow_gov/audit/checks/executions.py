"""Executions whose records say that they still run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.audit.check import LakeCheck
from airflow_gov.flow.ending import close_lost
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Role, Status
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.execution import Execution
    from airflow_gov.model.findings import Finding, Observation
    from airflow_gov.runtime import Governance


class ExecutionStuck(LakeCheck):
    """A record that nobody closed.

    :param hours: an execution that runs for longer is stuck.
    """

    id = "execution-stuck"
    title = "Execution stuck in running"
    severity = Severity.WARNING
    explanation = (
        "A record is closed by its own task, by the next try, or by the scheduler when the Dag run ends. One "
        "that stays open tells of a killed process whose end nobody saw: what it did is not known."
    )
    remedy = (
        "Look whether the task still runs in Airflow. If it does, raise the setting hours of this check; if "
        "it does not, close the record with --repair execution-stuck."
    )
    repairs = "closes the record as lost"

    def __init__(self, hours: float = 24) -> None:
        if hours <= 0:
            raise ValueError("hours must be more than 0")
        self.hours = hours

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Records that say running and began before then; who waits for a steward is deferred."""
        before = audited.now - timedelta(hours=self.hours)
        for execution in audited.store.executions.running(before):
            task = execution.task
            dataset = _target(execution)
            yield self.found(
                execution.execution_id,
                f"{task.dag_id}.{task.task_id} (try {task.try_number}) is {execution.status} since "
                f"{execution.start.isoformat(timespec='seconds')}.",
                zone=dataset.zone if dataset is not None else None,
                dataset=dataset,
                dag_id=task.dag_id,
                run_id=task.run_id,
                task_id=task.task_id,
                map_index=task.map_index,
                try_number=task.try_number,
                host=execution.host.name,
            )

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """Close the record; one that was closed in the meantime stays as it is."""
        execution = governance.store.executions.get(finding.subject)
        if execution is None:
            raise GovernanceError(
                Reason.PARAMETER_INVALID, f"There is no execution {finding.subject!r} any more."
            )
        if execution.status.finished:
            return f"The record was closed in the meantime: {execution.status}."
        task = execution.task
        closed = close_lost(
            governance.store,
            status=Status.LOST,
            message=f"It never said how it ended; closed by an audit that {actor} asked for.",
            end=governance.clock(),
            actor=actor,
            dag_id=task.dag_id,
            run_id=task.run_id,
            task_id=task.task_id,
            map_index=task.map_index,
            before_try=task.try_number + 1,
        )
        return "The record is closed as lost." if closed else "The record was closed in the meantime."


def _target(execution: Execution) -> DatasetName | None:
    names = [data.dataset for data in execution.data if data.role is Role.TARGET and data.dataset]
    return DatasetName.parse(names[0]) if names else None
