"""Maintenance as a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.model.serde import to_plain
from airflow_gov.operators.base import Output, ZoneOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance


class MaintenanceOperator(ZoneOperator):
    """Remove old versions, merge small files, remove files nothing points to.

    Rows and current version stay as they are for readers. At the end the audit log is anchored in the lake.

    :param dataset: a dataset, a list of datasets, or None for all that were ever published (templated).
    :param keep_versions: newest published versions to keep, at least 1.
    :param keep_days: also keep every version younger than this, in days.
    :param grace_hours: nothing younger than this is removed: a task may be reading or writing it. Where
        many versions are published in a day, less keeps the table's metadata small.
    :param compact: whether small files are merged.
    :param remove_unreachable: whether files nothing points to are removed.
    """

    action: ClassVar[str] = "Maintain Iceberg tables"
    template_fields: Sequence[str] = ("dataset", "keep_versions", "keep_days", "grace_hours")

    def __init__(
        self,
        *,
        dataset: str | Sequence[str] | None = None,
        keep_versions: int = 10,
        keep_days: float = 7,
        grace_hours: float = 24,
        compact: bool = True,
        remove_unreachable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.keep_versions = keep_versions
        self.keep_days = keep_days
        self.grace_hours = grace_hours
        self.compact = compact
        self.remove_unreachable = remove_unreachable

    @property
    def target_names(self) -> list[str]:
        """Nothing for a gate: maintenance changes no rows."""
        return []

    @property
    def written_names(self) -> Sequence[Any]:
        """What is maintained."""
        return [self.dataset]

    def run(self, governance: Governance, recording: Recording, context: Context) -> Output:
        """Maintain one dataset after the other."""
        from airflow_gov.flow.anchoring import anchor_or_warn
        from airflow_gov.flow.maintenance import Upkeep, maintain
        from airflow_gov.model.execution import DataRef, Role

        upkeep = Upkeep(
            keep_versions=int(self.keep_versions),
            keep_days=float(self.keep_days),
            grace_hours=float(self.grace_hours),
            compact=self.compact,
            remove_unreachable=self.remove_unreachable,
        )
        actor = recording.execution.actor
        reports = {}
        for dataset in self._datasets(governance):
            recording.add(DataRef(role=Role.TARGET, dataset=str(dataset)))
            report = maintain(
                governance,
                dataset,
                upkeep,
                actor=actor.triggered_by or actor.os_user,
                execution_id=recording.execution_id,
            )
            reports[str(dataset)] = to_plain(report)
            self.log.info("%s: %s", dataset, report)
        anchor_or_warn(governance)
        return reports

    def _datasets(self, governance: Governance) -> list[Any]:
        if self.dataset is None:
            known = governance.store.versions.summaries()
            return [summary.dataset for summary in known if summary.version is not None]
        names = [self.dataset] if isinstance(self.dataset, str) else list(self.dataset)
        return [self.parse_dataset(governance, name) for name in names]
