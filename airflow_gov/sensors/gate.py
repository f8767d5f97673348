"""The quality gate: nothing is published without a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from airflow_gov.assets import dataset as dataset_asset
from airflow_gov.operators.candidates import known_names, loads_of, wanted
from airflow_gov.operators.contracts import declared_contract
from airflow_gov.operators.telling import TellsVerdicts
from airflow_gov.sensors.waiting import GovernedSensor

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.deciding import GateOptions, OnFailure
    from airflow_gov.flow.publishing import Publication
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Load
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance
    from airflow_gov.triggers.candidate import CandidateTrigger

ACTION = "Check and publish"


class QualityGateSensor(TellsVerdicts, GovernedSensor):
    """Check candidates against their contracts and publish those that keep them.

    Give either ``candidate`` or ``dataset``. Without a candidate yet, it waits; a candidate that does
    not keep its contract fails the task without a retry, whatever ``soft_fail`` says: that applies to
    waiting only. On success the dataset's Airflow asset is updated, with version, rows, verdict, load
    ids and rows set aside in the event's extra.

    :param candidate: the output of an operator, mapped or not; all its loads of one dataset are
        published in one commit (templated).
    :param dataset: instead, all candidates of this dataset in this Dag run (templated).
    :param on_failure: what becomes of a candidate that breaks rules: ``fail``: it stays unpublished;
        ``quarantine``: the rows that break rules go to ``<zone>.<name>__quarantine``, the others are
        published; ``warn``: it is published and told; ``review``: it is published, and rolled back
        unless a steward confirms it by the contract's deadline (templated).
    :param quarantine_limit: rows (``100``) or share of the load (``"10%"``) above which ``quarantine``
        fails after all; None: no limit (templated).
    :param expectation_parameters: values of ``{"$PARAMETER": name}`` in expectations (templated).
    :param contracts_folder: where contracts lie, relative to the Dag's bundle; default: the option
        ``[airflow_gov] contracts_folder``. A contract that changed since the candidate was written is
        refused.
    :param deferrable: wait in the triggerer, without a worker slot.

    Returns ``{dataset, load_id, snapshot, version, verdict}``, or a list of these for several loads.
    """

    waiting = "Wait for a candidate"
    template_fields: Sequence[str] = (
        "candidate",
        "dataset",
        "on_failure",
        "quarantine_limit",
        "expectation_parameters",
    )

    def __init__(
        self,
        *,
        candidate: Any = None,
        dataset: str | None = None,
        on_failure: str = "fail",
        quarantine_limit: str | float | None = "10%",
        expectation_parameters: Mapping[str, Any] | None = None,
        contracts_folder: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("outlets", [dataset_asset(name).asset for name in known_names(candidate, dataset)])
        super().__init__(**kwargs)
        self.candidate = candidate
        self.dataset = dataset
        self.on_failure = on_failure
        self.quarantine_limit = quarantine_limit
        self.expectation_parameters = expectation_parameters
        self.contracts_folder = contracts_folder
        self._options: GateOptions | None = None
        self._found: list[Load] = []

    @property
    def read_names(self) -> Sequence[Any]:
        """The candidates it checks."""
        return [self.candidate, self.dataset]

    @property
    def written_names(self) -> Sequence[Any]:
        """The same datasets, as it publishes them."""
        return self.read_names

    def look(self, governance: Governance, context: Context) -> bool:
        """Whether there is something to check. Wrong options are refused before anything is waited for."""
        self._options = self._options or self._read_options(governance, context)
        self._found = loads_of(governance, context, self.candidate, self.dataset, "A gate")
        if not self._found:
            self.log.info("No candidate yet.")
        return bool(self._found)

    def trigger(self, governance: Governance, context: Context) -> CandidateTrigger:
        """Waits for the same."""
        from airflow_gov.triggers.candidate import CandidateTrigger

        outputs, dataset = wanted(governance, self.candidate, self.dataset, "A gate")
        ti: Any = context["ti"]
        return CandidateTrigger(
            outputs=[{"dataset": each["dataset"], "load_id": each["load_id"]} for each in outputs],
            dataset=str(dataset) if dataset is not None else None,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            poke_interval=self.poke_interval,
        )

    def finish(self, governance: Governance, recording: Recording, context: Context) -> Any:
        """Check what was found, and publish it."""
        from airflow_gov.flow.publishing import publish

        recording.action = ACTION
        options = self._options or self._read_options(governance, context)
        with self.telling(governance):
            publications = publish(governance, recording, self._found, options)
        self.tell_publications(publications)
        for publication in publications:
            self._update_asset(publication, context)
        return self._output(publications)

    def _read_options(self, governance: Governance, context: Context) -> GateOptions:
        from airflow_gov.flow.deciding import GateOptions

        def contract_hash(dataset: DatasetName) -> str | None:
            declared = declared_contract(governance, context, dataset, self.contracts_folder)
            return declared.hash if declared is not None else None

        return GateOptions(
            on_failure=cast("OnFailure", self.on_failure),
            quarantine_limit=self.quarantine_limit,
            expectation_parameters=dict(self.expectation_parameters or {}),
            contract_hashes=contract_hash,
        )

    def _material(self) -> Any:
        material = super()._material()
        material.loads = self._found
        return material

    def _output(self, publications: Sequence[Publication]) -> Any:
        found = {(load.dataset, load.load_id) for load in self._found}
        outputs = [
            {
                "dataset": str(each.version.dataset),
                "load_id": load_id,
                "snapshot": each.version.snapshot_id,
                "version": each.version.version,
                "verdict": each.ruling.value,
            }
            for each in publications
            for load_id in each.load_ids
            if (each.version.dataset, load_id) in found
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

    def _update_asset(self, publication: Publication, context: Context) -> None:
        asset = dataset_asset(str(publication.version.dataset)).asset
        if asset not in self.outlets:
            self.outlets.append(asset)
        context["outlet_events"][asset].extra.update(asset_extra(publication))


def asset_extra(publication: Publication) -> dict[str, Any]:
    """What consumers of the asset are told of a publication; JSON-compatible."""
    version, verdict, review = publication.version, publication.verdict, publication.review
    extra: dict[str, Any] = {
        "version": version.version,
        "snapshot": version.snapshot_id,
        "rows": version.rows,
        "verdict": publication.ruling.value,
        "verdict_id": version.verdict_id,
        "load_ids": list(publication.load_ids),
        "quarantined": publication.quarantined,
        "republished": publication.republished,
    }
    if verdict is not None:
        extra |= {"rules": len(verdict.results), "failed": len(verdict.failures)}
    if publication.waiver_id is not None:
        extra["waiver_id"] = publication.waiver_id
    if review is not None:
        extra |= {"review_id": review.review_id, "review_deadline": review.deadline.isoformat()}
    return extra
