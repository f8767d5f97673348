"""What a task that checks datasets tells of its verdicts: the link to the report, and OpenLineage.

Telling is observation: whatever goes wrong in it is logged and stops nothing.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_gov.links.quality import QualityReportLink
from airflow_gov.model.errors import VerdictFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import BaseOperatorLink

    from airflow_gov.flow.publishing import Publication
    from airflow_gov.lineage.facets import Facet
    from airflow_gov.model.loads import Version
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


class TellsVerdicts:
    """A task that checks datasets. Mix it in before the operator's class.

    Airflow asks for links and OpenLineage for facets when the task has ended and governance is closed;
    so what they will want is taken down while it is open.
    """

    operator_extra_links: Collection[BaseOperatorLink] = (QualityReportLink(),)

    #: The verdicts of this try.
    verdicts: tuple[Verdict, ...] = ()
    _inputs: tuple[Facet, ...] = ()
    _outputs: tuple[Facet, ...] = ()

    @contextmanager
    def telling(self, governance: Governance) -> Iterator[None]:
        """Around what may refuse a candidate: the verdicts it was refused for are told as well."""
        try:
            yield
        except VerdictFailedError as error:
            self._refused(governance, error.attributes.get("verdicts", ()))
            raise

    def tell_publications(self, governance: Governance, publications: Iterable[Publication]) -> None:
        """Take down what was published, and the verdicts that allowed it."""
        known = list(publications)
        self.tell_verdicts(governance, [each.verdict for each in known if each.verdict is not None])
        self._outputs = tuple(_openlineage(_output, governance, [each.version for each in known]))

    def tell_verdicts(self, governance: Governance, verdicts: Iterable[Verdict]) -> None:
        """Take down verdicts."""
        self.verdicts = tuple(verdicts)
        self._inputs = tuple(_openlineage(_input, governance, self.verdicts))

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """The datasets that were checked, with the results as facets, and the versions published."""
        from airflow.providers.common.compat.openlineage.facet import InputDataset, OutputDataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        from airflow_gov.lineage import test_run_facet

        facets: dict[str, Any] = {"test": test_run_facet(self.verdicts)} if self.verdicts else {}
        return OperatorLineage(
            inputs=[InputDataset(**each) for each in self._inputs],
            outputs=[OutputDataset(**each) for each in self._outputs],
            run_facets=facets,
        )

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """The same; nothing was published."""
        return self.get_openlineage_facets_on_complete(task_instance)

    def _refused(self, governance: Governance, verdict_ids: Iterable[str]) -> None:
        try:
            found = [governance.store.verdicts.get(verdict_id) for verdict_id in verdict_ids]
        except Exception:
            log.warning("The verdicts could not be read again: no link, no lineage.", exc_info=True)
            return
        self.tell_verdicts(governance, [verdict for verdict in found if verdict is not None])


def _openlineage(
    describe: Callable[[Governance, Any], Facet], governance: Governance, told: Iterable[Any]
) -> list[Facet]:
    """Datasets for OpenLineage, where it is configured; none where one cannot be described."""
    from airflow.providers.openlineage.conf import is_disabled

    try:
        return [] if is_disabled() else [describe(governance, each) for each in told]
    except Exception:
        log.warning("OpenLineage is not told of this check.", exc_info=True)
        return []


def _input(governance: Governance, verdict: Verdict) -> Facet:
    from airflow_gov.lineage import checked_dataset

    facts = governance.lake.snapshot(verdict.dataset, verdict.snapshot_id)
    return checked_dataset(
        verdict,
        governance.lake.location(verdict.dataset),
        governance.lake_properties,
        size=facts.size if facts else None,
        files=facts.files if facts else None,
        classified=_classified(governance, verdict),
    )


def _output(governance: Governance, version: Version) -> Facet:
    from airflow_gov.lineage import published_dataset

    location = governance.lake.location(version.dataset)
    return published_dataset(version, location, governance.lake_properties)


def _classified(governance: Governance, verdict: Verdict) -> frozenset[str]:
    """Columns of which no value is told."""
    from airflow_gov.flow.promises import kept_contract

    contract = kept_contract(governance, verdict.dataset, verdict.contract_hash)
    return frozenset(column.name for column in contract.columns if column.classified)
