"""From Airflow's context to the record of an execution, and from Airflow's exceptions to its status."""

from __future__ import annotations

import atexit
import gc
import re
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
    TaskAwaitingInput,
    TaskDeferred,
)
from airflow.sdk.log import redact  # type: ignore[attr-defined]

from airflow_gov.flow.deliveries import without_credentials
from airflow_gov.flow.environment import current_host, git_of, library_versions, os_user
from airflow_gov.flow.recording import Outcome, Recording, recorded
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Actor, Execution, Status, TaskRun
from airflow_gov.model.serde import to_plain
from airflow_gov.operators.telling import TellsLineage, openlineage_listens
from airflow_gov.operators.timeouts import TaskTimeout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from airflow.sdk import BaseOperator, Context

    from airflow_gov.runtime import Governance

#: Reasons that another try cannot mend: the Dag, the contract or the data must change first.
FINAL_REASONS = frozenset(
    {
        Reason.CONFIGURATION_INVALID,
        Reason.CONTRACT_CHANGED,
        Reason.CONTRACT_INVALID,
        Reason.CONTRACT_MISSING,
        Reason.DATASET_NAME_INVALID,
        Reason.DEPENDENCY_MISSING,
        Reason.FINDINGS_OPEN,
        Reason.FORMAT_UNSUPPORTED,
        Reason.HOP_REFUSED,
        Reason.KEY_INVALID,
        Reason.PARAMETER_INVALID,
        Reason.RULE_FAILED,
        Reason.RULE_INVALID,
        Reason.SCHEMA_CHANGE_REFUSED,
        Reason.SCHEMA_MISMATCH,
        Reason.SQL_REFUSED,
        Reason.STEWARD_REQUIRED,
        Reason.VERDICT_FAILED,
    }
)

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: User and password of a URL inside a text.
_USER = re.compile(r"(?<=://)[^\s/?#'\"<>]+@")


@contextmanager
def governed(operator: BaseOperator, context: Context, action: str) -> Iterator[tuple[Governance, Recording]]:
    """Run a task under governance: its record is written whatever happens, its errors are Airflow's.

    :param operator: the running task.
    :param context: Airflow's context.
    :param action: what it is going to do, in one sentence.
    :raises AirflowFailException: for errors that another try cannot mend.
    :raises AirflowTaskTimeout: also where Python dropped it at first, or where it ended a query of DuckDB.
    """
    from airflow_gov.hooks.governance import GovernanceHook

    _leave_airflow_out_of_collections()
    timeout = TaskTimeout()
    with timeout.heeded() if operator.execution_timeout else nullcontext():
        governance = recording = None
        try:
            governance = GovernanceHook().get_governance()
            opening = opening_execution(operator, context, action, governance.clock())
            with (
                recorded(governance, opening, classify=_classifier(context), redact=_redact) as recording,
                timeout.told_as_it_is(),
            ):
                yield governance, recording
        except GovernanceError as error:
            told = _without_query(operator, governance, error)
            if error.reason in FINAL_REASONS:
                raise AirflowFailException(str(told)) from (error if told is error else None)
            if told is not error:
                raise told from None
            raise
        finally:
            if governance is not None:
                if recording is not None and isinstance(operator, TellsLineage):
                    operator.take_down(governance, recording)
                governance.close()


@cache
def _leave_airflow_out_of_collections() -> None:
    """Once in a task's process, before our libraries are loaded.

    They make enough objects for several full garbage collections, and each would walk all that Airflow has
    loaded: a fifth of a second. What is there now stays until the process ends, which for a task is soon;
    under ``dag.test()`` it is the first task that decides. Airflow freezes what it has loaded, too, before
    its LocalExecutor forks.
    """
    gc.freeze()
    # Else what is frozen and holds DuckDB would outlive DuckDB, which complains of that.
    atexit.register(gc.unfreeze)


