"""Reads of restricted data by somebody to whom the contract gives no role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.audit.check import LakeCheck
from airflow_gov.contracts.team import member_names, team_name
from airflow_gov.flow.ending import READ
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.findings import Observation
    from airflow_gov.model.loads import LogEntry

#: Entries of the log that are read at once.
_PAGE = 1_000
#: Columns and tasks of a reader that are kept.
_NAMED = 20


@dataclass
class _Reads:
    """What one person read of one dataset; entries come newest first."""

    last: datetime
    count: int = 0
    columns: set[str] = field(default_factory=set)
    tasks: dict[str, None] = field(default_factory=dict)

    def add(self, entry: LogEntry) -> None:
        """One read more."""
        self.count += 1
        self.columns.update(map(str, entry.details.get("columns") or ()))
        self.tasks[str(entry.details.get("task") or "")] = None


class RestrictedRead(LakeCheck):
    """Somebody read what is restricted, and the contract does not say that they may.

    :param days: reads of longer ago are let be.
    :param members: who has a role, for roles that stand for groups: by role the names of its users.
    """

    id = "restricted-read"
    title = "Restricted data read without a role"
    severity = Severity.ERROR
    explanation = (
        "Every read of a restricted column is an entry of the log. Who triggered the run answers for it; "
        "where nobody did (a schedule, an asset) the Dag does, by its team, the owner of the task and the "
        "user of the operating system. They have a role when the contract in use names them, whatever the "
        "case of the letters: as a member of its team who has not left, as the team itself, or as a role "
        "whose access is not write only; or when the setting members of this check puts them into such a "
        "role. Airflow's own groups are not recorded, and a Dag names its team and owners itself: who can "
        "change Dags can change that."
    )
    remedy = (
        "Ask the reader why. Who may read it becomes a member of the contract's team or gets a role there "
        "(the finding is gone with the next load under that contract); else take the Dag or its trigger "
        "away from them. A read of longer ago than the setting days is not told any more."
    )

    def __init__(self, days: float = 30, members: Mapping[str, Sequence[str]] | None = None) -> None:
        if days <= 0:
            raise ValueError("days must be more than 0")
        if members is not None and any(isinstance(names, str) for names in members.values()):
            raise ValueError("members must have a list of names for each role")
        self.days = days
        self._members = {
            _plain(role): frozenset(map(_plain, names)) for role, names in (members or {}).items()
        }

    @property
    def plan(self) -> str:
        """Which reads are looked at."""
        return f"reads of the last {self.days:g} days"

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Each reader of a dataset once, with how often they read and when last."""
        judged = _Judged(audited, self._members)
        found: dict[tuple[DatasetName, str], _Reads] = {}
        for entry in _entries(audited, audited.now - timedelta(days=self.days)):
            dataset = _dataset(entry)
            if dataset is not None and not judged.may_read(dataset, entry):
                found.setdefault((dataset, entry.actor), _Reads(entry.at)).add(entry)
        for (dataset, reader), reads in found.items():
            columns, tasks = sorted(reads.columns)[:_NAMED], sorted(filter(None, reads.tasks))[:_NAMED]
            yield self.found(
                dataset,
                f"{reader} has no role in the contract of {dataset} and read {', '.join(columns)} "
                f"{_times(reads.count)}, last on {reads.last.date()}.",
                part=reader,
                dataset=dataset,
                reads=reads.count,
                last_read_at=reads.last.isoformat(),
                columns=columns,
                tasks=tasks,
            )


class _Judged:
    """Who may read what; each contract and each task of nobody's is looked at once."""

    def __init__(self, audited: AuditedLake, members: Mapping[str, frozenset[str]]) -> None:
        self._audited = audited
        self._members = members
        self._entitled: dict[DatasetName, frozenset[str] | None] = {}
        self._tasks: dict[tuple[str, str], frozenset[str]] = {}

    def may_read(self, dataset: DatasetName, entry: LogEntry) -> bool:
        """Whether the contract in use says so; what has none that can be read is for other checks."""
        if dataset not in self._entitled:
            self._entitled[dataset] = self._names(dataset)
        entitled = self._entitled[dataset]
        return entitled is None or not entitled.isdisjoint(self._identities(entry))

    def _names(self, dataset: DatasetName) -> frozenset[str] | None:
        contract_hash = self._audited.contract_hashes.get(dataset)
        if contract_hash is None:
            return None
        try:
            contract = self._audited.contract(dataset, contract_hash)
        except GovernanceError:  # the check of contracts that cannot be read tells of it
            return None
        roles = {_plain(role) for role in _reading(contract)}
        inside = frozenset().union(*(self._members.get(role, frozenset()) for role in roles))
        named = {_plain(name) for name in (*member_names(contract.text), team_name(contract.text))}
        return frozenset(name for name in (*named, *roles, *inside) if name)

    def _identities(self, entry: LogEntry) -> frozenset[str]:
        triggered_by = entry.details.get("triggered_by")
        if triggered_by:
            return frozenset({_plain(triggered_by)})
        # Owner and team are the task's: they are asked for once, of its newest read.
        key = (str(entry.details.get("task")), entry.actor)
        if key not in self._tasks:
            self._tasks[key] = self._of_task(entry)
        return self._tasks[key]

    def _of_task(self, entry: LogEntry) -> frozenset[str]:
        execution = self._audited.store.executions.get(entry.execution_id or "")
        names: list[Any] = [entry.actor, entry.details.get("os_user")]
        if execution is not None:
            names += [execution.actor.team, *(execution.actor.owner or "").split(",")]
        return frozenset(filter(None, map(_plain, names)))


def _entries(audited: AuditedLake, since: datetime) -> Iterator[LogEntry]:
    before = None
    while page := audited.store.log.list(action=READ, since=since, before=before, limit=_PAGE):
        yield from page
        before = page[-1].sequence


def _dataset(entry: LogEntry) -> DatasetName | None:
    """The dataset whose contract says who may read; rows that were set aside are of theirs."""
    try:
        name = DatasetName.parse(entry.subject)
    except GovernanceError:  # whoever wrote it into the log, it is no dataset
        return None
    return DatasetName(name.zone, name.name.removesuffix(QUARANTINE_SUFFIX)) if name.is_quarantine else name


def _reading(contract: Contract) -> Iterable[str]:
    """The roles of a contract with which one may read."""
    for role in contract.roles:
        if _plain(role.get("access")) not in ("write", "write only", "write-only", "writeonly"):
            yield str(role.get("role") or "")


def _plain(name: object) -> str:
    return " ".join(str(name or "").split()).casefold()


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
