"""``@task.zone``: a function of tables that makes a candidate."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, TaskDecorator, task_decorator_factory

from airflow_gov.operators.transform import TransformOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from airflow.sdk import Context

    from airflow_gov.operators.base import Output


class ZoneDecoratedOperator(DecoratedOperator, TransformOperator):
    """Wraps a function of tables into a :class:`TransformOperator`.

    The parameters that a call leaves open are the source tables, in the order of ``source``; the others
    are given as keyword arguments of the call.

    :param python_callable: the function.
    :param op_kwargs: its other arguments (templated).
    """

    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *TransformOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **TransformOperator.template_fields_renderers,
    }
    custom_operator_name: str = "@task.zone"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if op_args:
            raise TypeError(
                f"{python_callable.__name__}(): tables come from source=; pass other arguments by keyword."
            )
        super().__init__(
            python_callable=_without_tables(python_callable, op_kwargs or {}),
            op_kwargs=op_kwargs,
            transform=python_callable,
            **kwargs,
        )

    def execute(self, context: Context) -> Output:
        """Run the function on the source tables under governance."""
        self.arguments = dict(self.op_kwargs)
        return TransformOperator.execute(self, context)


def _without_tables(function: Callable[..., Any], given: Mapping[str, Any]) -> Callable[..., Any]:
    """The function as Airflow may check a call of it: without the parameters that tables will fill."""
    signature = inspect.signature(function)
    kept = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.name in given or parameter.default is not inspect.Parameter.empty
    ]

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    checked.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return checked


def zone_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function of tables a task that writes a candidate.

    :param python_callable: the function.
    :param kwargs: arguments of :class:`~airflow_gov.operators.TransformOperator`, e.g. ``source``,
        ``target``, ``write_mode``.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=ZoneDecoratedOperator, **kwargs
    )