def opening_execution(operator: BaseOperator, context: Context, action: str, start: datetime) -> Execution:
    """The record as known when the task starts.

    :param operator: the task.
    :param context: Airflow's context.
    :param action: what it is going to do, in one sentence.
    :param start: when it starts.
    """
    ti: Any = context["ti"]
    run: Any = context["dag_run"]
    return Execution(
        execution_id=str(ti.id),
        task=TaskRun(
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=-1 if ti.map_index is None else ti.map_index,
            try_number=ti.try_number,
            logical_date=run.logical_date,
            data_interval_start=run.data_interval_start,
            data_interval_end=run.data_interval_end,
            partition_key=run.partition_key,
        ),
        operator=getattr(operator, "custom_operator_name", None) or type(operator).__name__,
        action=action,
        status=Status.RUNNING,
        start=start,
        actor=Actor(
            os_user=os_user(),
            triggered_by=run.triggering_user_name,
            owner=operator.owner,
            team=run.team_name or _team_tag(context),
        ),
        host=replace(current_host(conf.get("core", "executor", fallback=None))),
        git=_git(context),
        meaning=(operator.doc_md or operator.doc or "").strip(),
        parameters=_parameters(operator, context),
        versions=library_versions(),
        openlineage_run_id=_openlineage_run_id(ti, run),
    )


def _without_query(
    operator: BaseOperator, governance: Governance | None, error: GovernanceError
) -> GovernanceError:
    """An error as OpenLineage may be told it: its provider tells the message and traceback of what failed.

    The line of a query that failed may hold personal values: it is in the log and in the record.
    """
    if error.reason is not Reason.SQL_FAILED or governance is None:
        return error
    if governance.settings.openlineage_include_sql or not openlineage_listens():
        return error
    operator.log.error("%s", error)
    return GovernanceError(error.reason, error.message.partition("\n")[0], **error.attributes)


def dag_folder(context: Context) -> Path:
    """The folder that paths in a Dag are relative to: its bundle's, else the Dag file's."""
    bundle = getattr(context["ti"], "bundle_instance", None)
    return Path(bundle.path) if bundle is not None else Path(context["dag"].fileloc).parent


def _git(context: Context) -> Any:
    bundle = getattr(context["ti"], "bundle_instance", None)
    return git_of(
        Path(context["dag"].fileloc),
        bundle_version=getattr(bundle, "version", None),
        bundle_url=getattr(bundle, "repo_url", None),
    )


def _team_tag(context: Context) -> str | None:
    tags = sorted(tag for tag in context["dag"].tags if tag.startswith("team:"))
    return tags[0].removeprefix("team:") if tags else None


def _parameters(operator: BaseOperator, context: Context) -> dict[str, Any]:
    values = {name: _shown(getattr(operator, name, None)) for name in operator.template_fields}
    params = context.get("params")
    if params:
        values["params"] = _shown(dict(params))
    redacted: Any = redact(to_plain({key: value for key, value in values.items() if value is not None}))
    return dict(redacted)


def _shown(value: Any) -> Any:
    """A parameter as it may be kept: URLs carry passwords and signatures that no masker knows."""
    if isinstance(value, str):
        return without_credentials(value) if _URL.match(value) else _USER.sub("", value)
    if isinstance(value, Mapping):
        return {name: _shown(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner) for inner in value]
    return value


def _openlineage_run_id(ti: Any, run: Any) -> str | None:
    try:
        from airflow.providers.openlineage.utils.utils import build_task_instance_ol_run_id
    except ImportError:
        return None
    run_id: str = build_task_instance_ol_run_id(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        try_number=ti.try_number,
        logical_date=run.logical_date or run.run_after,
        map_index=-1 if ti.map_index is None else ti.map_index,
    )
    return run_id


def _redact(text: str) -> str:
    return str(redact(text))


def _classifier(context: Context) -> Any:
    ti: Any = context["ti"]

    def classify(error: BaseException) -> Outcome:
        if isinstance(error, TaskDeferred | TaskAwaitingInput):
            return Outcome(Status.DEFERRED)
        if isinstance(error, AirflowRescheduleException):
            return Outcome(Status.UP_FOR_RESCHEDULE)
        if isinstance(error, AirflowSkipException):
            return Outcome(Status.SKIPPED)
        final = isinstance(error, AirflowFailException) or (
            isinstance(error, GovernanceError) and error.reason in FINAL_REASONS
        )
        retries = ti.max_tries > 0 and ti.try_number <= ti.max_tries and not final
        return Outcome(Status.UP_FOR_RETRY if retries else Status.FAILED, error)

    return classify
