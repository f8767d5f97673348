"""DuckDB writes in the threads of the query, and not in those it has had for that since 2.0.

When a disk is full, a thread that gives the file up waits for those (``AsyncWriteQueue::AbortWrites``), with
a lock that one of them wants (``SchedulePendingWrites``): for ever, in one of some dozens of full disks with
DuckDB 2.0.0. No interrupt ends that, so no time-out would.
"""

from __future__ import annotations


def in_query_threads(version: str) -> dict[str, int]:
    """What makes a DuckDB write so.

    :param version: DuckDB's; before 2.0 it wrote so, and refuses an option that it does not know.
    :returns: options for its configuration.
    """
    major = version.partition(".")[0]
    return {"async_threads": 0} if major.isdecimal() and int(major) >= 2 else {}
