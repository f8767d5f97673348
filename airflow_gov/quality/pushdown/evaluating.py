"""Many plans side by side in few passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.sql_text import identifier
from airflow_gov.quality.pushdown.plans import (
    Aggregate,
    Fenced,
    NotPushedDownError,
    Observation,
    Plan,
    Request,
    Rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.quality.rules import Session

#: Most aggregates in one SELECT; each holds its state for every thread.
MAX_AGGREGATES = 200

#: Runs a user's SELECT under a fence where it sees its own dataset and those whose names are given, and
#: gives its columns' names and its first rows.
RunFenced = Callable[..., tuple[list[str], list[tuple[Any, ...]]]]

#: What a plan ends with: what it observed, or why it could not.
Result = Observation | Exception


def evaluate(
    session: Session, plans: Mapping[str, Plan], fenced: RunFenced | None = None
) -> dict[str, Result]:
    """Run plans to their end.

    In each round everything the plans ask for is computed, equal aggregates once and those of one
    relation in one pass. A plan that fails does not end the others.

    :param session: has the relations.
    :param plans: by name.
    :param fenced: runs users' SELECTs; None: rules that have one are not pushed down.
    :returns: by the same names, what each observed; or the error it ended with, :class:`NotPushedDownError`
        where its exact meaning has no SQL, ``RULE_INVALID`` where its arguments make no sense.
    """
    results: dict[str, Result] = {}
    waiting: dict[str, Sequence[Request]] = {}
    for name, plan in plans.items():
        _step(name, plan, None, waiting, results)
    while waiting:
        asked, waiting = waiting, {}
        answers = _answer(session, asked.values(), fenced)
        for name, requests in asked.items():
            replies = [answers[request] for request in requests]
            failed = next((reply for reply in replies if isinstance(reply, Exception)), None)
            if failed is not None:
                results[name] = failed
                plans[name].close()
            else:
                _step(name, plans[name], replies, waiting, results)
    return {name: results[name] for name in plans}


def _step(
    name: str,
    plan: Plan,
    replies: Sequence[Any] | None,
    waiting: dict[str, Sequence[Request]],
    results: dict[str, Result],
) -> None:
    try:
        waiting[name] = next(plan) if replies is None else plan.send(replies)
    except StopIteration as end:
        results[name] = end.value
    except (NotPushedDownError, GovernanceError) as error:
        results[name] = error


def _answer(
    session: Session, asked: Iterable[Sequence[Request]], fenced: RunFenced | None
) -> dict[Request, Any]:
    requests = list(dict.fromkeys(request for each in asked for request in each))
    answers: dict[Request, Any] = {}
    aggregates = [request for request in requests if isinstance(request, Aggregate)]
    for relation in dict.fromkeys(request.relation for request in aggregates):
        for chunk in _passes(request for request in aggregates if request.relation == relation):
            answers |= _in_one_pass(session, relation, chunk)
    rows = [request for request in requests if isinstance(request, Rows)]
    if any(request.ordered for request in rows):
        session.keep_order()
    for request in rows:
        answers[request] = _attempt(session, request.sql)
    for own in (request for request in requests if isinstance(request, Fenced)):
        answers[own] = _under_fence(fenced, own)
    return answers


def _under_fence(fenced: RunFenced | None, own: Fenced) -> Any:
    if fenced is None:
        return NotPushedDownError("there is no place here for a user's own SELECT")
    try:
        return fenced(own.sql, *own.others)[1][0]
    except GovernanceError as error:
        return error


def _in_one_pass(session: Session, relation: str, aggregates: Sequence[Aggregate]) -> dict[Request, Any]:
    """One SELECT; where it fails, one for each aggregate, so that only those fail that must."""
    found = _attempt(session, _select(relation, aggregates))
    if not isinstance(found, Exception):
        return dict(zip(aggregates, found[0], strict=True))
    if len(aggregates) == 1:
        return {aggregates[0]: found}
    return {
        each: answer for one in aggregates for each, answer in _in_one_pass(session, relation, [one]).items()
    }


def _select(relation: str, aggregates: Sequence[Aggregate]) -> str:
    return f"SELECT {', '.join(each.sql for each in aggregates)} FROM {identifier(relation)}"


def _attempt(session: Session, sql: str) -> Any:
    """The rows, or the engine's error. A signal that ends the query is not one: it goes through."""
    try:
        return session(sql)
    except session.errors as error:
        return error


def _passes(aggregates: Iterable[Aggregate]) -> Iterator[list[Aggregate]]:
    """Which aggregates of a relation are computed together."""
    together = []
    for aggregate in aggregates:
        if aggregate.alone:
            yield [aggregate]
        else:
            together.append(aggregate)
    iterator = iter(together)
    while chunk := list(islice(iterator, MAX_AGGREGATES)):
        yield chunk
