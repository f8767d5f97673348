"""What all our sensors share: waiting in a worker or in the triggerer, recorded like any work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseSensorOperator
from airflow.sdk.bases.operator import TRIGGER_FAIL_REPR
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from airflow_gov.model.errors import GovernanceError
from airflow_gov.operators.recording import governed
from airflow_gov.operators.telling import TellsLineage

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance
    from airflow_gov.triggers.shared import SharedWaitTrigger


class GovernedSensor(TellsLineage, BaseSensorOperator):
    """A sensor that asks the governance store, and then does something under governance.

    ``soft_fail`` and ``never_fail`` apply to waiting only. Deferred, all sensors of a triggerer with the
    same ``poke_interval`` ask together: thousands of them cost one query.

    :param deferrable: wait in the triggerer, without a worker slot; default: Airflow's option
        ``[operators] default_deferrable``.
    :param poke_interval: seconds between two looks.
    """

    ui_color = "#f2ecd8"
    #: What it does while it waits, as the record says.
    waiting: ClassVar[str] = ""

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.deferrable = deferrable
        self._governance: Governance | None = None
        self._waiting_since: datetime | None = None

    @property
    def intention(self) -> str:
        """To wait."""
        return self.waiting

    @abstractmethod
    def look(self, governance: Governance, context: Context) -> bool:
        """Whether waiting is over."""

    @abstractmethod
    def trigger(self, governance: Governance, context: Context) -> SharedWaitTrigger:
        """What waits instead of this sensor."""

    @abstractmethod
    def finish(self, governance: Governance, recording: Recording, context: Context) -> Any:
        """What it does when waiting is over, and what it returns."""

    def execute(self, context: Context) -> Any:
        """Wait, then finish."""
        with governed(self, context, self.waiting) as (governance, recording):
            self._governance = governance
            if not self.deferrable:
                super().execute(context)
            elif not self.poke(context):
                self._wait_on(governance, context)
            # Waiting is over: from here on a failure is a failure. (This instance serves one try.)
            self.soft_fail = self.never_fail = False
            return self.finish(governance, recording, context)

    def _wait_on(self, governance: Governance, context: Context) -> None:
        """Wait in the triggerer for what is left of the time-out since the first look."""
        since = self._waiting_since or governance.clock()
        left = timedelta(seconds=self.timeout) - (governance.clock() - since)
        if left <= timedelta(0):
            message = f"{self.waiting}: nothing came within {self.timeout:.0f} s."
            raise (AirflowSkipException if self.soft_fail or self.never_fail else AirflowSensorTimeout)(
                message
            )
        self.defer(
            trigger=self.trigger(governance, context),
            method_name="execute_complete",
            kwargs={"waiting_since": since.isoformat()},
            timeout=left,
        )

    def execute_complete(
        self, context: Context, event: Mapping[str, Any] | None = None, waiting_since: str | None = None
    ) -> Any:
        """Back from the triggerer: waiting is over, or the trigger could not look."""
        if event is not None and event.get("error"):
            self.log.warning("The trigger could not look: %s", event["error"])
        self._waiting_since = datetime.fromisoformat(waiting_since) if waiting_since else None
        return self.execute(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume; a wait that failed in the triggerer (timed out, as a rule) is recorded, too."""
        if next_method == TRIGGER_FAIL_REPR:
            with governed(self, context, self.waiting):
                return super().resume_execution(next_method, next_kwargs, context)
        return super().resume_execution(next_method, next_kwargs, context)

    def poke(self, context: Context) -> bool:
        """Look once."""
        if self._governance is None:
            raise RuntimeError("A governed sensor pokes within execute().")
        try:
            return self.look(self._governance, context)
        except GovernanceError:
            # What is refused has not been waited for in vain: it fails.
            self.soft_fail = self.never_fail = False
            raise
