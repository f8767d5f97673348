"""Rules that are not pushed down, evaluated by Great Expectations in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from airflow_gov.model.contract import LOAD_ID_COLUMN, Contract
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.pushdown import Observation
from airflow_gov.quality.reference.building import build, require_great_expectations
from airflow_gov.quality.reference.counting import Counts
from airflow_gov.quality.reference.domains import columns_of, looks_at_one_row
from airflow_gov.quality.reference.frames import estimated_bytes, frame_of
from airflow_gov.quality.reference.running import RaisedError, Validator, validator

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from airflow_gov.model.rules import Rule
    from airflow_gov.model.tables import SourceTable

#: Bytes that the rows of one rule may take as a pandas frame, unless told otherwise.
MEMORY_BYTES = 256 * 1024 * 1024
#: Rows of a batch.
BATCH_ROWS = 65_536

#: What a rule observed, or why it could not be evaluated.
Result = Observation | Exception


@dataclass(frozen=True)
class _Task:
    """A rule, ready to be evaluated."""

    rule: Rule
    expectation: Expectation
    columns: tuple[str, ...]


def evaluate_reference(
    rules: Sequence[Rule],
    table: SourceTable,
    contract: Contract,
    *,
    memory_bytes: int = MEMORY_BYTES,
    batch_rows: int = BATCH_ROWS,
) -> dict[str, Result]:
    """Evaluate expectations by Great Expectations itself.

    Those that look at one row at a time are evaluated batch by batch in one pass, and their counts are
    added up. The others get the columns they need at once, where these fit into memory.

    :param rules: of the kind ``expectation``, by names that are unique.
    :param table: the rows.
    :param contract: says which columns are classified: no value of theirs is in a result or an error.
    :param memory_bytes: bytes that the rows for one rule may take.
    :param batch_rows: rows of a batch.
    :returns: by rule what was observed, or the error: a rule that could not be evaluated neither holds
        nor fails.
    :raises GovernanceError: ``DEPENDENCY_MISSING``.
    """
    if not rules:
        return {}
    require_great_expectations()
    results, tasks = _prepared(rules, table)
    rows = _Rows(table, memory_bytes, batch_rows)
    with validator() as engine:
        streamed = [task for task in tasks if looks_at_one_row(task.expectation)]
        found = _by_batches(engine, streamed, rows)
        # What no batch can say may be said of all rows: e.g. where a batch is without any value.
        others = [task for task in tasks if isinstance(found.get(task.rule.name), Exception | None)]
        for name, result in _at_once(engine, others, rows).items():
            if not isinstance(result, GovernanceError):
                found[name] = result
            else:
                found.setdefault(name, result)
    for task in tasks:
        results[task.rule.name] = _shown(found[task.rule.name], task, contract)
    return {rule.name: results[rule.name] for rule in rules}


def _prepared(rules: Sequence[Rule], table: SourceTable) -> tuple[dict[str, Result], list[_Task]]:
    names = [name for name, _ in table.schema if name != LOAD_ID_COLUMN]
    failed: dict[str, Result] = {}
    tasks = []
    for rule in rules:
        try:
            expectation = build(rule)
        except GovernanceError as error:
            failed[rule.name] = error
        else:
            tasks.append(_Task(rule, expectation, columns_of(expectation, names)))
    return failed, tasks


@dataclass(frozen=True)
class _Rows:
    """The rows, read as far as they are needed."""

    table: SourceTable
    memory_bytes: int
    batch_rows: int

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows in order, few of them in memory."""
        load = self.table.load_id
        scanner = self.table.to_dataset().scanner(
            columns=list(columns),
            filter=None if load is None else pc.field(LOAD_ID_COLUMN) == load,
            batch_size=self.batch_rows,
            batch_readahead=1,
            fragment_readahead=1,
        )
        return (batch for batch in scanner.to_batches() if batch.num_rows)

    def all(self, task: _Task) -> pa.Table:
        """All rows at once.

        :raises GovernanceError: ``RULE_FAILED`` when they do not fit into memory.
        """
        batches, size = [], 0
        for batch in self.batches(task.columns):
            size += estimated_bytes(batch)
            if size > self.memory_bytes:
                raise _too_large(task, self.memory_bytes)
            batches.append(batch)
        return pa.Table.from_batches(batches) if batches else self.none(task.columns)

    def none(self, columns: Sequence[str]) -> pa.Table:
        """The columns without rows."""
        table: pa.Table = self.table.to_dataset().schema.empty_table().select(list(columns))
        return table


def _by_batches(engine: Validator, tasks: Sequence[_Task], rows: _Rows) -> dict[str, Result]:
    """Rules that look at one row at a time, in one pass over the columns of all of them."""
    counts = {task.rule.name: Counts(getattr(task.expectation, "mostly", 1.0)) for task in tasks}
    errors: dict[str, Result] = {}
    columns = list(dict.fromkeys(column for task in tasks for column in task.columns))
    for batch in rows.batches(columns) if tasks else ():
        frame = frame_of(pa.Table.from_batches([batch]))
        for task in tasks:
            name = task.rule.name
            if name not in errors:
                try:
                    counts[name].add(engine.observe(task.expectation, frame))
                except RaisedError as error:
                    errors[name] = error
    # Without any rows there is no batch that raises what the expectation has to say about its columns.
    empty = {name: RaisedError("no rows") for name, each in counts.items() if not each.rows}
    return {name: each.observation() for name, each in counts.items()} | empty | errors


def _at_once(engine: Validator, tasks: Sequence[_Task], rows: _Rows) -> dict[str, Result]:
    """Rules about whole columns; those about the same columns are evaluated on one frame."""
    alike: dict[tuple[str, ...], list[_Task]] = defaultdict(list)
    for task in tasks:
        alike[task.columns].append(task)
    results: dict[str, Result] = {}
    for group in alike.values():
        try:
            frame = frame_of(rows.all(group[0]))
        except GovernanceError as error:
            results |= {task.rule.name: error for task in group}
            continue
        for task in group:
            try:
                results[task.rule.name] = engine.observe(task.expectation, frame)
            except RaisedError as error:
                results[task.rule.name] = error
    return results


def _shown(result: Result, task: _Task, contract: Contract) -> Result:
    """A result without values of classified columns, and an error that names its rule."""
    hidden = any((column := contract.column(name)) and column.classified for name in task.columns)
    if isinstance(result, Observation):
        return replace(result, value=None) if hidden else result
    if isinstance(result, GovernanceError):
        return result
    told = "what it says may show a classified value" if hidden else str(result)
    return GovernanceError(
        Reason.RULE_FAILED,
        f"The rule {task.rule.name} could not be evaluated: Great Expectations raised an error in "
        f"{task.rule.check}: {told}",
        rule=task.rule.name,
    )


def _too_large(task: _Task, memory_bytes: int) -> GovernanceError:
    return GovernanceError(
        Reason.RULE_FAILED,
        f"The rule {task.rule.name} could not be evaluated: {task.rule.check} looks at all rows of "
        f"{', '.join(task.columns)} at once, and as a pandas frame they take more than "
        f"{memory_bytes / 2**20:,.0f} MiB. Use an expectation that is pushed down or an SQL rule instead.",
        rule=task.rule.name,
    )
