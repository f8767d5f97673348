"""The quality gate: nothing is published without a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.bases.operator import TRIGGER_FAIL_REPR
from airflow.sdk.configuration import conf
from airflow.sdk.definitions.xcom_arg import XComArg

from airflow_gov.assets import dataset as dataset_asset
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators.recording import governed

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.publishing import Publication
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Load
    from airflow_gov.runtime import Governance

ACTION = "Check and publish"
WAITING = "Wait for a candidate"


class QualityGateSensor(BaseSensorOperator):
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

    ui_color = "#f2ecd8"
    template_fields: Sequence[str] = ("candidate", "dataset")

    def __init__(
        self,
        *,
        candidate: Any = None,
        dataset: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float = 30,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("outlets", [dataset_asset(name).asset for name in _known_names(candidate, dataset)])
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.candidate = candidate
        self.dataset = dataset
        self.deferrable = deferrable
        self._found: list[Load] = []
        self._look: Callable[[], list[Load]] = list

    def execute(self, context: Context) -> Any:
        """Wait for a candidate, check it, publish it."""
        with governed(self, context, ACTION) as (governance, recording):
            self._look = lambda: self._loads(governance, context)
            if self.deferrable:
                if not self.poke(context):
                    recording.action = WAITING
                    self._defer(context)
            else:
                recording.action = WAITING
                super().execute(context)
            # Waiting is over: from here on a failure is a failure. (This instance serves one try.)
            self.soft_fail = self.never_fail = False
            recording.action = ACTION
            return self._publish(governance, recording, self._found, context)

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """Back from the triggerer: a candidate is there, or the trigger could not look."""
        if event is not None and event.get("error"):
            self.log.warning("The trigger could not look for candidates: %s", event["error"])
        return self.execute(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume; a wait that failed in the triggerer (timed out, as a rule) is recorded, too."""
        if next_method == TRIGGER_FAIL_REPR:
            with governed(self, context, WAITING):
                return super().resume_execution(next_method, next_kwargs, context)
        return super().resume_execution(next_method, next_kwargs, context)

    def poke(self, context: Context) -> bool:
        """Whether there is something to check."""
        self._found = self._look()
        if not self._found:
            self.log.info("No candidate yet.")
        return bool(self._found)

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

    def _defer(self, context: Context) -> None:
        from airflow_gov.triggers.candidate import CandidateTrigger

        ti: Any = context["ti"]
        self.defer(
            trigger=CandidateTrigger(
                outputs=[
                    {"dataset": each["dataset"], "load_id": each["load_id"]}
                    for each in _outputs(self.candidate)
                ],
                dataset=self.dataset,
                dag_id=ti.dag_id,
                run_id=ti.run_id,
                poke_interval=self.poke_interval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )


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
