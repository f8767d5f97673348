"""What is there twice: datasets and columns of the same content, or made in the same way."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck, LakeCheck
from airflow_gov.audit.contents import Content, content_of, same_columns
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Observation
    from airflow_gov.store.derivations import Copies

_MIB = 1024 * 1024
#: What other checks tell of.
_GONE = frozenset({Reason.DATASET_UNKNOWN, Reason.TABLE_UNREADABLE, Reason.VERSION_UNKNOWN})
#: Copies in the sandbox are of what is published.
_COPIED_FROM = {Zone.WORK: (Zone.CLEAN, Zone.GOLD)}


class RedundantDataset(DatasetCheck):
    """A dataset with exactly the rows of another one.

    :param megabytes: versions with more bytes are not read.
    :param alike: of so many datasets with as many rows (and, where there are more, as many bytes) each is
        compared with each; of more, none.
    """

    id = "redundant-dataset"
    title = "Same content under two names"
    severity = Severity.INFO
    explanation = (
        "Two datasets of a zone, or one of work and one that it could read, hold the same rows, whatever "
        "their order and whatever the columns are called. They cost twice, and one day they will not say "
        "the same any more. Only versions with as many rows and columns of the same types are read, in "
        "DuckDB, to hash what is in them. Raw is let be: a file that is delivered twice is evidence of that."
    )
    remedy = (
        "Let readers read one of them and drop the other; in work, read the published dataset itself. Where "
        "both must be, acknowledge the finding with the reason."
    )

    def __init__(self, megabytes: float = 1024, alike: int = 25) -> None:
        if megabytes <= 0 or alike < 2:
            raise ValueError("megabytes must be more than 0, alike 2 or more")
        self.megabytes = megabytes
        self.alike = alike
        self._lake: AuditedLake | None = None
        self._groups: Mapping[DatasetName, Sequence[DatasetName]] = {}
        self._contents: dict[DatasetName, Content | None] = {}

    @property
    def plan(self) -> str:
        """What is compared."""
        return (
            f"versions of up to {self.megabytes:g} MiB, among up to {self.alike:,} datasets of as many rows "
            "(or rows and bytes)"
        )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """One finding for the later of two names; the first dataset that it is like is named."""
        for other in self._others(audited):
            mine, its = self._content(audited.audited, audited.name), self._content(audited.audited, other)
            if mine is not None and its is not None and mine.is_like(its):
                yield self.found_in(
                    audited,
                    f"{audited.name} has the same {mine.rows:,} rows as {other}.",
                    other=str(other),
                    rows=mine.rows,
                    version=audited.summary.version,
                )
                return

    def token(self, audited: AuditedDataset) -> str:
        """The versions that are compared."""
        names = (audited.name, *self._others(audited))
        summaries = audited.audited.summaries
        return "\n".join(f"{name} {summaries[name].snapshot_id}" for name in names if name in summaries)

    def _others(self, audited: AuditedDataset) -> Sequence[DatasetName]:
        """The datasets before it that may be the same."""
        if self._lake is not audited.audited:
            self._lake, self._contents = audited.audited, {}
            self._groups = self._grouped(audited.audited)
        zones = _COPIED_FROM.get(audited.zone, ())
        return [
            name
            for name in self._groups.get(audited.name, ())
            if name.zone in zones or (name.zone is audited.zone and name.name < audited.name.name)
        ]

    def _grouped(self, lake: AuditedLake) -> Mapping[DatasetName, Sequence[DatasetName]]:
        """By dataset those with as many rows; where that are too many, with as many bytes."""
        by_rows: dict[tuple[Zone | None, int], list[DatasetName]] = defaultdict(list)
        for name, summary in lake.summaries.items():
            if summary.rows and (summary.size or 0) <= self.megabytes * _MIB and _is_compared(name):
                together = None if name.zone in (Zone.WORK, *_COPIED_FROM[Zone.WORK]) else name.zone
                by_rows[together, summary.rows].append(name)
        found: dict[DatasetName, Sequence[DatasetName]] = {}
        for names in by_rows.values():
            for group in [names] if len(names) <= self.alike else _by_size(lake, names):
                if 1 < len(group) <= self.alike:
                    found |= dict.fromkeys(group, group)
        return found

    def _content(self, lake: AuditedLake, name: DatasetName) -> Content | None:
        if name not in self._contents:
            try:
                self._contents[name] = content_of(lake.governance, name, lake.summaries[name].snapshot_id)
            except GovernanceError as error:
                if error.reason not in _GONE:
                    raise
                self._contents[name] = None
        return self._contents[name]


class DatasetDerivedTwice(LakeCheck):
    """Datasets that the same query makes of the same datasets."""

    id = "dataset-derived-twice"
    title = "Same query under two names"
    severity = Severity.INFO
    explanation = (
        "The current versions of two datasets were made by the same SQL, to the letter, of the same "
        "datasets. The work is done twice, and whoever mends one query has to know of the other. Functions "
        "are not compared: what they were called with is not part of their text."
    )
    remedy = "Let one of them read the other, or drop it. Where both must be, acknowledge the finding."

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """One finding for each later name."""
        for alike in audited.store.derivations.alike():
            first, *others = alike.datasets
            for name in others:
                yield self.found(
                    name,
                    f"{name} is made by the same query of {', '.join(alike.sources)} as {first}.",
                    part=str(first),
                    dataset=name,
                    other=str(first),
                    sources=list(alike.sources),
                    code_hash=alike.code_hash,
                )


class RedundantColumn(DatasetCheck):
    """A column with the values of another one of the same dataset.

    :param megabytes: versions with more bytes are not read.
    """

    id = "redundant-column"
    title = "Same column twice in a dataset"
    severity = Severity.INFO
    explanation = (
        "By the column lineage two columns of a dataset are unchanged copies of the same column, and their "
        "values are the same in every row. A table that is joined twice, as for a start and an end, gives "
        "such columns, too: there the values differ, and nothing is found."
    )
    remedy = (
        "Take one of them out of the query and the contract, once nobody reads it: airflow-gov lineage "
        "impact names its readers."
    )

    def __init__(self, megabytes: float = 1024) -> None:
        if megabytes <= 0:
            raise ValueError("megabytes must be more than 0")
        self.megabytes = megabytes
        self._lake: AuditedLake | None = None
        self._copied: dict[DatasetName, list[tuple[str, ...]]] = {}

    @property
    def plan(self) -> str:
        """What is compared."""
        return f"copies of the same column in versions of up to {self.megabytes:g} MiB"

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Where the lineage says that it may be, the rows are looked at."""
        snapshot_id = audited.summary.snapshot_id
        if snapshot_id is None or (audited.summary.size or 0) > self.megabytes * _MIB:
            return
        for columns in self._columns(audited):
            try:
                same = same_columns(audited.governance, audited.name, snapshot_id, columns)
            except GovernanceError as error:
                if error.reason not in _GONE:
                    raise
                return
            for one, other in same:
                yield self.found_in(
                    audited,
                    f"{audited.name}.{other} has the values of {one} in every row.",
                    part=other,
                    column=other,
                    other=one,
                )

    def token(self, audited: AuditedDataset) -> str:
        """The version, and what the lineage says of it."""
        return f"{audited.summary.snapshot_id} {self._columns(audited)}"

    def _columns(self, audited: AuditedDataset) -> Sequence[tuple[str, ...]]:
        if self._lake is not audited.audited:
            self._lake, self._copied = audited.audited, defaultdict(list)
            for each in audited.store.derivations.copies():
                for name, columns in _by_dataset(each).items():
                    if len(columns) > 1:
                        self._copied[name].append(tuple(columns))
        return self._copied.get(audited.name, [])


