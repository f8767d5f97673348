"""A governed dataset: what it is, and what each section of its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.catalog.gaps import gaps_of
from airflow_gov.model.catalogue import UNUSED_DAYS
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Version, VersionKind
from airflow_gov.model.verdicts import Verdict
from airflow_gov.web.trend import Trend, trend
from airflow_gov.web.unseen import executions_of, without_unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.model.catalogue import Entry, Gap
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.uses import FilePage, TaskTry, Usage, UsePage
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store import Store
    from airflow_gov.web.site import Site

#: Rows on a page of each section.
VERSIONS, VERDICTS, EXECUTIONS, FILES = 50, 30, 50, 200
#: Tasks that are listed as readers.
READERS = 20


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above every section.

    :param entry: the dataset at a glance.
    :param contract: its contract in use; None where there is none, or it cannot be read.
    :param usage: who reads it, as far as the viewer may see.
    :param gaps: what it lacks.
    :param undescribed: its columns that have no description.
    """

    entry: Entry
    contract: Contract | None
    usage: Usage
    gaps: tuple[Gap, ...]
    undescribed: tuple[str, ...]

    @property
    def dataset(self) -> DatasetName:
        """The dataset."""
        return self.entry.dataset

    @property
    def classifications(self) -> tuple[str, ...]:
        """Those of its columns, each once."""
        columns = self.contract.columns if self.contract is not None else ()
        return tuple(sorted({column.classification for column in columns if column.classification}))


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version in the list.

    :param version: the version.
    :param passed: whether the verdict that it rests on let it through by itself; None without one.
    :param by: the execution that published it; None where the viewer may not read its Dag.
    :param back_to: for a rollback the number it went back to; 0 for before the first version.
    :param taken_back_by: the rollback that left it behind, where one did.
    """

    version: Version
    passed: bool | None
    by: TaskTry | None
    back_to: int | None
    taken_back_by: int | None


@dataclass(frozen=True, slots=True)
class Versions:
    """The section Versions.

    :param versions: newest first.
    :param next: the number the next page begins before.
    """

    versions: tuple[VersionView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class VerdictView:
    """One verdict in the history.

    :param verdict: the verdict.
    :param by: the execution that checked; None where the viewer may not read its Dag.
    """

    verdict: Verdict
    by: TaskTry | None


@dataclass(frozen=True, slots=True)
class Quality:
    """The section Quality.

    :param verdicts: newest first.
    :param trend: the newest of them as a drawing, oldest first.
    :param next: the verdict the next page begins after.
    """

    verdicts: tuple[VerdictView, ...]
    trend: Trend | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Files:
    """The section Files.

    :param version: the current version; None before the first.
    :param page: the files the store knows of it.
    :param maintained: whether maintenance has written the version's files anew, under other names.
    """

    version: Version | None
    page: FilePage | None
    maintained: bool


def header(site: Site, store: Store, dataset: DatasetName, dags: frozenset[str] | None) -> Header | None:
    """What stands above every section; None for a dataset nobody has heard of."""
    entry = store.catalogue.get(dataset)
    if entry is None:
        return None
    usage = store.uses.usage(dataset, dags=dags, limit=READERS)
    return Header(
        entry=entry,
        contract=_contract(site, store, dataset),
        usage=usage,
        gaps=gaps_of(entry, usage.last_read_at, site.clock() - timedelta(days=UNUSED_DAYS)),
        undescribed=store.catalogue.undescribed([dataset]).get(dataset, ()),
    )


def _contract(site: Site, store: Store, dataset: DatasetName) -> Contract | None:
    from airflow_gov.contracts import parse_contract

    latest = store.contracts.latest(dataset)
    if latest is None:
        return None
    contract_hash, text, path = latest
    try:
        suites = store.contracts.suites(contract_hash)
        return parse_contract(text, dataset, path, site.zone_aliases(), suites=suites)
    except GovernanceError:  # written by another version of this package
        return None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a section is made of.

    :param store: the governance store.
    :param dags: the Dags that exist for the viewer; None: all.
    :param about: the dataset.
    :param after: where a page of the section begins.
    """

    store: Store
    dags: frozenset[str] | None
    about: Header
    after: str | None = None

    @property
    def dataset(self) -> DatasetName:
        """The dataset."""
        return self.about.dataset


def versions(asked: Asked) -> Versions:
    """Read the section Versions."""
    store, about = asked.store, asked.about
    before = _number(asked.after) if asked.after else None
    found = store.versions.list(about.dataset, VERSIONS + 1, before=before)
    shown = found[:VERSIONS]
    tries = store.uses.tries(executions_of(shown), dags=asked.dags)
    passed = store.verdicts.passed(version.verdict_id for version in shown if version.verdict_id)
    back = store.uses.went_back(about.dataset)
    return Versions(
        tuple(
            VersionView(
                without_unseen(version, tries, asked.dags),
                passed.get(version.verdict_id or ""),
                tries.get(version.execution_id or ""),
                back.get(version.version) if version.kind is VersionKind.ROLLBACK else None,
                _taken_back_by(version.version, back),
            )
            for version in shown
        ),
        str(shown[-1].version) if len(found) > VERSIONS else None,
    )


def _number(after: str) -> int:
    if not (after.isascii() and after.isdecimal() and len(after) < 10):
        raise GovernanceError(
            Reason.PARAMETER_INVALID, "after: a version's number is wanted.", parameter="after"
        )
    return int(after)


def _taken_back_by(number: int, back: Mapping[int, int]) -> int | None:
    """The newest rollback that left a version behind."""
    return max((rollback for rollback, target in back.items() if target < number < rollback), default=None)


def quality(asked: Asked) -> Quality:
    """Read the section Quality."""
    found = asked.store.verdicts.history(asked.dataset, VERDICTS + 1, after=asked.after)
    shown = found[:VERDICTS]
    tries = asked.store.uses.tries(executions_of(shown), dags=asked.dags)
    return Quality(
        tuple(
            VerdictView(without_unseen(verdict, tries, asked.dags), tries.get(verdict.execution_id or ""))
            for verdict in shown
        ),
        trend(shown) if asked.after is None else None,
        shown[-1].verdict_id if len(found) > VERDICTS else None,
    )


def executions(asked: Asked) -> UsePage:
    """Read the section Executions."""
    return asked.store.uses.of_dataset(asked.dataset, dags=asked.dags, after=asked.after, limit=EXECUTIONS)


def files(asked: Asked) -> Files:
    """Read the section Files: as the executions that wrote them told; nothing asks the lake."""
    version = asked.store.versions.current(asked.dataset)
    if version is None:
        return Files(None, None, False)
    page = asked.store.uses.files(asked.dataset, version.version, after=asked.after, limit=FILES)
    seen = asked.store.uses.tries(executions_of([version]), dags=asked.dags)
    return Files(without_unseen(version, seen, asked.dags), page, version.kind is VersionKind.MAINTENANCE)
