"""Which loads a task is about: another task's output, or all of a dataset in its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions.xcom_arg import XComArg

from airflow_gov.flow.finding import find_loads
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.model.loads import Load
    from airflow_gov.runtime import Governance


def outputs_of(candidate: Any) -> list[Mapping[str, Any]]:
    """The outputs behind ``candidate``: one, or those of mapped tasks.

    :raises GovernanceError: ``PARAMETER_INVALID`` when it is something else.
    """
    if candidate is None:
        return []
    if isinstance(candidate, Mapping) and {"dataset", "load_id"} <= set(candidate):
        return [candidate]
    if isinstance(candidate, Iterable) and not isinstance(candidate, str | bytes | Mapping):
        return [output for each in candidate for output in outputs_of(each)]
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"candidate is {type(candidate).__name__}: pass the output of a zone operator, or a list of them.",
    )


def wanted(
    governance: Governance, candidate: Any, dataset: str | None, who: str
) -> tuple[list[Mapping[str, Any]], DatasetName | None]:
    """Either the outputs behind ``candidate``, or the name of ``dataset``.

    :param who: what takes them, for people.
    :raises GovernanceError: ``PARAMETER_INVALID`` when both are given, or neither.
    """
    if (candidate is None) == (dataset is None):
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{who} takes either candidate= (a task's output) or dataset=."
        )
    if dataset is not None:
        return [], DatasetName.parse(dataset, governance.settings.zone_aliases)
    return outputs_of(candidate), None


def loads_of(
    governance: Governance, context: Context, candidate: Any, dataset: str | None, who: str
) -> list[Load]:
    """The loads, once all of them are written; see :func:`airflow_gov.flow.finding.find_loads`."""
    outputs, name = wanted(governance, candidate, dataset, who)
    ti: Any = context["ti"]
    return find_loads(governance, outputs=outputs, dataset=name, dag_id=ti.dag_id, run_id=ti.run_id)


def known_names(candidate: Any, dataset: str | None) -> list[str]:
    """The datasets that a task is about, as far as the Dag's text says so."""
    if dataset is not None:
        names: list[Any] = [dataset]
    elif isinstance(candidate, XComArg):
        operators = [operator for operator, _ in candidate.iter_references()]
        names = [name for operator in operators for name in getattr(operator, "target_names", [])]
    else:
        names = []
    return [name for name in names if isinstance(name, str) and "{{" not in name]
