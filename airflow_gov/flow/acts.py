"""Governed acts in the append-only log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.loads import LogEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def log_act(
    governance: Governance,
    recording: Recording,
    action: str,
    dataset: DatasetName,
    details: Mapping[str, object],
) -> None:
    """Append to the log what was done to a dataset, by whom and in which execution."""
    actor = recording.execution.actor
    governance.store.log.append(
        LogEntry(
            action=action,
            subject=str(dataset),
            actor=actor.triggered_by or actor.os_user,
            at=governance.clock(),
            details=details,
            execution_id=recording.execution_id,
        )
    )
