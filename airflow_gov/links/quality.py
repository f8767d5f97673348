"""The button that opens the report of what a gate or a check found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

    from airflow_gov.model.verdicts import Verdict


class QualityReportLink(BaseOperatorLink):
    """Opens the report of the task's verdict: of several the first that failed, else the first.

    Airflow asks for it in the task's own process, when the task ends, and keeps the answer.
    """

    name = "Quality report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The report's address; empty where nothing was checked, and then there is no button."""
        verdicts: Sequence[Verdict] = getattr(operator, "verdicts", ())
        chosen = next((verdict for verdict in verdicts if not verdict.passed), next(iter(verdicts), None))
        return report_address(chosen.verdict_id) if chosen is not None else ""


def report_address(verdict_id: str) -> str:
    """Where Airflow serves a report.

    Without a leading slash: the browser resolves it through Airflow's ``<base>``, so that a base path is
    kept that the task's host need not know of.
    """
    return f"airflow-gov/verdicts/{verdict_id}/report"
