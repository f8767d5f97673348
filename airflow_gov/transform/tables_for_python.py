"""What a Python function may take and give: tables of Arrow, pandas, Polars and Ibis."""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.interrupting import interruptible
from airflow_gov.transform.session import own_columns, table_select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName


class TableKind(StrEnum):
    """The kinds of tables, as a person writes them."""

    ARROW_TABLE = "pyarrow.Table"
    ARROW_READER = "pyarrow.RecordBatchReader"
    PANDAS = "pandas.DataFrame"
    POLARS = "polars.DataFrame"
    POLARS_LAZY = "polars.LazyFrame"
    IBIS = "ibis.Table"


#: Usual short names of the libraries, for annotations whose module is imported for type checkers only.
_SHORT = {"pa": "pyarrow", "pd": "pandas", "pl": "polars", "ir": "ibis"}


def kind_of(annotation: Any) -> TableKind | None:
    """The kind of table an annotation, a class or an unresolved text, means; None where it means none."""
    if isinstance(annotation, str):
        library, _, name = annotation.strip("'\" ").partition(".")
    else:
        library = str(getattr(annotation, "__module__", ""))
        name = str(getattr(annotation, "__qualname__", ""))
    library = library.partition(".")[0]
    try:
        return TableKind(f"{_SHORT.get(library, library)}.{name.rpartition('.')[2]}")
    except ValueError:
        return None


def match_parameters(
    function: Callable[..., Any], sources: Sequence[DatasetName], arguments: Mapping[str, Any]
) -> dict[str, tuple[DatasetName, TableKind]]:
    """Which parameter takes which source, as which kind of table.

    A parameter named as a dataset (without its zone) takes that dataset; the others take what is left,
    in order. Parameters that ``arguments`` fill, or that have a default, take no table.

    :raises GovernanceError: ``PARAMETER_INVALID`` where parameters and sources do not match, or an
        annotation is not one of the kinds.
    """
    open_parameters = {
        name: parameter.annotation
        for name, parameter in _signature(function).parameters.items()
        if name not in arguments
        and parameter.default is inspect.Parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    }
    left = list(sources)
    found: dict[str, DatasetName] = {}
    for name in open_parameters:
        named = [dataset for dataset in left if dataset.name == name]
        if len(named) == 1:
            found[name] = named[0]
            left.remove(named[0])
    unnamed = [name for name in open_parameters if name not in found]
    if len(unnamed) != len(left):
        raise _mismatch(function, list(open_parameters), sources)
    found.update(zip(unnamed, left, strict=True))
    return {
        name: (found[name], _required_kind(function, name, annotation))
        for name, annotation in open_parameters.items()
    }


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except NameError:  # a name that is imported for type checkers only
        return inspect.signature(function)


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", repr(function))


def _mismatch(
    function: Callable[..., Any], parameters: Sequence[str], sources: Sequence[DatasetName]
) -> GovernanceError:
    return GovernanceError(
        Reason.PARAMETER_INVALID,
        f"{_name(function)}() leaves the parameters ({', '.join(parameters)}) for the "
        f"{len(sources)} source(s) {', '.join(map(str, sources))}: give it one parameter for each source, "
        f"named as the dataset or in the order of the sources.",
    )


def _required_kind(function: Callable[..., Any], name: str, annotation: Any) -> TableKind:
    kind = kind_of(annotation)
    if kind is None:
        missing = annotation is inspect.Parameter.empty
        written = "no annotation" if missing else f"the annotation {inspect.formatannotation(annotation)}"
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{_name(function)}(): the parameter {name} has {written}. Annotate it as the table it "
            f"takes: {', '.join(TableKind)}.",
            parameter=name,
        )
    return kind


def read_as(connection: DuckDBPyConnection, table: SourceTable, kind: TableKind) -> Any:
    """A source as the kind of table a function takes, ``_load_id`` aside.

    :param connection: where the source is a view; it must stay open while the table is used.
    """
    if kind is TableKind.IBIS:
        return _ibis(connection).table(table.dataset.name, database=str(table.dataset.zone))
    # A connection of its own, so that several sources can be streamed at once.
    cursor = connection.cursor()
    relation = cursor.sql(table_select(cursor, table, columns=own_columns(table)))
    if kind is TableKind.ARROW_READER:
        return relation.to_arrow_reader()
    if kind is TableKind.POLARS_LAZY:
        return relation.pl(lazy=True)
    whole = interruptible(cursor, relation.to_arrow_table)
    if kind is TableKind.ARROW_TABLE:
        return whole
    if kind is TableKind.PANDAS:
        return whole.to_pandas()
    return _polars().from_arrow(whole)


def arrow_of(value: Any, where: str) -> pa.Table | pa.RecordBatchReader:
    """What a function returned, as Arrow.

    :param where: who returned it, for the error.
    :raises GovernanceError: ``TRANSFORM_FAILED`` when it is no table.
    """
    kind = kind_of(type(value))
    if kind is TableKind.PANDAS:
        return pa.Table.from_pandas(value, preserve_index=False)
    if kind is TableKind.POLARS_LAZY:
        value = value.collect(engine="streaming")
    if kind in (TableKind.POLARS, TableKind.POLARS_LAZY):
        value = value.to_arrow()
    if isinstance(value, pa.Table | pa.RecordBatchReader):
        return value
    raise GovernanceError(
        Reason.TRANSFORM_FAILED,
        f"{where} returned {type(value).__qualname__}, not a table: return one of {', '.join(TableKind)}.",
    )


def ibis_select(connection: DuckDBPyConnection, expression: Any) -> str:
    """The SQL of an Ibis expression over the sources that :func:`read_as` gave."""
    return str(_ibis(connection).compile(expression))


def _ibis(connection: DuckDBPyConnection) -> Any:
    try:
        import ibis
    except ImportError as error:
        raise _missing("ibis", "ibis-framework[duckdb]") from error
    return ibis.duckdb.from_connection(connection)


def _polars() -> Any:
    try:
        import polars as pl
    except ImportError as error:
        raise _missing("polars", "polars") from error
    return pl


def _missing(extra: str, package: str) -> GovernanceError:
    return GovernanceError(
        Reason.DEPENDENCY_MISSING,
        f"{package} is not installed: install airflow-gov[{extra}].",
        package=package,
    )
