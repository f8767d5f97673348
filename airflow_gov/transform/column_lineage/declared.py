"""Column lineage as a user declares it, for Python functions whose inside cannot be followed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from airflow_gov.model.column_lineage import ColumnLineage, Influence, InputColumn, Subtype, Transformation
from airflow_gov.model.contract import Contract
from airflow_gov.model.errors import GovernanceError, Reason

#: Stands for all rows of the result: what decides about them.
ROWS = "*"
_KEYS = ("column", "transformation", "masking")


def declared_lineage(
    declared: Mapping[str, Sequence[Any]], contract: Contract, schemas: Mapping[str, Collection[str]]
) -> ColumnLineage:
    """Read a declared mapping.

    :param declared: column of the result → its inputs, each ``<zone>.<name>.<column>`` or a mapping with
        ``column``, ``transformation`` (TRANSFORMATION unless told otherwise) and ``masking``. The key ``*``
        stands for all rows.
    :param contract: the result's.
    :param schemas: the sources and their columns.
    :raises GovernanceError: ``PARAMETER_INVALID`` for what is no such mapping, an output that is not in the
        contract, an unknown source, column or transformation.
    """
    if not isinstance(declared, Mapping):
        raise _invalid("it is no mapping of the result's columns to lists of input columns")
    names = [column.name for column in contract.columns]
    for output in declared:
        if output != ROWS and output not in names:
            raise _invalid(
                f"{output!r} is no column of {contract.dataset}'s contract{_near(str(output), names)}"
            )
    rows = _inputs(ROWS, declared.get(ROWS, ()), schemas)
    columns = {name: _inputs(name, declared[name], schemas) for name in names if name in declared}
    missing = [name for name in names if name not in declared]
    gaps = (f"Not declared: {', '.join(missing)}.",) if missing else ()
    return ColumnLineage(columns, rows, not gaps, gaps)


def _inputs(output: str, entries: Any, schemas: Mapping[str, Collection[str]]) -> tuple[InputColumn, ...]:
    if isinstance(entries, str | Mapping) or not isinstance(entries, Sequence):
        raise _invalid(
            f"{output!r} has no list of input columns; write {output!r}: ['<zone>.<name>.<column>']"
        )
    ways: dict[tuple[str, str], set[Transformation]] = {}
    for entry in entries:
        source, column, transformation = _entry(output, entry, schemas)
        ways.setdefault((source, column), set()).add(transformation)
    return tuple(
        InputColumn(source, column, tuple(sorted(found))) for (source, column), found in sorted(ways.items())
    )


def _entry(
    output: str, entry: Any, schemas: Mapping[str, Collection[str]]
) -> tuple[str, str, Transformation]:
    parts: Mapping[str, Any] = {"column": entry} if isinstance(entry, str) else entry
    if not isinstance(parts, Mapping) or not isinstance(parts.get("column"), str):
        raise _invalid(f"{output!r}: an input is '<zone>.<name>.<column>', or a mapping with a 'column'")
    unknown = [str(key) for key in parts if key not in _KEYS]
    if unknown:
        raise _invalid(f"{output!r}: {unknown[0]!r} is not known; an input has {', '.join(_KEYS)}")
    source, column = _column(output, parts["column"], schemas)
    return source, column, _transformation(output, parts)


def _column(output: str, text: str, schemas: Mapping[str, Collection[str]]) -> tuple[str, str]:
    source = next((each for each in schemas if text.startswith(f"{each}.")), None)
    if source is None:
        raise _invalid(
            f"{output!r}: {text!r} is no column of a source; the sources are {', '.join(sorted(schemas))}"
            f"{_near(text.rpartition('.')[0], schemas)}"
        )
    column = text.removeprefix(f"{source}.")
    if column not in schemas[source]:
        raise _invalid(f"{output!r}: {source} has no column {column!r}{_near(column, schemas[source])}")
    return source, column


def _transformation(output: str, parts: Mapping[str, Any]) -> Transformation:
    written, masking = parts.get("transformation", Subtype.TRANSFORMATION), parts.get("masking", False)
    known = [each.value for each in _possible(output)]
    if not isinstance(written, str) or written.upper() not in known:
        raise _invalid(
            f"{output!r}: the transformation {written!r} is not known; there are {', '.join(known)}"
            f"{_near(str(written).upper(), known)}"
        )
    if not isinstance(masking, bool):
        raise _invalid(f"{output!r}: masking is {masking!r}, not true or false")
    return Transformation(Subtype(written.upper()), masking)


def _possible(output: str) -> Iterator[Subtype]:
    """Values come from columns in any way; about rows a column can only decide."""
    for each in Subtype:
        if output != ROWS or each.influence is Influence.INDIRECT:
            yield each


def _near(written: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(written, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _invalid(what: str) -> GovernanceError:
    return GovernanceError(
        Reason.PARAMETER_INVALID, f"column_lineage: {what.rstrip('?')}{'?' if what.endswith('?') else '.'}"
    )
