"""Answers to Airflow's Required Actions, through the code of Airflow's own API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.steps import SteppedRun


def question(run: SteppedRun, task_id: str) -> Any:
    """What Airflow's Required Actions show of a task that waits for somebody."""
    from airflow.models.hitl import HITLDetail

    found = run.session.get(HITLDetail, run.task_instance(task_id).id, populate_existing=True)
    assert found is not None, f"{task_id} asks nobody"
    return found


def respond(run: SteppedRun, task_id: str, user: str, option: str, **params: Any) -> None:
    """Answer as that user of Airflow; whoever may not is refused with 403, as over HTTP."""
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail

    create_auth_manager()
    session = run.session
    update_hitl_detail(
        run.dag_id,
        run.run_id,
        task_id,
        UpdateHITLDetailPayload(chosen_options=[option], params_input=params),
        SimpleAuthManagerUser(username=user, role="op"),
        session,
    )
    session.commit()
