"""A file's columns and the contract's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.files.plain import malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.contract import Contract
    from airflow_gov.transform.files.options import ReadOptions


def map_columns(
    file: str, header: Sequence[str], contract: Contract, options: ReadOptions, *, ordered: bool = True
) -> tuple[int, ...]:
    """For each column of the contract, which column of the file it is.

    :param file: the file's name, for the errors.
    :param header: the names of the file's columns.
    :param ordered: whether the file's columns have places, so that a name can be missing or there twice.
    :returns: positions in the header, in the contract's order.
    :raises GovernanceError: ``SOURCE_MALFORMED`` for unnamed and duplicate columns, ``SCHEMA_MISMATCH``
        for columns that are missing or undeclared.
    """
    if ordered:
        _check_names(file, header)
    unknown = [name for name in options.columns if name not in header]
    if unknown:
        raise GovernanceError(
            Reason.SCHEMA_MISMATCH,
            f"{file}: read_options names the column {unknown[0]!r}, which is not in the file. "
            f"The file has: {', '.join(header)}.",
            file=file,
        )
    taken: dict[str, int] = {}
    for position, name in enumerate(header):
        target = options.columns.get(name, name)
        if target in taken:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"{file}: read_options makes both {header[taken[target]]!r} and {name!r} "
                f"the column {target!r}.",
                file=file,
            )
        if target is not None:
            taken[target] = position
    _check_contract(file, taken, header, contract)
    return tuple(taken[column.name] for column in contract.columns)


def _check_names(file: str, header: Sequence[str]) -> None:
    unnamed = [position for position, name in enumerate(header, 1) if not name]
    if unnamed:
        raise malformed(file, f"column {unnamed[0]} of its header has no name. Name every column.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise malformed(file, f"its header has the column {', '.join(twice)} more than once.")


def _check_contract(file: str, taken: dict[str, int], header: Sequence[str], contract: Contract) -> None:
    declared = [column.name for column in contract.columns]
    missing = [name for name in declared if name not in taken]
    undeclared = [name for name in taken if name not in declared]
    if not missing and not undeclared:
        return
    parts = [
        f"{word}: {', '.join(names)}"
        for word, names in (("missing in the file", missing), ("not in the contract", undeclared))
        if names
    ]
    raise GovernanceError(
        Reason.SCHEMA_MISMATCH,
        f"{file} does not have the columns of {contract.dataset}'s contract: {'; '.join(parts)}. "
        f"The file has: {', '.join(header)}. Change the contract, or rename and leave out columns with "
        f"read_options={{'columns': {{'name in the file': 'name in the contract', 'other': None}}}}.",
        file=file,
        missing=missing,
        undeclared=undeclared,
    )
