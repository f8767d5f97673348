"""Which format a file has."""

from __future__ import annotations

from enum import StrEnum

from airflow_gov.model.errors import GovernanceError, Reason


class Format(StrEnum):
    """Formats that can be read into a table."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    EXCEL = "excel"


_ENDINGS = {
    "csv": Format.CSV,
    "txt": Format.CSV,
    "tsv": Format.TSV,
    "tab": Format.TSV,
    "json": Format.JSON,
    "ndjson": Format.NDJSON,
    "jsonl": Format.NDJSON,
    "parquet": Format.PARQUET,
    "pq": Format.PARQUET,
    "xlsx": Format.EXCEL,
    "xlsm": Format.EXCEL,
    "xlsb": Format.EXCEL,
    "xls": Format.EXCEL,
    "ods": Format.EXCEL,
}
#: Endings of compressed files; what is inside is told by the ending before.
COMPRESSIONS = frozenset({"gz", "gzip", "zst", "bz2", "zip"})


def format_of_name(name: str) -> Format | None:
    """The format that a file's name tells, compression aside; None where it tells none."""
    parts = name.lower().split(".")[1:]
    while parts and parts[-1] in COMPRESSIONS:
        parts.pop()
    return _ENDINGS.get(parts[-1]) if parts else None


def format_of(name: str, source_format: str | None) -> Format:
    """The format to read a file as.

    :param source_format: what the user says, else the name tells.
    :raises GovernanceError: ``FORMAT_UNSUPPORTED``.
    """
    listed = ", ".join(Format)
    if source_format is not None:
        try:
            return Format(source_format.lower())
        except ValueError:
            raise GovernanceError(
                Reason.FORMAT_UNSUPPORTED,
                f"source_format={source_format!r} is not a format that can be read: {listed}.",
            ) from None
    found = format_of_name(name)
    if found is None:
        raise GovernanceError(
            Reason.FORMAT_UNSUPPORTED,
            f"The name of {name} does not tell its format: set source_format to one of {listed}.",
            file=name,
        )
    return found
