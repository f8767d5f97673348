"""What our tasks tell of themselves: OpenLineage's events, and the link to the report on what was checked.

Telling is observation: whatever goes wrong in it is logged and stops nothing.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_gov.links.quality import QualityReportLink
from airflow_gov.model.errors import VerdictFailedError
from airflow_gov.model.execution import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import BaseOperatorLink

    from airflow_gov.flow.publishing import Publication
    from airflow_gov.flow.recording import Recording
    from airflow_gov.lineage.emitting import Told
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.execution import Execution
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


def openlineage_listens() -> bool:
    """Whether OpenLineage is configured."""
    try:
        from airflow.providers.openlineage.conf import is_disabled

        return not is_disabled()
    except Exception:
        log.warning("OpenLineage's configuration cannot be read: nothing is told.", exc_info=True)
        return False


class TellsLineage:
    """A task that tells OpenLineage what it reads and writes. Mix it in before the operator's class.

    OpenLineage asks when the task has ended and governance is closed; so what it will want is taken down
    while governance is open. When the task starts, what its parameters say is told.
    """

    #: The dialect of the query it runs, where it runs one.
    sql_dialect: str | None = None
    #: The record as known when the task starts; see :mod:`airflow_gov.listeners.lineage`.
    opening: Execution | None = None
    #: Contracts this try worked under.
    contracts_used: tuple[Contract, ...] = ()
    _told: Told | None = None

    @property
    def intention(self) -> str:
        """What it is going to do, in one sentence."""
        return ""

    @property
    def read_names(self) -> Sequence[Any]:
        """What it reads, as its parameters name it: datasets, outputs of tasks, lists of them."""
        return ()

    @property
    def written_names(self) -> Sequence[Any]:
        """What it writes, in the same words."""
        return ()

    @property
    def read_outside(self) -> str | None:
        """A file outside the lake that it reads."""
        return None

    def take_down(self, governance: Governance, recording: Recording) -> None:
        """Keep what OpenLineage will want of an execution that has ended.

        :param governance: the wired parts, still open.
        :param recording: the execution's, with its final record.
        """
        try:
            paused = recording.final is None or recording.final.status in (
                Status.DEFERRED,
                Status.UP_FOR_RESCHEDULE,
            )
            if not paused and openlineage_listens():
                from airflow_gov.flow.describing import describe

                self._told = describe(governance, recording, self._material())
        except Exception:
            log.warning("OpenLineage is not told what this task read and wrote.", exc_info=True)

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """What the task's parameters say that it will read and write."""
        return _lineage(self._expected())

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """What the task read and wrote, and its record."""
        return _lineage(self._told or replace(self._expected(), run_facets={}))

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """What the task read before it failed, what it wrote all the same, and its record."""
        return self.get_openlineage_facets_on_complete(task_instance)

    def _expected(self) -> Told:
        from airflow_gov.lineage.emitting import Told

        try:
            from airflow_gov.operators.starting import expected

            return expected(self)
        except Exception:
            log.warning("OpenLineage is not told what this task will read and write.", exc_info=True)
            return Told()

    def _material(self) -> Any:
        from airflow_gov.flow.describing import Material

        contracts = {contract.dataset: contract for contract in self.contracts_used}
        return Material(contracts=contracts, dialect=self.sql_dialect)


class TellsVerdicts(TellsLineage):
    """A task that checks datasets, and may publish them. Mix it in before the operator's class."""

    operator_extra_links: Collection[BaseOperatorLink] = (QualityReportLink(),)

    #: The verdicts of this try.
    verdicts: tuple[Verdict, ...] = ()
    _publications: tuple[Publication, ...] = ()

    @contextmanager
    def telling(self, governance: Governance) -> Iterator[None]:
        """Around what may refuse a candidate: the verdicts it was refused for are told as well."""
        try:
            yield
        except VerdictFailedError as error:
            self._refused(governance, error.attributes.get("verdicts", ()))
            raise

    def tell_publications(self, publications: Iterable[Publication]) -> None:
        """Take down what was published, and the verdicts that allowed it."""
        self._publications = tuple(publications)
        self.verdicts = tuple(each.verdict for each in self._publications if each.verdict is not None)

    def _refused(self, governance: Governance, verdict_ids: Iterable[str]) -> None:
        try:
            found = [governance.store.verdicts.get(verdict_id) for verdict_id in verdict_ids]
        except Exception:
            log.warning("The verdicts could not be read again: no link, no lineage.", exc_info=True)
            return
        self.verdicts = tuple(verdict for verdict in found if verdict is not None)

    def _material(self) -> Any:
        material = super()._material()
        material.verdicts, material.publications = self.verdicts, self._publications
        return material


def _lineage(told: Told) -> OperatorLineage[Any, Any]:
    """As Airflow's provider takes it."""
    from airflow.providers.common.compat.openlineage.facet import InputDataset, OutputDataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage(
        inputs=[InputDataset(**each) for each in told.inputs],
        outputs=[OutputDataset(**each) for each in told.outputs],
        run_facets=dict(told.run_facets),
        job_facets=dict(told.job_facets),
    )
