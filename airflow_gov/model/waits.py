"""What sensors wait for, so that one question to the store answers all who wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadState
from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True, slots=True)
class CandidateWait:
    """A gate waits for loads: those that are named, or all of a dataset in one Dag run.

    :param loads: datasets and load ids; empty for
    :param dataset: the dataset whose loads count,
    :param dag_id: of this Dag,
    :param run_id: in this run.
    """

    loads: tuple[tuple[DatasetName, str], ...] = ()
    dataset: DatasetName | None = None
    dag_id: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class VersionWait:
    """Somebody waits for a published version. All conditions must hold.

    :param dataset: of this dataset.
    :param logical_date: with a load that a run of this logical date wrote.
    :param newer_than: with a higher number.
    :param since: published later than this.
    :param passed: whether its verdict must have passed (not waived, warned or under review).
    """

    dataset: DatasetName
    logical_date: datetime | None = None
    newer_than: int = 0
    since: datetime | None = None
    passed: bool = True


@dataclass(frozen=True, slots=True)
class LoadStanding:
    """Where a load stands, as far as those who wait for it need to know.

    :param dataset: the dataset.
    :param load_id: the load.
    :param dag_id: the Dag that writes it.
    :param run_id: the run that writes it.
    :param state: where it stands.
    :param status: how the execution stands that writes it, if its record is there.
    """

    dataset: DatasetName
    load_id: str
    dag_id: str
    run_id: str
    state: LoadState
    status: Status | None

    @property
    def settled(self) -> bool:
        """Whether it is written, or was given up: its task failed and will not be tried again."""
        if self.state is LoadState.FAILED:
            return self.status in GIVEN_UP
        return self.state in (LoadState.CANDIDATE, LoadState.PUBLISHED)

    @property
    def given_up(self) -> bool:
        """Whether it will not be written any more."""
        return self.state is LoadState.FAILED and self.settled


#: How an execution stands whose task Airflow will not try again by itself.
GIVEN_UP = (Status.FAILED, Status.LOST, Status.SKIPPED)

#: What may be waited for.
Wait = CandidateWait | VersionWait
