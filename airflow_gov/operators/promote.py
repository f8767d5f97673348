"""One hop in one line: an operator and its gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup

if TYPE_CHECKING:
    from airflow.sdk import XComArg

    from airflow_gov.operators.base import ZoneOperator
    from airflow_gov.sensors.gate import QualityGateSensor


class Promotion:
    """A hop in a Dag: a task group of an operator and the gate that publishes its candidate.

    It stands in dependencies (``a >> b``) like a task group; its :attr:`output` is a ``source``.

    :param group: the task group.
    :param load: the operator's task.
    :param gate: the gate's task.
    """

    def __init__(self, group: TaskGroup, load: ZoneOperator, gate: QualityGateSensor) -> None:
        self.group = group
        self.load = load
        self.gate = gate

    @property
    def output(self) -> XComArg:
        """What the gate published; pass it as ``source`` of the next hop."""
        return self.gate.output

    def __rshift__(self, other: Any) -> Any:
        self.group >> _unwrapped(other)
        return other

    def __lshift__(self, other: Any) -> Any:
        self.group << _unwrapped(other)
        return other

    def __rrshift__(self, other: Any) -> Promotion:
        self.group << _unwrapped(other)
        return self

    def __rlshift__(self, other: Any) -> Promotion:
        self.group >> _unwrapped(other)
        return self


def promote(
    operator: type[ZoneOperator],
    *,
    group_id: str | None = None,
    gate: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> Promotion:
    """Make one hop: load a candidate and publish it if it keeps its contract.

    ``promote(CleanOperator, source=typed.output, target="clean.flights", sql="…")`` makes the task
    group ``clean_flights`` with the tasks ``clean_flights.load`` and ``clean_flights.gate``.

    :param operator: the operator's class.
    :param group_id: the task group's id; default: the target's name with ``_`` for the dot.
    :param gate: arguments for the gate, e.g. ``{"on_failure": "quarantine", "deferrable": True}``.
    :param arguments: arguments for the operator, without ``task_id``.
    """
    from airflow_gov.sensors.gate import QualityGateSensor

    target = arguments.get("target") or arguments.get("dataset")
    if group_id is None and not isinstance(target, str):
        raise TypeError(
            f"promote({operator.__name__}) needs the operator's target or dataset, or a group_id."
        )
    with TaskGroup(group_id or str(target).replace(".", "_")) as group:
        load = operator(task_id="load", **arguments)
        check = QualityGateSensor(task_id="gate", candidate=load.output, **(gate or {}))
    return Promotion(group, load, check)


def _unwrapped(other: Any) -> Any:
    """Airflow's own nodes behind promotions."""
    if isinstance(other, Promotion):
        return other.group
    if isinstance(other, Iterable) and not isinstance(other, str | TaskGroup):
        return [_unwrapped(each) for each in other]
    return other
