"""What functions do with the values of their arguments.

Masking functions are those whose result does not show the values it was made from. OpenLineage leaves the
list to each producer and names hashes and counts as examples; its Spark integration has hashes, checksums
and ``count``.
"""

from __future__ import annotations

from sqlglot import exp

from airflow_gov.transform.column_lineage.traces import AGGREGATION, IDENTITY, TRANSFORMATION, masked

#: Functions whose arguments cannot be seen in their result: hashes (also with a key), checksums, counts.
MASKING_FUNCTIONS = frozenset(
    {
        "approx_count_distinct",
        "count",
        "count_if",
        "count_star",
        "countif",
        "crc32",
        "farm_fingerprint",
        "hash",
        "hashbytes",
        "hll",
        "hmac",
        "hmac_md5",
        "hmac_sha1",
        "hmac_sha256",
        "hmac_sha512",
        "md5",
        "md5_number",
        "md5_number_lower",
        "md5_number_upper",
        "murmur_hash",
        "regr_count",
        "sha",
        "sha1",
        "sha2",
        "sha224",
        "sha256",
        "sha3",
        "sha3_256",
        "sha3_512",
        "sha384",
        "sha512",
        "xxhash64",
    }
)
#: Aggregates of DuckDB and others that sqlglot keeps as functions without a type of their own.
_AGGREGATES = frozenset(
    {
        "arbitrary",
        "arg_max_null",
        "arg_max_nulls_last",
        "arg_min_null",
        "arg_min_nulls_last",
        "bitstring_agg",
        "count_star",
        "decimal_average",
        "entropy",
        "favg",
        "fsum",
        "histogram",
        "histogram_exact",
        "kahan_sum",
        "kurtosis_pop",
        "mad",
        "mean",
        "product",
        "reservoir_quantile",
        "sem",
        "sum_no_overflow",
        "sumkahan",
    }
)
#: The first argument is taken, the second decides which.
_PICKING_NAMES = frozenset({"arg_max_null", "arg_max_nulls_last", "arg_min_null", "arg_min_nulls_last"})
_PICKING = (exp.ArgMax, exp.ArgMin)
#: sqlglot calls these aggregates; each gives a value of one row.
_NAVIGATION = (
    exp.CumeDist,
    exp.DenseRank,
    exp.FirstValue,
    exp.Lag,
    exp.LastValue,
    exp.Lead,
    exp.NthValue,
    exp.Ntile,
    exp.PercentRank,
    exp.Rank,
    exp.RowNumber,
)
_GROUPING = (exp.Grouping, exp.GroupingId)
_MASKING = (
    exp.ApproxDistinct,
    exp.Count,
    exp.CountIf,
    exp.FarmFingerprint,
    exp.Hll,
    exp.MD5,
    exp.MD5Digest,
    exp.RegrCount,
    exp.SHA,
    exp.SHA1Digest,
    exp.SHA2,
    exp.SHA2Digest,
)
#: Values pass these as they are.
_TRANSPARENT = (
    exp.Alias,
    exp.Collate,
    exp.Distinct,
    exp.IgnoreNulls,
    exp.Order,
    exp.Ordered,
    exp.Paren,
    exp.RespectNulls,
)
#: Their result depends on the order of the rows they see, where no order is given.
_ORDERED = (
    exp.AnyValue,
    exp.ArrayAgg,
    exp.First,
    exp.FirstValue,
    exp.GroupConcat,
    exp.Lag,
    exp.Last,
    exp.LastValue,
    exp.Lead,
    exp.NthValue,
    exp.Ntile,
    exp.RowNumber,
)


#: Functions that DuckDB's dialect builds in its own way, which are not found by their name.
_ALSO = {"LIST": exp.ArrayAgg, "SHA256": exp.SHA2, "STRING_AGG": exp.GroupConcat, "ARRAY_AGG": exp.ArrayAgg}


def _named(node: exp.Expr) -> str:
    return str(node.this).lower() if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) else ""


def _kind(node: exp.Expr) -> type[exp.Expr]:
    """The type of a function; of one written as ``a.f()`` only the name is known."""
    if isinstance(node, exp.Anonymous):
        name = str(node.this).upper()
        return _ALSO.get(name) or exp.FUNCTION_BY_NAME.get(name) or type(node)
    return type(node)


def is_grouping(node: exp.Expr) -> bool:
    """Whether it tells of the grouping only, not of its arguments' values."""
    return issubclass(_kind(node), _GROUPING) or _named(node) in ("grouping", "grouping_id")


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a function makes one value of many rows."""
    if issubclass(kind := _kind(node), exp.AggFunc):
        return not issubclass(kind, _NAVIGATION)
    return _named(node) in _AGGREGATES or is_grouping(node)


def is_picking(node: exp.Expr) -> bool:
    """Whether it takes its first argument from the row that its second one decides."""
    return issubclass(_kind(node), _PICKING) or _named(node) in _PICKING_NAMES


def sees_order(node: exp.Expr) -> bool:
    """Whether its result depends on the order of the rows."""
    return issubclass(_kind(node), _ORDERED) or _named(node) == "arbitrary"


def masks(node: exp.Expr) -> bool:
    """Whether the values of its arguments cannot be seen in its result."""
    return issubclass(_kind(node), _MASKING) or _named(node) in MASKING_FUNCTIONS


def way_of(node: exp.Expr) -> int:
    """In which way a part of an expression uses what is inside it."""
    if isinstance(node, _TRANSPARENT):
        return IDENTITY
    kind = AGGREGATION if is_aggregate(node) else TRANSFORMATION
    return masked(kind) if masks(node) else kind
