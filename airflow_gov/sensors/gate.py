"""The quality gate: nothing is published without a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions.xcom_arg import XComArg

from airflow_gov.assets import dataset as dataset_asset
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from airflow_gov.sensors.waiting import GovernedSensor

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.publishing import Publication
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Load
    from airflow_gov.runtime import Governance
    from airflow_gov.triggers.candidate import CandidateTrigger

ACTION = "Check and publish"


class QualityGateSensor(GovernedSensor):
    """Check candidates against their contracts and publish those that keep them.

    Give either ``candidate`` or ``dataset``. Without a candidate yet, it waits; a candidate that does
    not keep its contract fails the task without a retry, whatever ``soft_fail`` says: that applies to
    waiting only. On success the dataset's Airflow asset is updated, with version, rows, verdict and
    load id in the event's extra.

    :param candidate: the output of an operator, mapped or not; all its loads of one dataset are
        published in one commit (templated).
    :param dataset: instead, all candidates of this dataset in this Dag run (templated).
    :param deferrable: wait in the triggerer, without a worker slot.

    Returns ``{dataset, load_id, snapshot, version}``, or a list of these for several loads.
    """

    waiting = "Wait for a candidate"
    template_fields: Sequence[str] = ("candidate", "dataset")

    def __init__(self, *, candidate: Any = None, dataset: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("outlets", [dataset_asset(name).asset for name in _known_names(candidate, dataset)])
        super().__init__(**kwargs)
        self.candidate = candidate
        self.dataset = dataset
        self._found: list[Load] = []

    def look(self, governance: Governance, context: Context) -> bool:
        """Whether there is something to check."""
        self._found = self._loads(governance, context)
        if not self._found:
            self.log.info("No candidate yet.")
        return bool(self._found)

    def finish(self, governance: Governance, recording: Recording, context: Context) -> Any:
        """Check what was found, and publish it."""
        recording.action = ACTION
        return self._publish(governance, recording, self._found, context)

    def trigger(self, governance: Governance, context: Context) -> CandidateTrigger:
        """Waits for the same."""
        from airflow_gov.triggers.candidate import CandidateTrigger

        outputs, dataset = self._wanted(governance)
        ti: Any = context["ti"]
        return CandidateTrigger(
            outputs=[{"dataset": each["dataset"], "load_id": each["load_id"]} for each in outputs],
            dataset=str(dataset) if dataset is not None else None,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            poke_interval=self.poke_interval,
        )

    def _publish(
        self, governance: Governance, recording: Recording, loads: list[Load], context: Context
    ) -> Any:
        from airflow_gov.flow.publishing import publish

        publications = publish(governance, recording, loads)
        for publication in publications:
            self._tell(publication, context)
        wanted = {(load.dataset, load.load_id) for load in loads}
        outputs = [
            {
                "dataset": str(each.version.dataset),
                "load_id": load_id,
                "snapshot": each.version.snapshot_id,
                "version": each.version.version,
            }
            for each in publications
            for load_id in each.load_ids
            if (each.version.dataset, load_id) in wanted
        ]
        return outputs[0] if len(outputs) == 1 else self._first_of_candidate(outputs)

    def _first_of_candidate(self, outputs: list[dict[str, Any]]) -> Any:
        """For a split, what was asked for first, with its sensitive side beside it."""
        if isinstance(self.candidate, Mapping):
            named = [each for each in outputs if each["dataset"] == self.candidate["dataset"]]
            if len(named) == 1:
                others = [each for each in outputs if each is not named[0]]
                return {**named[0], "sensitive": others[0]} if len(others) == 1 else named[0]
        return outputs

    def _tell(self, publication: Publication, context: Context) -> None:
        version = publication.version
        asset = dataset_asset(str(version.dataset)).asset
        if asset not in self.outlets:
            self.outlets.append(asset)
        context["outlet_events"][asset].extra.update(
            {
                "version": version.version,
                "snapshot": version.snapshot_id,
                "rows": version.rows,
                "verdict": "passed",
                "verdict_id": version.verdict_id,
                "load_ids": list(publication.load_ids),
                "republished": publication.republished,
            }
        )

    def _loads(self, governance: Governance, context: Context) -> list[Load]:
        from airflow_gov.flow.finding import find_loads

        outputs, dataset = self._wanted(governance)
        ti: Any = context["ti"]
        return find_loads(governance, outputs=outputs, dataset=dataset, dag_id=ti.dag_id, run_id=ti.run_id)

    def _wanted(self, governance: Governance) -> tuple[list[Mapping[str, Any]], DatasetName | None]:
        if (self.candidate is None) == (self.dataset is None):
            raise GovernanceError(
                Reason.PARAMETER_INVALID, "A gate takes either candidate= (a task's output) or dataset=."
            )
        if self.dataset is not None:
            return [], DatasetName.parse(self.dataset, governance.settings.zone_aliases)
        return _outputs(self.candidate), None


def _outputs(candidate: Any) -> list[Mapping[str, Any]]:
    """The outputs behind ``candidate``: one, or those of mapped tasks."""
    if candidate is None:
        return []
    if isinstance(candidate, Mapping):
        return [candidate]
    return [output for each in candidate for output in _outputs(each)]


def _known_names(candidate: Any, dataset: str | None) -> Iterable[str]:
    """The datasets a gate will publish, where the Dag's text says so; others are added as it runs."""
    if dataset is not None:
        names: Iterable[Any] = [dataset]
    elif isinstance(candidate, XComArg):
        operators = [operator for operator, _ in candidate.iter_references()]
        names = [name for operator in operators for name in getattr(operator, "target_names", [])]
    else:
        names = []
    return [name for name in names if isinstance(name, str) and "{{" not in name]
