"""Waiting until data is young enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.model.waits import VersionWait
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators.contracts import known_contract
from airflow_gov.sensors.version import told
from airflow_gov.sensors.waiting import GovernedSensor

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.freshness import Freshness
    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance
    from airflow_gov.triggers.version import VersionTrigger


class DatasetFreshnessSensor(GovernedSensor):
    """Wait until a dataset is fresh: its newest version, or the newest value of a column, is young enough.

    What is stale becomes fresh by a new version only: deferred, it waits for the next one.

    :param dataset: the dataset (templated).
    :param max_age: a ``timedelta``, seconds, or text such as ``"4 h"`` (templated); default: what the
        contract's ``slaProperties`` agree on (``freshness``, else ``latency``).
    :param column: measure the age of the newest value of this date or time, instead of the moment of
        publication (templated).
    :param contracts_folder: where contracts lie, relative to the Dag's bundle; default: the option
        ``[airflow_gov] contracts_folder``.
    :param deferrable: wait in the triggerer, without a worker slot.

    Returns ``{dataset, version, snapshot, as_of, age_seconds}``.
    """

    waiting = "Wait for fresh data"
    template_fields: Sequence[str] = ("dataset", "max_age", "column")

    def __init__(
        self,
        *,
        dataset: str,
        max_age: timedelta | float | str | None = None,
        column: str | None = None,
        contracts_folder: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.max_age = max_age
        self.column = column
        self.contracts_folder = contracts_folder
        self._found: Freshness | None = None

    @property
    def read_names(self) -> Sequence[Any]:
        """What it waits for."""
        return [self.dataset]

    def look(self, governance: Governance, context: Context) -> bool:
        """Whether it is fresh now."""
        from airflow_gov.flow.freshness import freshness

        dataset = self._name(governance)
        limit = self._limit(governance, context, dataset)
        self._found = freshness(governance, dataset, column=self.column)
        age = self._found.age(governance.clock()) if self._found else None
        if age is None:
            self.log.info("%s has no data yet.", dataset)
            return False
        fresh = age <= limit
        self.log.info("%s is %s old, %s is allowed.", dataset, age, limit)
        return fresh

    def trigger(self, governance: Governance, context: Context) -> VersionTrigger:
        """Waits for the next version, whatever its verdict."""
        from airflow_gov.triggers.version import VersionTrigger

        known = self._found.version.version if self._found else 0
        wait = VersionWait(self._name(governance), newer_than=known, passed=False)
        return VersionTrigger.of(wait, poke_interval=self.poke_interval)

    def finish(self, governance: Governance, recording: Recording, context: Context) -> dict[str, Any]:
        """Say how old it is."""
        found = self._found
        if found is None or found.as_of is None:
            raise RuntimeError("finish() comes after look().")
        age = governance.clock() - found.as_of
        return {
            **told(found.version, recording),
            "as_of": found.as_of.isoformat(),
            "age_seconds": round(age.total_seconds(), 3),
        }

    def _name(self, governance: Governance) -> DatasetName:
        return DatasetName.parse(self.dataset, governance.settings.zone_aliases)

    def _limit(self, governance: Governance, context: Context, dataset: DatasetName) -> timedelta:
        from airflow_gov.flow.freshness import parse_age
        from airflow_gov.model.promises import agreed_age

        if self.max_age is not None:
            return parse_age(self.max_age)
        return agreed_age(known_contract(governance, context, dataset, self.contracts_folder))
