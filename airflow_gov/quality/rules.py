"""What evaluates rules, and what that needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import RuleResult
    from airflow_gov.model.tables import SourceTable

#: Runs one SELECT and gives its rows.
Query = Callable[[str], list[tuple[Any, ...]]]


class QueryEngine(Protocol):
    """Runs our own SQL in bounded memory. ``airflow_gov.transform.DuckEngine`` is one."""

    def query_tables(self, tables: Mapping[str, SourceTable]) -> AbstractContextManager[Query]:
        """A session in which each table has the name it is given."""


class RuleEngine(Protocol):
    """Evaluates one kind of rules that a contract has."""

    def check(self, contract: Contract, candidate: SourceTable, added: SourceTable) -> tuple[RuleResult, ...]:
        """Evaluate the contract's rules of this kind.

        :param contract: what was promised.
        :param candidate: the snapshot to be published: rules about the whole table read it.
        :param added: the load's rows in it: rules about single rows read no more than these.
        """
