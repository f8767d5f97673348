"""Deadlines of reviews, on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.operators.base import ZoneOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance


class ReviewDeadlineOperator(ZoneOperator):
    """Roll back what was published for review and not confirmed by its deadline.

    Gates and readers of a dataset see to its own deadlines anyway; a Dag with this task sees to them when
    nobody comes by. Where nothing is due it costs one query.

    :param dataset: a dataset, a list of datasets, or None for all (templated).

    Returns the reviews that were carried out: ``{dataset, version, review, state, current}`` each, with
    the number of the version readers see now.
    """

    action: ClassVar[str] = "Enforce review deadlines"
    template_fields: Sequence[str] = ("dataset",)

    def __init__(self, *, dataset: str | Sequence[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset

    @property
    def target_names(self) -> list[str]:
        """Nothing for a gate: what is restored was published before."""
        return []

    @property
    def written_names(self) -> Sequence[Any]:
        """What may be restored."""
        return [self.dataset]

    def run(self, governance: Governance, recording: Recording, context: Context) -> Any:
        """See to all deadlines that have passed."""
        from airflow_gov.flow.reviewing import enforce_deadlines
        from airflow_gov.model.execution import DataRef, Role

        actor = recording.execution.actor
        carried_out = []
        names = [self.dataset] if isinstance(self.dataset, str) else self.dataset
        datasets = [None] if names is None else [self.parse_dataset(governance, name) for name in names]
        for dataset in datasets:
            done = enforce_deadlines(governance, dataset=dataset, actor=actor.triggered_by or actor.os_user)
            for review in done:
                current = governance.store.versions.current(review.dataset)
                recording.add(DataRef(role=Role.TARGET, dataset=str(review.dataset)))
                carried_out.append(
                    {
                        "dataset": str(review.dataset),
                        "version": review.version,
                        "review": review.review_id,
                        "state": review.state.value,
                        "current": current.version if current is not None else None,
                    }
                )
        if carried_out:
            self.log.warning("Rolled back for want of a confirmation: %s", carried_out)
        return carried_out
