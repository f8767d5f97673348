"""Arrow rows as pandas frames that mean exactly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


#: A value that is a Python object takes about so many bytes beside what it says.
_OBJECT_BYTES = 64

_NULLABLE = {pa.int32(): "Int32Dtype", pa.int64(): "Int64Dtype", pa.bool_(): "BooleanDtype"}


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Convert rows without changing what they say.

    Whole numbers and booleans stay what they are beside missing values, decimals are exact, and a
    missing value is missing in pandas' eyes; of floating-point numbers NaN is too.

    :param table: the rows; columns of a type that pandas lacks become Python objects.
    """
    import pandas as pd

    columns = {name: _series(table.column(name)) for name in table.column_names}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _series(column: pa.ChunkedArray[Any]) -> pd.Series[Any]:
    import pandas as pd

    kind = column.type
    nullable = _NULLABLE.get(kind)
    if nullable is not None:
        return column.to_pandas(types_mapper={kind: getattr(pd, nullable)()}.get)
    if pa.types.is_timestamp(kind):
        return _nanoseconds(column).to_pandas()
    if pa.types.is_floating(kind) or pa.types.is_string(kind):
        return column.to_pandas()
    return pd.Series(column.to_pylist(), dtype=object)


def _nanoseconds(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """As nanoseconds, where all of them fit: some expectations know of no other unit."""
    try:
        return column.cast(pa.timestamp("ns", tz=column.type.tz))
    except pa.ArrowInvalid:
        return column


def estimated_bytes(batch: pa.RecordBatch) -> int:
    """About how many bytes the rows take as a frame and in Arrow together."""
    objects = sum(
        1
        for kind in batch.schema.types
        if not (kind in _NULLABLE or pa.types.is_floating(kind) or pa.types.is_timestamp(kind))
    )
    return 2 * batch.nbytes + objects * batch.num_rows * _OBJECT_BYTES
