"""An execution as OpenLineage's facets of its run and its job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_gov.lineage.facets import Facet, facet, own_facet, without_nothing
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Role
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from airflow_gov.model.execution import Execution, Git

#: Longest text told of one parameter, and of an error, in characters.
MAX_PARAMETER = 1_000
MAX_ERROR = 4_000
#: Parameters that hold a query's text.
_SQL = frozenset({"sql"})
_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+):(?!/)(?P<path>.+)")


def execution_facet(execution: Execution) -> Facet:
    """Our own facet of a run: the record of an execution, as far as it is known; no code, no values."""
    task, actor, counts = execution.task, execution.actor, execution.counts
    rows = {
        name: getattr(counts, name)
        for name in ("read", "written", "inserted", "updated", "deleted", "quarantined")
    }
    return own_facet(
        "AirflowGovExecutionRunFacet",
        "1-0-0",
        executionId=execution.execution_id,
        dagId=task.dag_id,
        dagRunId=task.run_id,
        taskId=task.task_id,
        mapIndex=task.map_index,
        tryNumber=task.try_number,
        logicalDate=task.logical_date.isoformat() if task.logical_date else None,
        partitionKey=task.partition_key,
        operator=execution.operator,
        action=execution.action,
        status=execution.status.value,
        startedAt=execution.start.isoformat(),
        endedAt=execution.end.isoformat() if execution.end else None,
        duration=execution.duration,
        user=actor.os_user,
        triggeredBy=actor.triggered_by,
        team=actor.team,
        owner=actor.owner,
        host=execution.host.name,
        instance=execution.host.instance,
        executor=execution.host.executor,
        git=_git(execution.git),
        hops=[{"from": source, "to": target} for source, target in _hops(execution)] or None,
        rows=without_nothing(rows) or None,
        bytesWritten=execution.bytes_written,
        codeHash=execution.code_hash,
        versions=dict(execution.versions) or None,
        error=_error(execution),
    )


def parameters_facet(parameters: Mapping[str, Any], *, include_sql: bool) -> Facet | None:
    """The parameters as executed; None where there are none.

    :param parameters: secrets masked.
    :param include_sql: whether a query's text is told: its literals may be personal values.
    """
    told = [
        {"key": key, "name": key.rpartition(".")[2], "value": _text(value)}
        for key, value in _flat(parameters)
        if include_sql or key not in _SQL
    ]
    return facet("ExecutionParametersRunFacet", "1-0-0", parameters=told) if told else None


def error_facet(execution: Execution, *, include_sql: bool) -> Facet | None:
    """Why it failed; None where it did not.

    :param execution: its record.
    :param include_sql: whether the line of a query that failed is told.
    """
    if execution.error_type is None:
        return None
    text = execution.error_message or ""
    if execution.error_reason == Reason.SQL_FAILED and not include_sql:
        text = text.partition("\n")[0]
    message = f"{execution.error_type}: {text}"[:MAX_ERROR]
    return facet("ErrorMessageRunFacet", "1-0-1", message=message, programmingLanguage="PYTHON")


def source_code_facet(git: Git) -> Facet | None:
    """Where the Dag's file is; None where no repository is known, as the facet wants its address."""
    root = _web_address(git.repository) if git.repository else None
    if root is None:
        return None
    return facet(
        "SourceCodeLocationJobFacet",
        "1-1-0",
        type="git",
        url=_file_url(root, git),
        repoUrl=git.repository,
        path=git.path,
        version=git.commit,
        tag=git.tag,
        branch=git.branch,
    )


def sql_facet(query: str, dialect: str | None) -> Facet:
    """A query's text; see the option ``[airflow_gov] openlineage_include_sql``."""
    return facet("SQLJobFacet", "1-1-0", query=query, dialect=dialect)


def _git(git: Git) -> Facet | None:
    told = without_nothing(
        {
            "repository": git.repository,
            "commit": git.commit,
            "branch": git.branch,
            "tag": git.tag,
            "dirty": git.dirty,
            "path": git.path,
        }
    )
    return told if git.commit else None


def _error(execution: Execution) -> Facet | None:
    if execution.error_type is None:
        return None
    return without_nothing({"type": execution.error_type, "reason": execution.error_reason})


def _hops(execution: Execution) -> Iterable[tuple[str, str]]:
    """From which zone, or from outside the lake, to which."""
    targets = dict.fromkeys(_zone(ref.dataset) for ref in execution.data if ref.role is Role.TARGET)
    sources = dict.fromkeys(
        "outside" if ref.dataset is None else _zone(ref.dataset)
        for ref in execution.data
        if ref.role is Role.SOURCE
    )
    return [(source, target) for source in sources for target in targets if source and target]


def _zone(dataset: str | None) -> str | None:
    try:
        return DatasetName.parse(dataset or "").zone.value
    except GovernanceError:
        return None


def _flat(parameters: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Parameters by key; those of a Dag and of a function one by one."""
    for key, value in parameters.items():
        if key in ("params", "arguments", "op_kwargs") and isinstance(value, Mapping):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_PARAMETER else f"{text[: MAX_PARAMETER - 1]}…"


def _web_address(repository: str) -> str | None:
    """Where people look at a repository, from what git calls it; a file URL for one on this machine."""
    scheme, separator, rest = repository.partition("://")
    if separator and scheme in ("http", "https", "file"):
        root = repository
    elif separator:
        host, _, path = rest.rpartition("@")[2].partition("/")
        root = f"https://{host.partition(':')[0]}/{path}"
    elif repository.startswith("/"):
        root = f"file://{quote(repository)}"
    elif match := _SCP.fullmatch(repository):
        root = f"https://{match['host']}/{match['path']}"
    else:
        return None
    return root.rstrip("/").removesuffix(".git")


def _file_url(root: str, git: Git) -> str:
    """The file's own address on the forges that are known, else the repository's."""
    if not root.startswith("http") or git.commit is None or git.path is None:
        return root
    host = root.partition("://")[2].partition("/")[0]
    between = "blob"
    if "gitlab" in host:
        between = "-/blob"
    elif "bitbucket" in host:
        between = "src"
    return f"{root}/{between}/{git.commit}/{quote(git.path)}"
