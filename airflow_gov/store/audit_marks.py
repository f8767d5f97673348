"""What the store says of the current versions of all datasets, told short: a mark changes with what it is of.

Audits compare marks to know which datasets they need not look at again; a query for each would take longer
than looking.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Subquery, and_, case, func, literal, select

from airflow_gov.model.loads import LoadState, VersionKind
from airflow_gov.model.verdicts import Ruling
from airflow_gov.store.gate_tables import decision
from airflow_gov.store.tables import (
    column_set,
    contract,
    contract_file,
    execution,
    execution_data,
    load,
    suite_file,
    verdict,
    verdict_rule,
    version,
    version_load,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from airflow_gov.store.database import Database

#: Rows with long texts that are read at once.
_ROWS = 500


class Marks:
    """Marks of datasets by their names, of contracts by their hashes; what there is none of is left out."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def being_written(self) -> dict[str, tuple[str, ...]]:
        """Ids of the loads that somebody holds a lease on now, in order."""
        query = select(load.c.dataset, load.c.load_id).where(
            load.c.state == LoadState.WRITING, load.c.leased_until > self._clock()
        )
        found: dict[str, list[str]] = defaultdict(list)
        with self._database.read() as connection:
            for dataset, load_id in connection.execute(query):
                found[dataset].append(load_id)
        return {dataset: tuple(sorted(ids)) for dataset, ids in found.items()}

    def verdicts(self) -> dict[str, str]:
        """Of the current version and those it rests on: their verdicts, rule by rule, and what gates decided
        on their snapshots.
        """
        with self._database.read() as connection:
            return _marks(connection, _VERDICTS, _DECISIONS)

    def records(self) -> dict[str, str]:
        """Of the current version: itself, and the records of the executions that wrote it."""
        with self._database.read() as connection:
            return _marks(connection, _RECORDS, _COLUMNS)

    def contracts(self) -> dict[str, str]:
        """By hash of the contracts in use: the text the store keeps, and those of the suites it names."""
        with self._database.stream() as connection:
            return _marks(connection.execution_options(yield_per=_ROWS), _CONTRACTS)

    def contract(self, contract_hash: str) -> str:
        """The same of one contract, in use or not."""
        told = select(literal(contract_hash).label("contract_hash")).subquery("told")
        with self._database.read() as connection:
            return _marks(connection, _texts_of(told))[contract_hash]