class ColumnUnderTwoNames(LakeCheck):
    """Datasets of a zone that call the same column differently."""

    id = "column-under-two-names"
    title = "Same column under two names"
    severity = Severity.INFO
    explanation = (
        "By the column lineage columns of several datasets of a zone are unchanged copies of the same "
        "column, and are not called the same. Who joins these datasets has to know that. A dataset that has "
        "two copies has them in two roles, and is not counted."
    )
    remedy = (
        "Agree on one name, and change the other query and contract; its readers: airflow-gov lineage impact."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """One finding for each column that has several names."""
        for each in audited.store.derivations.copies():
            single = {name: columns[0] for name, columns in _by_dataset(each).items() if len(columns) == 1}
            if len({column.casefold() for column in single.values()}) < 2:
                continue
            places = [f"{name}.{column}" for name, column in single.items()]
            more = f" and {len(places) - 5:,} more" if len(places) > 5 else ""
            yield self.found(
                f"{each.source}.{each.column}",
                f"{each.source}.{each.column} is {', '.join(places[:5])}{more}.",
                part=each.zone,
                zone=Zone(each.zone),
                columns=places[:100],
            )


def _is_compared(name: DatasetName) -> bool:
    return name.zone is not Zone.RAW and not name.is_quarantine


def _by_size(lake: AuditedLake, names: Sequence[DatasetName]) -> Sequence[list[DatasetName]]:
    found: dict[int | None, list[DatasetName]] = defaultdict(list)
    for name in names:
        found[lake.summaries[name].size].append(name)
    return list(found.values())


def _by_dataset(copies: Copies) -> Mapping[DatasetName, list[str]]:
    found: dict[DatasetName, list[str]] = defaultdict(list)
    for name, column in copies.copies:
        found[name].append(column)
    return found
