"""One expectation judged twice: pushed down to DuckDB, and by Great Expectations itself."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.pushdown import Observation, Relation, evaluate
from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.quality.reference.frames import frame_of as to_frame
from airflow_gov.transform.checking import QuerySession
from airflow_gov.transform.session import Limits, add_named_tables, open_session

#: What both say of a map expectation.
COUNTS = ("success", "rows", "missing", "unexpected")

_NUMBERS = count()


@dataclass(frozen=True)
class ArrowTable:
    """An Arrow table as a table of the lake; its rows keep their order."""

    data: pa.Table
    name: str = "clean.table"

    @property
    def dataset(self) -> DatasetName:
        return DatasetName.parse(self.name)

    @property
    def schema(self) -> list[tuple[str, str]]:
        own = [(each.name, str(column_type(each.type))) for each in self.data.schema]
        return [*own, (LOAD_ID_COLUMN, "string")]

    @property
    def rows(self) -> int:
        return self.data.num_rows

    load_id = None
    local_paths = None

    def to_dataset(self) -> ds.Dataset:
        loads = pa.array(["0" * 16] * self.rows, pa.string())
        return ds.dataset(self.data.append_column(LOAD_ID_COLUMN, loads))


_PRIMITIVES = {
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "long",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    pa.time64("us"): "time",
    pa.string(): "string",
    pa.binary(): "binary",
    pa.uuid(): "uuid",
    pa.null(): "string",
}


def column_type(kind: pa.DataType) -> ColumnType:
    """The contract's type for an Arrow type."""
    if pa.types.is_decimal(kind):
        return Decimal(kind.precision, kind.scale)
    if pa.types.is_list(kind):
        return List(column_type(kind.value_type))
    if pa.types.is_struct(kind):
        return Struct(tuple((each.name, column_type(each.type)) for each in kind.fields))
    if pa.types.is_timestamp(kind):
        return Primitive("timestamp" if kind.tz is None else "timestamptz")
    return Primitive(_PRIMITIVES[kind])


@dataclass(frozen=True)
class Both:
    """What each of them found; an error where it ended with one.

    :param broken: for rules about single rows: for each row whether it broke the rule, by the rule's own
        SQL expression.
    """

    pushed: Observation | Exception
    reference: Observation | Exception
    broken: list[bool] | None = field(default=None)

    def counts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What each counted; ``{"error": True}`` where it ended with an error."""
        return counts(self.pushed), counts(self.reference)

    def agree(self) -> bool:
        """Whether the counts are the same, and those of the expression for broken rows."""
        pushed, reference = self.counts()
        told = self.broken is None or sum(self.broken) == pushed["unexpected"]
        return pushed == reference and told


def counts(found: Observation | Exception) -> dict[str, Any]:
    """What was counted; ``{"error": True}`` for an error, whatever its words."""
    if isinstance(found, Exception):
        return {"error": True}
    return {name: getattr(found, name) for name in COUNTS}


def both(expectation: str, kwargs: Mapping[str, Any], table: pa.Table, condition: str | None = None) -> Both:
    """Judge a table by both engines.

    :param expectation: its type in snake case.
    :param kwargs: its arguments, ``column`` and ``mostly`` too.
    :param table: the rows.
    :param condition: only those rows, as an SQL expression that pandas understands too.
    """
    of_pandas = {} if condition is None else {"row_condition": condition, "condition_parser": "pandas"}
    pushed, broken = push_down(expectation, kwargs, table, condition)
    return Both(pushed, reference(expectation, {**kwargs, **of_pandas}, table), broken)


def push_down(
    expectation: str, kwargs: Mapping[str, Any], table: pa.Table, condition: str | None = None
) -> tuple[Observation | Exception, list[bool] | None]:
    """What DuckDB finds, and for each row whether it broke the rule, where the rule is about rows."""
    return judge_in(_session_of(table), expectation, kwargs, table, condition)


@cache
def _connection() -> Any:
    """One for all tests of a process: to open one takes longer than to judge a few rows."""
    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(open_session(Limits("640MB")))


def _session_of(table: pa.Table) -> QuerySession:
    connection = _connection()
    connection.execute("SET preserve_insertion_order = false").fetchall()
    connection.execute("DROP VIEW IF EXISTS t").fetchall()
    add_named_tables(connection, {"t": ArrowTable(table)})
    return QuerySession(connection, file_size=1 << 20)


def judge_in(
    session: Any, expectation: str, kwargs: Mapping[str, Any], table: pa.Table, condition: str | None = None
) -> tuple[Observation | Exception, list[bool] | None]:
    """The same in a session that has the table as ``t``."""

    def judging(judge: Any, parameter: str) -> str:
        name = f"judge_{next(_NUMBERS)}"
        session.add_function(name, judge, parameter)
        return name

    columns = {each.name: column_type(each.type) for each in table.schema}
    relation = Relation("t", columns, condition=condition, judging=judging)
    try:
        plan = pushed_down()[expectation](relation, **kwargs)
        found = evaluate(session, {"rule": plan})["rule"]
    except Exception as error:  # noqa: BLE001 - an error is an outcome here, to be compared
        return error, None
    if isinstance(found, Exception) or found.broken is None:
        return found, None
    kept = session(f"SELECT count(*) FROM t WHERE {found.broken}")[0][0]
    rows = [broken for (broken,) in session(f"SELECT {found.broken} FROM t")]
    assert kept == sum(rows)
    return found, rows


def reference(expectation: str, kwargs: Mapping[str, Any], table: pa.Table) -> Observation | Exception:
    """What Great Expectations' pandas engine finds."""
    result = validate(expectation, kwargs, to_frame(table))
    if isinstance(result, Exception):
        return result
    told = result.result
    return Observation(
        success=result.success,
        value=told.get("observed_value"),
        rows=told.get("element_count"),
        missing=told.get("missing_count"),
        unexpected=told.get("unexpected_count"),
    )


def validate(expectation: str, kwargs: Mapping[str, Any], frame: Any) -> Any:
    """Great Expectations' own result for a data frame, or the error it ended with."""
    import pandas as pd
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.execution_engine.pandas_batch_data import PandasBatchData
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.validator.validator import Validator

    engine = PandasExecutionEngine()
    batch = Batch(data=PandasBatchData(execution_engine=engine, dataframe=frame))
    validator = Validator(execution_engine=engine, batches=[batch])
    validator.metrics_calculator.show_progress_bars = False
    configuration = ExpectationConfiguration(type=expectation, kwargs=dict(kwargs))
    # Text as Python's own objects, so that a regular expression means what Python's `re` means by it.
    with pd.option_context("mode.string_storage", "python"):
        try:
            (result,) = validator.graph_validate(
                configurations=[configuration], runtime_configuration={"result_format": "BASIC"}
            )
        except Exception as error:  # noqa: BLE001 - an error is an outcome here, to be compared
            return error
    info = result.exception_info
    raised = info if "raised_exception" in info else next(iter(info.values()))
    return RuntimeError(raised["exception_message"]) if raised["raised_exception"] else result
