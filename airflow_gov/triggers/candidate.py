"""Waiting for candidates in the triggerer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_gov.model.errors import GovernanceError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class CandidateTrigger(BaseTrigger):
    """Fires when a gate has something to check. The store is asked in a thread, never in the event loop.

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
        super().__init__()  # type: ignore[no-untyped-call]
        self.outputs = list(outputs)
        self.dataset = dataset
        self.dag_id = dag_id
        self.run_id = run_id
        self.poke_interval = poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Plain JSON values; no address, no secret."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "outputs": self.outputs,
                "dataset": self.dataset,
                "dag_id": self.dag_id,
                "run_id": self.run_id,
                "poke_interval": self.poke_interval,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is a candidate. A store that is down for a while is waited for, too."""
        while True:
            try:
                if await asyncio.to_thread(self._ready):
                    yield TriggerEvent({"ready": True})  # type: ignore[no-untyped-call]
                    return
            except StoreUnavailableError as error:
                self.log.warning("Looking again in %s s: %s", self.poke_interval, error)
            except GovernanceError as error:
                yield TriggerEvent({"error": str(error)})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(self.poke_interval)

    def _ready(self) -> bool:
        from airflow_gov.flow.finding import find_loads
        from airflow_gov.hooks.governance import GovernanceHook
        from airflow_gov.model.zones import DatasetName

        governance = GovernanceHook().get_governance()
        try:
            dataset = (
                DatasetName.parse(self.dataset, governance.settings.zone_aliases) if self.dataset else None
            )
            return bool(
                find_loads(
                    governance, outputs=self.outputs, dataset=dataset, dag_id=self.dag_id, run_id=self.run_id
                )
            )
        finally:
            governance.close()