_newest = (
    select(version.c.dataset, func.max(version.c.version).label("version"))
    .group_by(version.c.dataset)
    .subquery("newest")
)
_current = version.join(
    _newest, and_(_newest.c.dataset == version.c.dataset, _newest.c.version == version.c.version)
)
_RESTS = (
    "dataset",
    "version",
    "kind",
    "snapshot_id",
    "verdict_id",
    "contract_hash",
    "parent_snapshot_id",
    "rows",
)
#: The current version, and those it rests on: what a rollback went back to, what maintenance made it of, down
#: to what a gate published.
_rests_on = (
    select(version.c.dataset.label("of"), *(version.c[name] for name in _RESTS))
    .select_from(_current)
    .cte("rests_on", recursive=True)
)
_earlier = version.alias("earlier")
_rests_on = _rests_on.union_all(
    select(_rests_on.c.of, *(_earlier.c[name] for name in _RESTS)).select_from(
        _rests_on.join(
            _earlier,
            and_(
                _rests_on.c.kind != VersionKind.PUBLISH,
                _earlier.c.dataset == _rests_on.c.dataset,
                _earlier.c.snapshot_id
                == case(
                    (_rests_on.c.kind == VersionKind.ROLLBACK, _rests_on.c.snapshot_id),
                    else_=_rests_on.c.parent_snapshot_id,
                ),
                _earlier.c.version < _rests_on.c.version,
                _earlier.c.kind != VersionKind.ROLLBACK,
            ),
        )
    )
)
_VERDICTS = (
    select(
        _rests_on.c.of,
        *(_rests_on.c[name] for name in _RESTS if name != "dataset"),
        *(
            verdict.c[name].label(f"verdict_{name}")
            for name in ("dataset", "snapshot_id", "contract_hash", "rows")
        ),
        verdict_rule.c.position,
        verdict_rule.c.passed,
        verdict_rule.c.severity,
    )
    .select_from(
        _rests_on.outerjoin(verdict, verdict.c.verdict_id == _rests_on.c.verdict_id).outerjoin(
            verdict_rule, verdict_rule.c.verdict_id == verdict.c.verdict_id
        )
    )
    .order_by(_rests_on.c.of, _rests_on.c.version, verdict_rule.c.position)
)
_DECISIONS = (
    select(_rests_on.c.of, _rests_on.c.version, decision.c.decision_id, decision.c.ruling)
    .select_from(
        _rests_on.join(
            decision,
            and_(
                decision.c.dataset == _rests_on.c.dataset,
                decision.c.snapshot_id == _rests_on.c.snapshot_id,
            ),
        )
    )
    .where(decision.c.ruling != Ruling.REFUSED)
    .order_by(_rests_on.c.of, _rests_on.c.version, decision.c.decision_id)
)
_written = (
    _current.outerjoin(
        version_load,
        and_(version_load.c.dataset == version.c.dataset, version_load.c.version == version.c.version),
    )
    .outerjoin(load, and_(load.c.dataset == version_load.c.dataset, load.c.load_id == version_load.c.load_id))
    .outerjoin(execution, execution.c.execution_id == load.c.execution_id)
    .outerjoin(
        execution_data,
        and_(
            execution_data.c.execution_id == execution.c.execution_id,
            execution_data.c.dataset == version.c.dataset,
        ),
    )
)
_RECORDS = (
    select(
        version.c.dataset,
        *(version.c[name] for name in ("version", "kind", "snapshot_id", "rows", "size", "files")),
        version_load.c.load_id,
        load.c.execution_id,
        *(
            execution.c[name]
            for name in (
                "execution_id",
                "status",
                "ended_at",
                "os_user",
                "host_name",
                "operator",
                "rows_written",
                "git_commit",
                "git_dirty",
            )
        ),
        execution_data.c.role,
        execution_data.c.columns_hash,
    )
    .select_from(_written)
    .order_by(version.c.dataset, version_load.c.position, execution_data.c.position)
)
#: The columns themselves: a list that was changed still has its hash.
_COLUMNS = (
    select(version.c.dataset, column_set.c.position, column_set.c.name, column_set.c.type)
    .select_from(_written.join(column_set, column_set.c.columns_hash == execution_data.c.columns_hash))
    .order_by(version.c.dataset, execution_data.c.position, column_set.c.position)
)

_last_used = (
    select(contract.c.dataset, func.max(contract.c.used_at).label("used_at"))
    .group_by(contract.c.dataset)
    .subquery("last_used")
)
_in_use = (
    select(contract.c.contract_hash)
    .join(
        _last_used,
        and_(_last_used.c.dataset == contract.c.dataset, _last_used.c.used_at == contract.c.used_at),
    )
    .distinct()
    .subquery("in_use")
)


def _texts_of(hashes: Subquery) -> Select[Any]:
    """By hash a contract's text, and those of its suites; nothing instead of a text that is gone."""
    by_hash = hashes.c.contract_hash
    return (
        select(by_hash, contract_file.c.text, suite_file.c.name, suite_file.c.text)
        .select_from(
            hashes.outerjoin(contract_file, contract_file.c.contract_hash == by_hash).outerjoin(
                suite_file, suite_file.c.contract_hash == by_hash
            )
        )
        .order_by(by_hash, suite_file.c.name)
    )


_CONTRACTS = _texts_of(_in_use)


def _marks(connection: Connection, *queries: Select[Any]) -> dict[str, str]:
    digests: dict[str, Any] = {}
    for query in queries:
        for key, *facts in connection.execute(query):
            if key not in digests:
                digests[key] = hashlib.sha256()
            digests[key].update(_told(facts))
    return {key: digest.hexdigest()[:24] for key, digest in digests.items()}


def _told(facts: Iterable[Any]) -> bytes:
    return repr(list(facts)).encode("utf-8", "surrogatepass")
