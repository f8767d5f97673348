"""A Dag run taken task by task, as a scheduler would: to interleave runs, clear tasks, lose processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import DAG


def register(dag: DAG) -> None:
    """Tell Airflow of a Dag that lies in no file of the Dags folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)


class SteppedRun:
    """A run of a Dag whose tasks run when the test says so, each in real Airflow in this process.

    :param dag: the Dag.
    :param run_id: the run, which is made.
    :param made: another process made the run already.
    """

    def __init__(self, dag: DAG, run_id: str, *, made: bool = False) -> None:
        register(dag)
        self.dag = dag
        self.dag_id, self.run_id = dag.dag_id, run_id
        if not made:
            self._create()

    @property
    def session(self) -> Any:
        """Airflow's session of this thread; running a task ends it, so nothing of it is kept."""
        from airflow import settings

        return settings.Session()

    @property
    def dag_run(self) -> Any:
        """Airflow's own row of the run."""
        from airflow.models.dagrun import DagRun

        return self.session.query(DagRun).filter_by(dag_id=self.dag_id, run_id=self.run_id).one_or_none()

    def _create(self) -> None:
        from airflow.sdk import DagRunState, timezone
        from airflow.serialization.serialized_objects import DagSerialization
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        now = timezone.utcnow()
        scheduled = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(self.dag))
        scheduled.create_dagrun(
            run_id=self.run_id,
            logical_date=now,
            data_interval=(now, now),
            run_after=now,
            run_type=DagRunType.MANUAL,
            state=DagRunState.RUNNING,
            triggered_by=DagRunTriggeredByType.TEST,
            start_date=now,
            session=self.session,
        )
        self.session.commit()

    def task_instance(self, task_id: str) -> Any:
        """Airflow's own row of a task."""
        session = self.session
        session.expire_all()
        return self.dag_run.get_task_instance(task_id, session=session)

    def step(self, task_id: str, *, resumed: bool = False) -> str:
        """Run a task, no trigger; gives its state.

        :param resumed: it goes on after a deferral, in the same try.
        """
        from airflow.sdk import TaskInstanceState
        from airflow.sdk.definitions.dag import _run_task

        ti = self.task_instance(task_id)
        if not resumed:
            ti.try_number += 1
        ti.state = TaskInstanceState.SCHEDULED
        self.session.commit()
        _run_task(ti=ti, task=self.dag.task_dict[task_id])
        return str(self.task_instance(task_id).state)

    def clear(self, task_id: str) -> None:
        """What the Clear button does to one task."""
        from airflow.models.taskinstance import clear_task_instances

        clear_task_instances([self.task_instance(task_id)], self.session)
        self.session.commit()

    def lose(self, task_id: str) -> None:
        """What the scheduler notes of a task that sends no heartbeat, when it is to be tried again."""
        from airflow.sdk import TaskInstanceState

        ti = self.task_instance(task_id)
        ti.state = TaskInstanceState.UP_FOR_RETRY
        ti.prepare_db_for_next_try(self.session)
        self.session.commit()
