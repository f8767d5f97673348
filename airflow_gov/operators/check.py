"""Checking without publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.model.errors import GovernanceError, Reason, VerdictFailedError
from airflow_gov.operators.base import Output, ZoneOperator
from airflow_gov.operators.candidates import loads_of
from airflow_gov.operators.telling import TellsVerdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.runtime import Governance

#: What a check does when a contract is not kept.
ON_FAILURE = ("fail", "warn")


class QualityCheckOperator(TellsVerdicts, ZoneOperator):
    """Check data against its contract; nothing is published, the verdict is recorded.

    Give either ``dataset``, for what readers see now or for an earlier version (on a schedule, say), or
    ``candidate``, for what a gate would check: its verdict is the one the gate will find.

    :param dataset: a dataset (templated).
    :param version: number of one of its published versions; default: the current one (templated).
    :param candidate: instead, the output of an operator, mapped or not (templated).
    :param on_failure: ``fail`` the task without a retry when rules are broken, or only ``warn`` (templated).
    :param expectation_parameters: values of ``{"$PARAMETER": name}`` in expectations (templated).

    Returns ``{dataset, version, snapshot, verdict, passed, rules, failed}``: the verdict's id, how many
    rules were checked, and the names of those that failed; a list of these for several candidates, each
    of which is checked by itself.
    """

    action: ClassVar[str] = "Check"
    template_fields: Sequence[str] = (
        "dataset",
        "version",
        "candidate",
        "on_failure",
        "expectation_parameters",
    )

    def __init__(
        self,
        *,
        dataset: str | None = None,
        version: int | str | None = None,
        candidate: Any = None,
        on_failure: str = "fail",
        expectation_parameters: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.version = version
        self.candidate = candidate
        self.on_failure = on_failure
        self.expectation_parameters = expectation_parameters

    @property
    def target_names(self) -> list[str]:
        """Nothing for a gate: a check writes no rows."""
        return []

    @property
    def read_names(self) -> Sequence[Any]:
        """What is checked."""
        return [self.dataset, self.candidate]

    def run(self, governance: Governance, recording: Recording, context: Context) -> Any:
        """Check, record the verdicts, and fail if that is wanted."""
        if self.on_failure not in ON_FAILURE:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"on_failure {self.on_failure!r} is not one of {', '.join(ON_FAILURE)}: "
                "a check publishes nothing.",
            )
        verdicts = self._check(governance, recording, context)
        self.verdicts = tuple(verdicts)
        names = ", ".join(sorted({str(verdict.dataset) for verdict in verdicts}))
        recording.action = f"Check {names}"
        self._judge(verdicts)
        outputs = [_summary(governance, verdict) for verdict in verdicts]
        return outputs[0] if len(outputs) == 1 else outputs

    def _check(self, governance: Governance, recording: Recording, context: Context) -> list[Verdict]:
        from airflow_gov.flow.checking import check_dataset

        parameters = dict(self.expectation_parameters or {})
        if self.candidate is None and self.dataset is not None:
            dataset = self.parse_dataset(governance, self.dataset)
            number = _number(self.version)
            return [check_dataset(governance, recording, dataset, version=number, parameters=parameters)]
        if self.version is not None:
            raise GovernanceError(
                Reason.PARAMETER_INVALID, "version= goes with dataset=, not with candidate=."
            )
        loads = loads_of(governance, context, self.candidate, self.dataset, "A check")
        if not loads:
            raise GovernanceError(
                Reason.SOURCE_MISSING,
                "There is no candidate yet: put the check after the task that writes it.",
            )
        return [
            check_dataset(governance, recording, load.dataset, load=load, parameters=parameters)
            for load in loads
        ]

    def _judge(self, verdicts: Sequence[Verdict]) -> None:
        broken = [verdict for verdict in verdicts if not verdict.passed]
        if not broken:
            return
        lines = [f"  {verdict.dataset}: {line}" for verdict in broken for line in _lines(verdict)]
        message = "The contract is not kept:\n" + "\n".join(lines)
        if self.on_failure == "warn":
            self.log.warning("%s", message)
            return
        raise VerdictFailedError(
            Reason.VERDICT_FAILED, message, verdicts=[verdict.verdict_id for verdict in broken]
        )


def _lines(verdict: Verdict) -> list[str]:
    from airflow_gov.flow.refusing import told

    return [told(result) for result in verdict.blocking]


def _number(version: int | str | None) -> int | None:
    if version is None:
        return None
    try:
        return int(version)
    except ValueError:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"version {version!r} is no version's number."
        ) from None


def _summary(governance: Governance, verdict: Verdict) -> Output:
    known = governance.store.versions.by_snapshot(verdict.dataset, verdict.snapshot_id)
    return {
        "dataset": str(verdict.dataset),
        "version": known.version if known is not None else None,
        "snapshot": verdict.snapshot_id,
        "verdict": verdict.verdict_id,
        "passed": verdict.passed,
        "rules": len(verdict.results),
        "failed": sorted({result.rule for result in verdict.failures}),
    }
