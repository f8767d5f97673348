"""Stewards decide in Airflow what a gate left to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.verdicts import LONGEST_WAIVER
from airflow_gov.operators.candidates import loads_of
from airflow_gov.operators.recording import governed
from airflow_gov.operators.telling import TellsLineage

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.approving import Pending
    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance

APPROVE, REJECT = "Approve", "Reject"
ACTION = "Ask a steward"
#: Rules that the question lists; the report has them all.
_SHOWN = 20


class StewardApprovalOperator(TellsLineage, HITLOperator):
    """Ask the stewards of a dataset about what its gate left to them, in Airflow's Required Actions.

    Two things may be left. A candidate that broke rules: approving it grants a waiver, for these rules
    and these rows, and the next gate publishes it. A version that was published for review
    (``on_failure="review"``): approving confirms it, rejecting rolls it back, and so does the deadline.
    Where nothing is left, because the rules held, nobody is asked and the task succeeds at once::

        check = QualityCheckOperator(task_id="check", candidate=load.output, on_failure="warn")
        ask = StewardApprovalOperator(task_id="ask", candidate=load.output)
        check >> ask >> QualityGateSensor(task_id="gate", candidate=load.output)

    Behind a gate that fails it needs ``trigger_rule="all_done"``; it belongs there where mapped loads are
    published together, since a check looks at each of them by itself. Only stewards whom the contract
    names may respond. Rejecting fails the task, so that nothing downstream runs. Without a reason the
    question is asked again. Who, when and why are recorded.

    :param candidate: the output of the operator or of its gate, mapped or not (templated).
    :param dataset: instead, all loads of this dataset in this Dag run (templated).
    :param users: the Airflow user ids of stewards, where they are not the names in the contract (an
        auth manager may number its users).
    :param waiver_days: for how many days a waiver holds, unless the steward says otherwise.
    :param subject: the question (templated); default: it names the datasets.
    :param body: what is needed to decide, in Markdown (templated); default: the rules that broke.
    :param response_timeout: how long to wait; default: a review's deadline, else without end.

    Returns ``{approved, steward, reason, responded_at, waivers, reviews}``; ``approved`` is None where
    nobody was asked.
    """

    ui_color = "#f2ecd8"
    template_fields: Sequence[str] = ("candidate", "dataset", "subject", "body")

    def __init__(
        self,
        *,
        candidate: Any = None,
        dataset: str | None = None,
        users: Mapping[str, str] | None = None,
        waiver_days: float = 30,
        subject: str = "",
        **kwargs: Any,
    ) -> None:
        params = {
            "reason": Param("", type="string", description="Why (kept in the record)."),
            "expires_in_days": Param(
                waiver_days,
                type="number",
                exclusiveMinimum=0,
                maximum=LONGEST_WAIVER.days,
                description="How long a waiver holds.",
            ),
        }
        super().__init__(subject=subject, options=[APPROVE, REJECT], params=params, **kwargs)
        self.candidate = candidate
        self.dataset = dataset
        self.users = users
        self.waiver_days = waiver_days

    @property
    def intention(self) -> str:
        """To ask."""
        return ACTION

    @property
    def read_names(self) -> Sequence[Any]:
        """What may have to be decided on."""
        return [self.candidate, self.dataset]

    def execute(self, context: Context) -> Any:
        """Ask, where there is something to ask."""
        with governed(self, context, ACTION) as (governance, recording):
            pending = self._pending(governance, context)
            if not pending:
                recording.action = "Nothing to ask a steward"
                self.log.info("Nothing waits for a steward.")
                return _answer(None)
            raise self._question(governance, recording, context, pending)

    def execute_complete(self, context: Context, event: dict[str, Any], asked: Sequence[str] = ()) -> Any:
        """Carry out what a steward decided.

        :param asked: the verdicts that the question was about.
        """
        with governed(self, context, ACTION) as (governance, recording):
            pending = self._pending(governance, context, asked)
            if "error" in event:
                self._see_to_deadlines(governance, recording, pending)
            response = super().execute_complete(context, event)
            if not pending:
                recording.action = "Nothing to ask a steward any more"
                self.log.warning("What was asked about was decided, published or written again meanwhile.")
                return _answer(None)
            return self._decide(governance, recording, context, pending, response)

    def _decide(
        self,
        governance: Governance,
        recording: Recording,
        context: Context,
        pending: Sequence[Pending],
        response: Mapping[str, Any],
    ) -> dict[str, Any]:
        from airflow_gov.flow.approving import Approval, approve, reject

        steward = self._steward(governance, pending, response["responded_by_user"])
        params = {"reason": "", "expires_in_days": self.waiver_days, **response["params_input"]}
        reason = str(params["reason"]).strip()
        days = float(params["expires_in_days"])
        if not reason or not 0 < days <= LONGEST_WAIVER.days:
            self.log.warning("%s gave no reason, or a waiver of %s days: asking again.", steward, days)
            raise self._question(governance, recording, context, pending)
        recording.action = f"{steward} decides on {_names(pending)}"
        _record(recording, pending)
        expires_at = governance.clock() + timedelta(days=days)
        approval = Approval(steward, f"airflow: {steward}", reason, expires_at)
        if response["chosen_options"] != [APPROVE]:
            reject(governance, pending, approval)
            _record_rollbacks(recording, pending)
            raise AirflowFailException(f"{steward} rejected {_names(pending)}: {reason}")
        done = approve(governance, pending, approval)
        responded_at = response["responded_at"].isoformat()
        return _answer(True, steward=steward, reason=reason, responded_at=responded_at, **done)

    def _pending(
        self, governance: Governance, context: Context, asked: Collection[str] | None = None
    ) -> list[Pending]:
        from airflow_gov.flow.approving import pending_of

        loads = loads_of(governance, context, self.candidate, self.dataset, "An approval")
        pending = pending_of(governance, loads)
        return [each for each in pending if asked is None or each.verdict.verdict_id in asked]

    def _question(
        self,
        governance: Governance,
        recording: Recording,
        context: Context,
        pending: Sequence[Pending],
    ) -> TaskAwaitingInput:
        """Ask; gives what parks the task until somebody responds, and remembers what was asked about."""
        from airflow_gov.flow.approving import common_stewards

        recording.action = f"Ask a steward of {_names(pending)}"
        users = self.users or {}
        self.assigned_users = [
            {"id": users.get(steward, steward), "name": steward}
            for steward in common_stewards(governance, pending)
        ]
        self.subject = self.subject or f"{_names(pending)}: rules are broken"
        self.body = self.body or _body(pending)
        deadlines = [each.review.deadline for each in pending if each.review is not None]
        if self.response_timeout is None and deadlines:
            self.response_timeout = max(min(deadlines) - governance.clock(), timedelta(seconds=1))
        try:
            super().execute(context)
        except TaskAwaitingInput as parked:
            parked.kwargs = {"asked": [each.verdict.verdict_id for each in pending]}
            return parked
        raise RuntimeError("Airflow did not wait for a response.")

    def _steward(
        self, governance: Governance, pending: Sequence[Pending], user: Mapping[str, str] | None
    ) -> str:
        """Which steward responded. Airflow lets nobody else, unless all are administrators there."""
        from airflow_gov.flow.approving import common_stewards

        users, responded = self.users or {}, user["id"] if user else None
        stewards = common_stewards(governance, pending)
        found = next((steward for steward in stewards if users.get(steward, steward) == responded), None)
        if found is None:
            raise GovernanceError(
                Reason.STEWARD_REQUIRED,
                f"The response came from {responded or 'nobody'}, who is no steward of {_names(pending)} "
                f"({', '.join(stewards)}). Clear this task to ask again; users= says which Airflow user a "
                "steward is.",
            )
        return found

    def _see_to_deadlines(
        self, governance: Governance, recording: Recording, pending: Sequence[Pending]
    ) -> None:
        """Nobody responded in time: what had a deadline is rolled back now."""
        from airflow_gov.flow.reviewing import enforce_deadlines

        actor = recording.execution.actor
        for each in pending:
            if each.review is not None:
                enforce_deadlines(governance, dataset=each.dataset, actor=actor.triggered_by or actor.os_user)


def _record(recording: Recording, pending: Sequence[Pending]) -> None:
    """What was decided on."""
    for each in pending:
        recording.add(
            DataRef(
                role=Role.SOURCE,
                dataset=str(each.dataset),
                snapshot_id=each.verdict.snapshot_id,
                version=each.review.version if each.review is not None else None,
                rows=each.verdict.rows,
            )
        )


def _record_rollbacks(recording: Recording, pending: Sequence[Pending]) -> None:
    """What was taken back: the datasets under review."""
    for each in pending:
        if each.review is not None:
            recording.add(DataRef(role=Role.TARGET, dataset=str(each.dataset)))


def _names(pending: Sequence[Pending]) -> str:
    return ", ".join(str(each.dataset) for each in pending)


def _answer(approved: bool | None, **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "steward": None,
        "reason": None,
        "responded_at": None,
        "waivers": [],
        "reviews": [],
    }
    return {"approved": approved, **nothing, **more}


def _body(pending: Sequence[Pending]) -> str:
    return "\n\n".join([*(_told(each) for each in pending), "Without a reason you will be asked again."])


def _told(pending: Pending) -> str:
    from airflow_gov.flow.refusing import told

    verdict, review = pending.verdict, pending.review
    broken = list(verdict.blocking)
    lines = [f"- {told(result)}" for result in broken[:_SHOWN]]
    if len(broken) > _SHOWN:
        lines.append(f"- … and {len(broken) - _SHOWN} more")
    if review is not None:
        head = (
            f"**{verdict.dataset}** version {review.version} ({verdict.rows:,} rows) is published although "
            f"rules are broken. Unless it is approved by {review.deadline:%Y-%m-%d %H:%M} UTC, it is rolled "
            "back."
        )
    else:
        head = (
            f"**{verdict.dataset}**: a candidate of {verdict.rows:,} rows breaks rules and is not published. "
            "Approving it lets it through."
        )
    return "\n".join([head, "", *lines])
