"""The page of an execution: the atomic sentence first, then the whole record."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from fastapi import HTTPException

from airflow_gov.model.serde import to_plain
from airflow_gov.web.access import CurrentViewer, Viewer
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import APIRouter
    from starlette.responses import Response

    from airflow_gov.model.execution import Execution
    from airflow_gov.store import Store

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")

#: Columns and files of one piece of data that are shown; the JSON has them all.
MOST_COLUMNS, MOST_FILES = 200, 200

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExecutionPage:
    """The page.

    :param execution: the record.
    """

    execution: Execution

    def result(self) -> Facts:
        """What came of it."""
        execution, counts = self.execution, self.execution.counts
        return {
            "Started": execution.start,
            "Ended": execution.end,
            "Work": execution.duration,
            "Rows read": counts.read,
            "Rows written": counts.written,
            "Rows inserted": counts.inserted,
            "Rows updated": counts.updated,
            "Rows deleted": counts.deleted,
            "Rows set aside": counts.quarantined,
        }

    def task(self) -> Facts:
        """Which try of which task."""
        task = self.execution.task
        return {
            "Logical date": task.logical_date,
            "Data interval from": task.data_interval_start,
            "Data interval to": task.data_interval_end,
            "Partition key": task.partition_key,
            "Map index": task.map_index if task.map_index >= 0 else None,
            "Try": task.try_number,
            "Operator": self.execution.operator,
        }

    def who(self) -> Facts:
        """Who and where."""
        actor, host = self.execution.actor, self.execution.host
        return {
            "Operating system user": actor.os_user,
            "Triggered by": actor.triggered_by,
            "Owner": actor.owner,
            "Team": actor.team,
            "Host": host.name,
            "Address": host.ip,
            "Process": str(host.pid) if host.pid else None,
            "Instance": host.instance,
            "Executor": host.executor,
        }

    def code(self) -> Facts:
        """Which version of the code."""
        git = self.execution.git
        dirty = None if git.dirty is None else "yes" if git.dirty else "no"
        return {
            "Repository": git.repository,
            "Commit": git.commit,
            "Branch": git.branch,
            "Tag": git.tag,
            "Uncommitted changes": dirty,
            "File": git.path,
            "Learnt from": git.source if git.source != "none" else None,
            "No git because": git.missing,
        }

    def parameters(self) -> Mapping[str, str]:
        """As executed, as text."""
        return {name: _text(value) for name, value in self.execution.parameters.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(to_plain(value), ensure_ascii=False)


def find_execution(store: Store, viewer: Viewer, execution_id: str) -> Execution:
    """The record, if there is one for the viewer.

    :raises HTTPException: 404, the same for one that is not there and one of a Dag they may not read.
    """
    found = store.executions.get(execution_id) if _ID.fullmatch(execution_id) else None
    if found is None or not viewer.may_read_dag(found.task.dag_id):
        _unknown()
    return found


def _unknown() -> NoReturn:
    raise HTTPException(404, "There is no such execution, or you may not read its Dag.")


def add_execution_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/executions/{execution_id}", methods=READ)
    def execution_page(viewer: CurrentViewer, execution_id: str) -> Response:
        view = ExecutionPage(find_execution(site.store(), viewer, execution_id))
        return site.page("execution.html", view, root="../", most_columns=MOST_COLUMNS, most_files=MOST_FILES)

    @router.api_route("/api/v1/executions/{execution_id}", methods=READ)
    def execution_json(viewer: CurrentViewer, execution_id: str) -> Response:
        return site.json(find_execution(site.store(), viewer, execution_id))
