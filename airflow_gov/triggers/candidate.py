"""Waiting for candidates in the triggerer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_gov.model.waits import CandidateWait
from airflow_gov.model.zones import DatasetName
from airflow_gov.triggers.shared import SharedWaitTrigger

if TYPE_CHECKING:
    from collections.abc import Sequence


class CandidateTrigger(SharedWaitTrigger):
    """Fires when a gate has something to check, or nothing to wait for any more.

    :param outputs: the loads waited for, ``{dataset, load_id}`` each; or
    :param dataset: any candidate of this dataset in the Dag run.
    :param dag_id: the Dag.
    :param run_id: the Dag run.
    :param poke_interval: seconds between two looks.
    """

    def __init__(
        self,
        *,
        outputs: Sequence[dict[str, str]],
        dataset: str | None,
        dag_id: str,
        run_id: str,
        poke_interval: float,
    ) -> None:
        super().__init__(poke_interval=poke_interval)
        self.outputs = list(outputs)
        self.dataset = dataset
        self.dag_id = dag_id
        self.run_id = run_id

    def arguments(self) -> dict[str, Any]:
        """What it waits for, as it travels."""
        return {
            "outputs": self.outputs,
            "dataset": self.dataset,
            "dag_id": self.dag_id,
            "run_id": self.run_id,
        }

    @cached_property
    def wait(self) -> CandidateWait:
        """The loads it waits for."""
        if self.dataset is not None:
            return CandidateWait((), DatasetName.parse(self.dataset), self.dag_id, self.run_id)
        loads = ((DatasetName.parse(each["dataset"]), each["load_id"]) for each in self.outputs)
        return CandidateWait(tuple(loads))
