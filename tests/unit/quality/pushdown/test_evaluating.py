"""Plans side by side: shared passes, and failures that stay with their plan."""

from __future__ import annotations

import pytest

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.types import Primitive
from airflow_gov.quality.pushdown import Aggregate, NotPushedDownError, Observation, Relation, Rows, evaluate
from airflow_gov.quality.pushdown.expectations import parameters, pushed_down

RELATION = Relation("t", {"x": Primitive("double"), "s": Primitive("string")})


@pytest.fixture
def session(engine, make_table):
    values = "(1.0, 'a'), (2.0, 'b'), (NULL, 'c'), ('nan'::DOUBLE, 'd')"
    table = make_table(f"SELECT *, 'l' AS _load_id FROM (VALUES {values}) v(x, s)", x="double", s="string")
    with engine.query_tables({"t": table}) as opened:
        yield Counting(opened)


class Counting:
    """A session that counts its SELECTs."""

    def __init__(self, session):
        self.session, self.statements = session, []
        self.errors = session.errors

    def __call__(self, sql):
        self.statements.append(sql)
        return self.session(sql)


def asking(*rounds):
    """A plan that asks in rounds and observes the answers."""
    answers = []
    for requests in rounds:
        answers.append(list((yield requests)))
    return Observation(True, answers)


def test_what_is_asked_at_the_same_time_is_one_select(session):
    largest, rows = RELATION.aggregate("max(s)"), RELATION.count()
    plans = {"one": asking([rows, largest]), "two": asking([rows], [RELATION.count("x > 1")])}
    found = evaluate(session, plans)
    assert found["one"].value == [[4, "d"]]
    assert found["two"].value == [[4], [2]]  # NaN is the largest number, if it is asked about
    assert len(session.statements) == 2
    assert session.statements[0].count("count(*)") == 1


def test_rows_and_a_plan_without_requests(session):
    def nothing():
        return Observation(True, "metadata")
        yield

    found = evaluate(
        session, {"rows": asking([Rows("SELECT s FROM t ORDER BY s LIMIT 2")]), "none": nothing()}
    )
    assert found["rows"].value == [[[("a",), ("b",)]]]
    assert found["none"].value == "metadata"


def test_what_fails_does_not_end_the_others(session):
    def unfit():
        raise NotPushedDownError("no SQL for it")
        yield

    plans = {"good": asking([RELATION.count()]), "bad": asking([Aggregate("sum(s)", "t")]), "unfit": unfit()}
    found = evaluate(session, plans)
    assert found["good"].value == [[4]]
    assert isinstance(found["bad"], GovernanceError)
    assert "sum" in str(found["bad"])
    assert isinstance(found["unfit"], NotPushedDownError)


def test_a_condition_and_values_that_are_none(session):
    some = RELATION.where("s <> 'a'")
    found = evaluate(
        session,
        {
            "all": asking([RELATION.aggregate(f"count({RELATION.value('x')})")]),
            "some": asking([some.count("x < 5")]),
        },
    )
    assert found["all"].value == [[2]]
    assert found["some"].value == [[1]]
    assert session(f"SELECT s FROM {some.source('x IS NULL')}") == [("c",)]
    assert session(f"SELECT {some.broken('x < 5')} FROM t ORDER BY s") == [
        (False,),
        (True,),
        (False,),
        (False,),
    ]


def test_an_expectation_and_its_arguments(session):
    plan = pushed_down()["expect_column_values_to_not_be_null"](RELATION, column="x", mostly=0.5)
    found = evaluate(session, {"filled": plan})["filled"]
    assert (found.success, found.rows, found.unexpected) == (True, 4, 2)
    declared = parameters("expect_column_values_to_not_be_null")
    assert {name: (each.annotation, each.default) for name, each in declared.items()}["mostly"] == (
        float,
        1.0,
    )
