"""Arrow rows as pandas frames that mean exactly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


_NULLABLE = {pa.int32(): "Int32Dtype", pa.int64(): "Int64Dtype", pa.bool_(): "BooleanDtype"}


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
    if pa.types.is_floating(kind) or pa.types.is_string(kind) or pa.types.is_timestamp(kind):
        return column.to_pandas()
    return pd.Series(column.to_pylist(), dtype=object)
