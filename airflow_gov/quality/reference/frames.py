"""Arrow rows as pandas frames that mean exactly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd

#: Microseconds since 1970 between which a timestamp has nanoseconds in 64 bits, as pandas prefers.
_NANOSECONDS = (-(2**63) // 1000 + 1, (2**63 - 1) // 1000)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Convert rows without changing what they say.

    Whole numbers and booleans stay what they are beside missing values, decimals are exact, and a
    missing value is missing in pandas' eyes; of floating-point numbers NaN is too.

    :param table: the rows; columns of a type that pandas lacks become Python objects.
    """
    import pandas as pd

    return pd.DataFrame({name: _series(table.column(name)) for name in table.column_names})


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


_NULLABLE = {pa.int32(): "Int32Dtype", pa.int64(): "Int64Dtype", pa.bool_(): "BooleanDtype"}


def _nanoseconds(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """As nanoseconds, where all of them fit: some expectations know no other unit."""
    numbers = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())
    low, high = pc.min(numbers).as_py(), pc.max(numbers).as_py()
    if low is not None and not (_NANOSECONDS[0] <= low and high <= _NANOSECONDS[1]):
        return column
    return column.cast(pa.timestamp("ns", tz=column.type.tz))
