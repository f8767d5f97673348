"""Column lineage noted in the record of an execution. It is observed: nothing of it fails a task."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_gov.model.column_lineage import ColumnLineage

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.zones import DatasetName

log = logging.getLogger(__name__)


def note_lineage(recording: Recording, dataset: DatasetName, follow: Callable[[], ColumnLineage]) -> None:
    """Note which columns a dataset's columns come from.

    :param recording: where to.
    :param dataset: what was written.
    :param follow: works it out; what it raises becomes lineage that is not complete.
    """
    try:
        lineage = follow()
    except Exception as error:  # noqa: BLE001 - observation fails open
        # The type alone: a message may tell values.
        log.warning("%s: its column lineage could not be followed: %s", dataset, type(error).__name__)
        lineage = ColumnLineage(complete=False, gaps=("The column lineage could not be followed.",))
    recording.column_lineage[dataset] = lineage
