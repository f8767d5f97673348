"""Waiting for what another Dag publishes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.waits import VersionWait
from airflow_gov.model.zones import DatasetName
from airflow_gov.sensors.waiting import GovernedSensor

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance
    from airflow_gov.triggers.version import VersionTrigger

#: The verdicts that a version may be waited for with.
VERDICTS = ("passed", "any")


class PublishedVersionSensor(GovernedSensor):
    """Wait until a dataset has a published version that meets all conditions.

    It needs nothing of the Dag that loads the dataset but the dataset's name. A version that a rollback
    took back does not count, nor does maintenance, which brings no rows.

    :param dataset: the dataset (templated).
    :param logical_date: loaded by a run of this logical date, whatever its Dag, e.g.
        ``"{{ logical_date }}"`` (templated).
    :param newer_than: a version's number, or a moment that it was published after (templated).
    :param verdict: ``passed``: its rules held; ``any``: also waived, warned or under review (templated).
    :param deferrable: wait in the triggerer, without a worker slot.

    Returns ``{dataset, version, snapshot}`` of the newest such version.
    """

    waiting = "Wait for a published version"
    template_fields: Sequence[str] = ("dataset", "logical_date", "newer_than", "verdict")

    def __init__(
        self,
        *,
        dataset: str,
        logical_date: str | datetime | None = None,
        newer_than: int | str | datetime | None = None,
        verdict: str = "passed",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.logical_date = logical_date
        self.newer_than = newer_than
        self.verdict = verdict
        self._version: Version | None = None

    @property
    def read_names(self) -> Sequence[Any]:
        """What it waits for."""
        return [self.dataset]

    def look(self, governance: Governance, context: Context) -> bool:
        """Whether there is such a version."""
        wait = self._wait(governance)
        number = governance.store.waiting.versions([wait]).get(wait)
        if number is None:
            self.log.info("No such version of %s yet.", wait.dataset)
            return False
        self._version = governance.store.versions.get(wait.dataset, number)
        return self._version is not None

    def trigger(self, governance: Governance, context: Context) -> VersionTrigger:
        """Waits for the same."""
        from airflow_gov.triggers.version import VersionTrigger

        return VersionTrigger.of(self._wait(governance), poke_interval=self.poke_interval)

    def finish(self, governance: Governance, recording: Recording, context: Context) -> dict[str, Any]:
        """Say which it is."""
        version = self._version
        if version is None:
            raise RuntimeError("finish() comes after look().")
        return told(version, recording)

    def _wait(self, governance: Governance) -> VersionWait:
        number, since = _newer(self.newer_than)
        if self.verdict not in VERDICTS:
            raise GovernanceError(
                Reason.PARAMETER_INVALID, f"verdict {self.verdict!r} is not one of {', '.join(VERDICTS)}."
            )
        return VersionWait(
            dataset=DatasetName.parse(self.dataset, governance.settings.zone_aliases),
            logical_date=None if self.logical_date is None else _moment("logical_date", self.logical_date),
            newer_than=number,
            since=since,
            passed=self.verdict == "passed",
        )


def told(version: Version, recording: Recording) -> dict[str, Any]:
    """A version as sensors return it; the record says that it was found."""
    recording.action = f"Find {version.dataset} version {version.version}"
    recording.add(
        DataRef(
            role=Role.SOURCE,
            dataset=str(version.dataset),
            snapshot_id=version.snapshot_id,
            version=version.version,
        )
    )
    return {
        "dataset": str(version.dataset),
        "version": version.version,
        "snapshot": version.snapshot_id,
    }


def _newer(value: int | str | datetime | None) -> tuple[int, datetime | None]:
    if value is None:
        return 0, None
    if isinstance(value, int):
        return value, None
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value), None
    return 0, _moment("newer_than", value)


def _moment(name: str, value: str | datetime) -> datetime:
    """A moment, from a template as a rule; without a zone it is UTC, as Airflow's dates are."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
    except (AttributeError, ValueError):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{name} {value!r} is no date and time. (A run that was triggered by hand, by the API or by an "
            "asset may have no logical date.)",
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
