"""Compiled statements that tests share: between engines that are alike, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Engine, MetaData, Table, create_engine, insert, text

from support.compiled import SharedStatements


def shouting(value: Any) -> str:
    return json.dumps(value).upper()


def stored(engine: Engine, table: Table, shared: SharedStatements) -> str:
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execution_options(compiled_cache=shared)
        connection.execute(insert(table).values(told="low"))
        return str(connection.execute(text("SELECT told FROM said")).scalar_one())


@pytest.fixture
def table() -> Table:
    return Table("said", MetaData(), Column("told", JSON))


@pytest.mark.parametrize("loud_first", [True, False])
def test_each_engine_writes_json_in_its_own_way(table: Table, loud_first: bool) -> None:
    shared = SharedStatements()
    loud, plain = create_engine("sqlite://", json_serializer=shouting), create_engine("sqlite://")
    in_turn = [(loud, '"LOW"'), (plain, '"low"')]
    for engine, expected in in_turn if loud_first else in_turn[::-1]:
        assert stored(engine, table, shared) == expected


def test_engines_that_are_alike_share(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, compiled = SharedStatements(), []
    keep = SharedStatements.__setitem__
    monkeypatch.setattr(
        SharedStatements,
        "__setitem__",
        lambda self, key, value: (compiled.append(str(value)), keep(self, key, value))[-1],
    )
    for _ in range(3):
        assert stored(create_engine("sqlite://"), table, shared) == '"low"'
    assert [each for each in compiled if each.startswith("INSERT")] == ["INSERT INTO said (told) VALUES (?)"]
