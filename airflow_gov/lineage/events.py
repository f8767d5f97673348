"""OpenLineage events, checked as far as anything here depends on them, and read.

Events of OpenLineage 1.x and 2.x are alike: a run event has a run and a job, a job event a job, a dataset
event a dataset (OpenLineage.json 2-0-2). The checks are by hand because a general validator of JSON Schema
takes longer for one event than everything else that happens to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_gov.lineage.event_checks import (
    each,
    missing,
    name,
    namespace,
    one_of,
    read_moment,
    record,
    text,
    uuid,
)
from airflow_gov.lineage.event_errors import EventError
from airflow_gov.lineage.event_facets import (
    DATASET_FACETS,
    INPUT_FACETS,
    JOB_FACETS,
    OUTPUT_FACETS,
    RUN_FACETS,
    facets,
)
from airflow_gov.lineage.event_text import parse_batch, parse_text
from airflow_gov.model.lineage import EventKind, LineageEvent, Named, RunState

__all__ = ["EventError", "parse_batch", "parse_event", "parse_text"]

#: Years in which events happen.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_NAMED = {"namespace": namespace, "name": name}
_facets = facets(DATASET_FACETS)
_check_base = record({}, {"producer": text, "schemaURL": text})
_check_run = record({"runId": uuid}, {"facets": facets(RUN_FACETS)})
_check_job = record(_NAMED, {"facets": facets(JOB_FACETS)})
_check_dataset = record(_NAMED, {"facets": _facets})
_touches = {
    "inputs": each(record(_NAMED, {"facets": _facets, "inputFacets": facets(INPUT_FACETS)})),
    "outputs": each(record(_NAMED, {"facets": _facets, "outputFacets": facets(OUTPUT_FACETS)})),
}
_CHECKS = {
    EventKind.RUN: record(
        {"run": _check_run, "job": _check_job}, {"eventType": one_of(tuple(RunState)), **_touches}
    ),
    EventKind.JOB: record({"job": _check_job}, _touches),
    EventKind.DATASET: record({"dataset": _check_dataset}),
}

#: Where nulls stand for members left out: in these objects and in the facets that are checked.
_KNOWN_FACETS = (
    {"run": RUN_FACETS, "job": JOB_FACETS, "dataset": DATASET_FACETS},
    {"facets": DATASET_FACETS, "inputFacets": INPUT_FACETS, "outputFacets": OUTPUT_FACETS},
)


def parse_event(plain: Any) -> LineageEvent:
    """Check an event and read what every event has.

    :param plain: the event as :func:`parse_text` gives it.
    :returns: the event. Its body is `plain` itself, without the nulls where `plain` has some for members
        left out; facets that are not known are as they came.
    :raises EventError: with the JSON path of the first fault.
    """
    if type(plain) is not dict:
        raise EventError("an event has to be an object")
    kind = _kind(plain)
    at = _event_time(plain)
    nulls = _check_base(plain) | _CHECKS[kind](plain)
    body = _without_nulls(plain) if nulls else plain
    if kind is EventKind.DATASET:
        subject = _named(body["dataset"])
        return LineageEvent(kind, _key(kind, subject, at), at, None, None, None, body)
    job = _named(body["job"])
    if kind is EventKind.JOB:
        return LineageEvent(kind, _key(kind, job, at), at, None, None, job, body)
    run_id = body["run"]["runId"].lower()
    state = RunState(body.get("eventType", RunState.OTHER))
    return LineageEvent(kind, _hash(run_id, state, at.isoformat()), at, state, run_id, job, body)


def _kind(plain: Mapping[str, Any]) -> EventKind:
    run, job, dataset = (plain.get(part) is not None for part in ("run", "job", "dataset"))
    if run and job:
        return EventKind.RUN
    if dataset and not job:
        return EventKind.DATASET
    if dataset:
        raise EventError("has a job and a dataset but no run: an event is of one of them")
    if run:
        raise EventError("is missing", "$.job")
    if job:
        return EventKind.JOB
    raise EventError("has neither a run with its job, nor a job, nor a dataset")


def _event_time(plain: Mapping[str, Any]) -> datetime:
    try:
        return _possible(read_moment(plain["eventTime"] if "eventTime" in plain else missing()))
    except EventError as error:
        raise error.within("eventTime") from None


def _possible(at: datetime) -> datetime:
    if _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return at
    raise EventError(
        f"is before {_FIRST_YEAR} or after {_LAST_YEAR}: the clock of the producer is wrong, and its event "
        "would be the oldest or the newest for ever"
    )


def _named(thing: Mapping[str, Any]) -> Named:
    return Named(thing["namespace"], thing["name"])


def _key(kind: EventKind, subject: Named, at: datetime) -> str:
    return _hash(kind, subject.namespace, subject.name, at.isoformat())


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


# --- nulls ----------------------------------------------------------------------------------------------


def _without_nulls(plain: Mapping[str, Any]) -> dict[str, Any]:
    body = {key: value for key, value in plain.items() if value is not None}
    for part, known in _KNOWN_FACETS[0].items():
        if isinstance(body.get(part), dict):
            body[part] = _thing(body[part], {"facets": known})
    for part in ("inputs", "outputs"):
        if isinstance(body.get(part), list):
            body[part] = [_thing(item, _KNOWN_FACETS[1]) for item in body[part]]
    return body


def _thing(thing: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        key: _some_facets(value, known[key]) if key in known else value
        for key, value in thing.items()
        if value is not None
    }


def _some_facets(facets: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        facet: _deeply(value) if facet in known else value
        for facet, value in facets.items()
        if value is not None
    }


def _deeply(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deeply(item) for key, item in value.items() if item is not None}
    return [_deeply(item) for item in value] if isinstance(value, list) else value
