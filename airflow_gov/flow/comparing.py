"""Whether two snapshots of a dataset hold the same rows, however these lie in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.sql_text import identifier

if TYPE_CHECKING:
    from airflow_gov.lake import Scan
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def same_rows(
    governance: Governance, dataset: DatasetName, before: int, after: int, most_bytes: int | None = None
) -> bool | None:
    """Compare snapshots by their rows, the load ids in them included; only files that differ are read.

    :param before: the earlier snapshot.
    :param after: the later one, whose columns are compared.
    :param most_bytes: more than this is not read; default: all is.
    :returns: None: as many rows, in files that are too large to be read.
    :raises GovernanceError: ``DATASET_UNKNOWN``, ``VERSION_UNKNOWN``.
    """
    gone, come = governance.lake.scan_difference(dataset, before, after)
    if gone.rows != come.rows:
        return False
    if not come.files or not gone.files:
        return True
    if most_bytes is not None and sum(file.size for file in (*gone.files, *come.files)) > most_bytes:
        return None
    return _fingerprint(governance, gone) == _fingerprint(governance, come)


def _fingerprint(governance: Governance, scan: Scan) -> int:
    """The sum of the hashes of all rows: it does not depend on their order."""
    row = ", ".join(identifier(name) for name, _ in scan.schema)
    with governance.engine.query_tables({"data": scan}) as query:
        ((together,),) = query(f"SELECT sum(hash({row})) FROM data")  # noqa: S608 - quoted
    return int(together or 0)
