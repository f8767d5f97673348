"""Who may tell of what: nobody from outside tells of this Airflow's jobs, nor of the governed datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.event_errors import EventError
from airflow_gov.lineage.naming import OUR_NAMESPACE
from airflow_gov.model.lineage import EventKind, LineageEvent, Origin

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.tokens import TokenRecord


#: How far a producer's clock may be ahead of ours; more than any time zone that was forgotten.
AHEAD = timedelta(days=1)


class ForbiddenError(EventError):
    """A well-formed event that its sender may not send."""


def check_permitted(
    event: LineageEvent, *, origin: Origin, own_namespace: str | None, token: TokenRecord | None
) -> None:
    """Refuse what came over HTTP and only this Airflow may tell.

    :param own_namespace: of this Airflow's jobs; None: not known.
    :param token: with which it came.
    :raises ForbiddenError: with the path and what to configure.
    """
    if origin is not Origin.HTTP:
        return
    namespace, path = _namespace(event)
    if token is not None and not permits(token.namespaces, namespace):
        raise ForbiddenError(
            f"the token may not tell of this namespace; it is for {', '.join(token.namespaces)}. Make one "
            "for it: airflow-gov tokens create",
            path,
        )
    if event.job is not None and namespace == own_namespace:
        raise ForbiddenError(
            "this is the namespace of this Airflow's own jobs, of which only its tasks tell. Give the "
            "producer another (OPENLINEAGE_NAMESPACE, spark.openlineage.namespace), or Airflow "
            "([openlineage] namespace)",
            path,
        )
    _check_datasets(event)


def check_time(event: LineageEvent, *, origin: Origin, now: datetime) -> None:
    """Refuse what came over HTTP and says that it happens later: as long as that, nothing newer counts.

    Our own tasks are believed: that would lose what they tell.

    :param now: by our clock.
    :raises EventError: it is more than :data:`AHEAD` later.
    """
    if origin is Origin.HTTP and event.event_time > now + AHEAD:
        raise EventError(
            f"lies more than {AHEAD.days} day ahead of this server's time ({now:%Y-%m-%d %H:%M} UTC): set "
            "the producer's clock",
            "$.eventTime",
        )


def permits(patterns: Sequence[str], namespace: str) -> bool:
    """Whether one of the namespaces is this one; with ``*`` at its end one stands for all that begin so."""
    return any(
        namespace.startswith(pattern[:-1]) if pattern.endswith("*") else namespace == pattern
        for pattern in patterns
    )


def _namespace(event: LineageEvent) -> tuple[str, str]:
    if event.job is not None:
        return event.job.namespace, "$.job.namespace"
    return event.body["dataset"]["namespace"], "$.dataset.namespace"


def _check_datasets(event: LineageEvent) -> None:
    if event.kind is EventKind.DATASET:
        written, read = [("$.dataset", event.body["dataset"])], []
    else:
        written, read = _named(event.body, "outputs"), _named(event.body, "inputs")
    for path, dataset in written:
        if dataset["namespace"] == OUR_NAMESPACE:
            raise ForbiddenError(
                "a dataset of the governed lake, of which only its own tasks tell that it was written",
                f"{path}.namespace",
            )
    for path, dataset in read:
        if dataset["namespace"] == OUR_NAMESPACE and dataset.get("facets"):
            raise ForbiddenError(
                "a dataset of the governed lake, which only its own tasks describe: leave the facets out",
                f"{path}.facets",
            )


def _named(body: Mapping[str, Any], side: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(f"$.{side}[{index}]", dataset) for index, dataset in enumerate(body.get(side, ()))]
