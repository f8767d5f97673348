"""What a task tells OpenLineage: the datasets it read and wrote, and the facets of its run and its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_gov.lineage.execution_facets import (
    error_facet,
    execution_facet,
    parameters_facet,
    source_code_facet,
    sql_facet,
)
from airflow_gov.lineage.facets import Facet, without_nothing
from airflow_gov.lineage.quality_facets import test_run_facet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.execution import Execution
    from airflow_gov.model.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of an event that an operator gives; JSON values only.

    :param inputs: what was read.
    :param outputs: what was written.
    :param run_facets: facets of the run, by name.
    :param job_facets: facets of the job, by name.
    """

    inputs: tuple[Facet, ...] = ()
    outputs: tuple[Facet, ...] = ()
    run_facets: Mapping[str, Facet] = field(default_factory=dict)
    job_facets: Mapping[str, Facet] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """A query that an execution ran.

    :param text: its text.
    :param dialect: whose SQL it is.
    """

    text: str
    dialect: str | None = None


def run_facets(
    execution: Execution, verdicts: Sequence[Verdict] = (), *, include_sql: bool = False
) -> dict[str, Facet]:
    """The facets of an execution's run, by name.

    :param execution: its record.
    :param verdicts: what it found out about datasets.
    :param include_sql: whether texts of queries are told.
    """
    return without_nothing(
        {
            "airflowGov_execution": execution_facet(execution),
            "executionParameters": parameters_facet(execution.parameters, include_sql=include_sql),
            "errorMessage": error_facet(execution, include_sql=include_sql),
            "test": test_run_facet(verdicts) if verdicts else None,
        }
    )


def job_facets(
    execution: Execution, query: Query | None = None, *, include_sql: bool = False
) -> dict[str, Facet]:
    """The facets of an execution's job, by name. Airflow's provider gives the job's type, owners and text.

    :param execution: its record.
    :param query: the query it ran, where it ran one.
    :param include_sql: whether texts of queries are told.
    """
    return without_nothing(
        {
            "sourceCodeLocation": source_code_facet(execution.git),
            "sql": sql_facet(query.text, query.dialect) if query is not None and include_sql else None,
        }
    )
