"""What is asked about a breach, and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.catalog.incident.subjects import SubjectKey, SubjectRows
    from airflow_gov.lineage.origins import Making
    from airflow_gov.lineage.where_is import Relation
    from airflow_gov.model.loads import Version
    from airflow_gov.model.uses import WrittenFile


@dataclass(frozen=True, slots=True)
class Asked:
    """What the breach is about; exactly one of them.

    :param dataset: a dataset, with all of its columns.
    :param column: a column, in whatever dataset.
    :param tag: every column with this tag.
    :param subject: a person.
    :param since: reads and versions from then on.
    """

    dataset: str | None = None
    column: str | None = None
    tag: str | None = None
    subject: SubjectKey | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        if self.subject is not None:
            return f"a person, by {self.subject.column}"
        return self.dataset or self.column or f"tag {self.tag}"

    def check(self) -> None:
        """:raises GovernanceError: ``PARAMETER_INVALID`` when it is not exactly one."""
        given = [each for each in (self.dataset, self.column, self.tag, self.subject) if each]
        if len(given) != 1:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                "Say what the incident is about: one of a dataset, a column, a tag, the key of a person.",
            )


@dataclass(frozen=True, slots=True)
class Home:
    """A dataset in which the data lies.

    :param dataset: its name.
    :param zone: its zone; None outside the lake.
    :param location: where its files are.
    :param relation: whether it was asked for, was copied from that, or that was copied from it.
    :param columns: the columns that hold it; empty: all of them.
    :param masked: whether it is hidden there in every way we know.
    :param versions: published versions, the newest first; since then, and the one before.
    :param files: files of the current version.
    :param more_files: whether there are more.
    :param owner: who answers for it, by the contract.
    :param stewards: who decides about it.
    :param contract: where that is written.
    :param subject: what lies there of the person, where one was asked for.
    """

    dataset: str
    zone: str | None
    location: str
    relation: Relation
    columns: tuple[str, ...]
    masked: bool
    versions: tuple[Version, ...] = ()
    files: tuple[WrittenFile, ...] = ()
    more_files: bool = False
    owner: str | None = None
    stewards: tuple[str, ...] = ()
    contract: str | None = None
    subject: SubjectRows | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """An execution that read the data.

    :param who: the user who triggered it, else the system's user.
    """

    at: datetime
    dataset: str
    version: int | None
    dag_id: str
    task_id: str
    run_id: str
    execution_id: str
    status: str
    who: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call.

    :param roles: what they are to the datasets: ``owner``, ``steward``.
    :param datasets: which.
    """

    name: str
    roles: tuple[str, ...]
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """The answer, as of one moment.

    :param subject: what was asked.
    :param at: when.
    :param since: from when on reads and versions are told; None: all.
    :param homes: where it lives.
    :param origins: addresses outside the lake that it came from.
    :param loads: how it got there: loads with their code and files, the newest first.
    :param reads: who read it, the newest first.
    :param possible_reads: who read a dataset that holds it, and may have read it: which columns they used is
        not known.
    :param readers: tasks and jobs that read it, also those outside Airflow.
    :param possible_readers: tasks and jobs that may have read it.
    :param derived: datasets that were made of it, also where it cannot be seen any more.
    :param contacts: whom to call.
    :param left_out: what was too much to tell.
    """

    subject: str
    at: datetime
    since: datetime | None
    homes: tuple[Home, ...]
    origins: tuple[str, ...]
    loads: tuple[Making, ...]
    reads: tuple[Read, ...]
    possible_reads: tuple[Read, ...]
    readers: tuple[str, ...]
    possible_readers: tuple[str, ...]
    derived: tuple[str, ...]
    contacts: tuple[Contact, ...]
    left_out: tuple[str, ...] = field(default=())
