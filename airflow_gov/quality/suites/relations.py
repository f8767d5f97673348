"""A session's tables as relations that rules are about."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.types import parse_type
from airflow_gov.quality.pushdown import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow_gov.quality.rules import Session


def relation_of(
    session: Session,
    name: str,
    schema: Iterable[tuple[str, str]],
    others: Mapping[str, str] | None = None,
    *,
    dataset: str | None = None,
) -> Relation:
    """A table of a session.

    :param session: has it.
    :param name: its name there.
    :param schema: its columns with their types as text; ``_load_id`` is left out.
    :param others: names in the session of other datasets that rules compare with, by dataset.
    :param dataset: the dataset it is, by which users' SELECTs know it.
    """
    columns = {column: parse_type(kind) for column, kind in schema if column != LOAD_ID_COLUMN}
    return Relation(name, columns, judging=_judging(session, name), others=others or {}, dataset=dataset)


def _judging(session: Session, relation: str) -> Callable[[Callable[[Any], bool], str], str]:
    numbers = itertools.count(1)

    def add(judge: Callable[[Any], bool], parameter: str) -> str:
        name = f"judge_{relation}_{next(numbers)}"
        session.add_function(name, judge, parameter)
        return name

    return add


def imagined(dataset: str, columns: Iterable[tuple[str, str]], others: Iterable[str] = ()) -> Relation:
    """A relation without a session, on which a plan can be made, but not run.

    :param dataset: the dataset it would be of.
    :param columns: its columns with their types as text.
    :param others: datasets that rules compare with.
    """
    types = {column: parse_type(kind) for column, kind in columns if column != LOAD_ID_COLUMN}
    return Relation(
        "imagined",
        types,
        judging=lambda *_: "judge",
        others={name: name for name in others},
        dataset=dataset,
    )
