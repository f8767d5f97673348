"""The sensitive split: restricted columns to one side, keyed tokens that join both sides again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier
from airflow_gov.transform.errors import message_of
from airflow_gov.transform.session import Limits, add_tables, open_session
from airflow_gov.transform.types import to_duckdb_type
from airflow_gov.transform.writing import (
    Target,
    Written,
    columns_of,
    emptied_on_error,
    load_id_column,
    write,
)

if TYPE_CHECKING:
    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.tables import SourceTable

#: A column of a split's contract with this ending carries tokens of the column before the ending.
TOKEN_SUFFIX = "_token"  # noqa: S105 - a name

_KEY = "__airflow_gov_key"
_BLOCK = hashlib.sha256().block_size


def split_table(
    source: SourceTable,
    source_contract: Contract,
    sensitive: Target,
    target: Target,
    *,
    key: bytes,
    limits: Limits,
) -> tuple[Written, Written]:
    """Write both sides of a split; see ``DuckEngine.split``."""
    check_split(source_contract, sensitive.contract, target.contract)
    with open_session(limits) as connection, emptied_on_error(sensitive.folder, target.folder):
        add_tables(connection, [source])
        connection.register(_KEY, _padded(key))
        return (
            _write_side(connection, source, source_contract, sensitive),
            _write_side(connection, source, source_contract, target),
        )


def check_split(source: Contract, sensitive: Contract, target: Contract) -> None:
    """Compare the three contracts of a split.

    :raises GovernanceError: ``CONTRACT_INVALID``.
    """
    for side in (sensitive, target):
        unknown = [column.name for column in side.columns if _origin(column.name, source) is None]
        if unknown:
            raise _invalid(
                side,
                f"{', '.join(unknown)}: no columns of {source.dataset}, nor <column>{TOKEN_SUFFIX} of one",
            )
    restricted = set(source.restricted)
    leaking = [column.name for column in target.columns if column.name in restricted]
    if leaking:
        raise _invalid(
            target,
            f"{', '.join(leaking)}: restricted in {source.dataset}, so only the sensitive side may have it; "
            f"take {leaking[0]}{TOKEN_SUFFIX} instead",
        )
    lost = [name for name in source.restricted if sensitive.column(name) is None]
    if lost:
        raise _invalid(sensitive, f"it lacks {', '.join(lost)}, restricted in {source.dataset}")
    if not source.primary_key:
        raise _invalid(source, "it has no primary key, so nothing would join the two sides again")
    for side in (sensitive, target):
        tokens = [name + TOKEN_SUFFIX for name in source.primary_key]
        missing = [name for name in tokens if side.column(name) is None]
        if missing:
            raise _invalid(
                side, f"it lacks {', '.join(missing)}, the primary key's tokens that join the two sides"
            )


def _invalid(contract: Contract, what: str) -> GovernanceError:
    where = f" ({contract.path})" if contract.path else ""
    return GovernanceError(
        Reason.CONTRACT_INVALID,
        f"The contract of {contract.dataset}{where} does not fit the split: {what}.",
        dataset=str(contract.dataset),
    )


def _origin(name: str, source: Contract) -> Column | None:
    """The source's column that a side's column comes from."""
    return source.column(name) or source.column(name.removesuffix(TOKEN_SUFFIX))


def _padded(key: bytes) -> pa.Table:
    """The key's inner and outer block (RFC 2104, section 2), as a table of one row.

    A table and not a literal: the key must not be in a statement that DuckDB may print.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return pa.table(
        {
            "inner_block": pa.array([bytes(byte ^ 0x36 for byte in block)], pa.binary()),
            "outer_block": pa.array([bytes(byte ^ 0x5C for byte in block)], pa.binary()),
        }
    )


def _item(column: Column, source: Contract) -> str:
    """The SELECT item of a side's column."""
    kind, name = to_duckdb_type(column.type), identifier(column.name)
    if source.column(column.name) is not None:
        return f"CAST(source.{name} AS {kind}) AS {name}"
    text = f"CAST(source.{identifier(column.name.removesuffix(TOKEN_SUFFIX))} AS VARCHAR)"
    inner = f"unhex(sha256({_KEY}.inner_block || encode({text})))"
    return f"CAST(sha256({_KEY}.outer_block || {inner}) AS {kind}) AS {name}"


def _write_side(
    connection: DuckDBPyConnection, source: SourceTable, source_contract: Contract, side: Target
) -> Written:
    items = [_item(column, source_contract) for column in side.contract.columns]
    table = f"{identifier(source.dataset.zone)}.{identifier(source.dataset.name)}"
    select = f"SELECT {', '.join([*items, load_id_column(side.load_id)])} FROM {table} AS source, {_KEY}"
    try:
        files = write(connection, select, side)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise GovernanceError(
            Reason.TRANSFORM_FAILED,
            f"Splitting {source.dataset} into {side.contract.dataset} failed: {message_of(error)}",
        ) from None
    return Written(
        rows=sum(file.rows or 0 for file in files),
        rows_read=source.rows,
        files=files,
        columns=columns_of(side.contract),
    )
