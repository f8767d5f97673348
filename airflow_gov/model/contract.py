"""A dataset's contract as the rest of the package sees it, resolved from an ODCS file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_gov.model.types import ColumnType
from airflow_gov.model.zones import DatasetName

#: The column every governed table has: from which load a row came.
LOAD_ID_COLUMN = "_load_id"

#: What producers of events call the elements of a list.
_ELEMENTS = frozenset({"_element", "element", "list", "item"})

#: Classifications (ODCS `classification`) whose columns belong in the sensitive zone.
RESTRICTED = frozenset({"restricted", "confidential", "sensitive", "pii"})


@dataclass(frozen=True, slots=True)
class QualityEntry:
    """One entry of an ODCS ``quality`` list, as written.

    :param entry: its properties.
    :param line: line from 1 at which it stands in the contract's file.
    :param path: its JSONPath there, e.g. ``$.schema[0].quality[1]``.
    """

    entry: Mapping[str, Any]
    line: int = 1
    path: str = "$"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract.

    :param name: its name in the table.
    :param type: its type.
    :param required: no nulls.
    :param unique: no value twice (nulls aside).
    :param primary_key: position in the primary key from 1, or None.
    :param partition_key: position in the partitioning from 1, or None.
    :param classification: ODCS classification in lower case, e.g. ``public``, ``restricted``, or None; that
        of a field inside it where that one is restricted and the column itself is not.
    :param tags: e.g. ``("pii:email",)``; those of fields inside it that say somebody is meant are among them.
    :param description: what it means.
    :param quality: the column's ODCS quality rules.
    :param fields: the fields inside it, however deep, named by their path (``buyer.email``).
    """

    name: str
    type: ColumnType
    required: bool = False
    unique: bool = False
    primary_key: int | None = None
    partition_key: int | None = None
    classification: str | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    quality: tuple[QualityEntry, ...] = ()
    fields: tuple[Column, ...] = ()

    @property
    def restricted(self) -> bool:
        """Whether the column belongs in the sensitive zone."""
        return self.classification in RESTRICTED

    @property
    def classified(self) -> bool:
        """Whether its values are shown to nobody in results, reports, messages and logs."""
        return self.restricted or any(tag.lower().startswith("pii") for tag in self.tags)


@dataclass(frozen=True, slots=True)
class Contract:
    """What one dataset promises.

    :param dataset: the dataset.
    :param columns: in order; empty where the contract leaves them open (raw only).
    :param hash: SHA-256 of the file's bytes and of the suites it names, hexadecimal: which version of the
        contract this is.
    :param text: the file's text.
    :param path: where it was read, for people.
    :param contract_id: ODCS `id`.
    :param version: ODCS `version`.
    :param description: what the dataset is.
    :param owner: ODCS `team` member with the role owner.
    :param stewards: ODCS `team` members with the role steward (or data steward) who have not left.
    :param tags: the dataset's tags.
    :param quality: the dataset's own ODCS quality rules.
    :param sla: ODCS `slaProperties` as written.
    :param roles: ODCS `roles` as written.
    :param suites: texts of the Great Expectations suite files that the quality rules name, by name.
    """

    dataset: DatasetName
    columns: tuple[Column, ...]
    hash: str
    text: str = field(repr=False)
    path: str = ""
    contract_id: str = ""
    version: str = ""
    description: str = ""
    owner: str | None = None
    stewards: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    quality: tuple[QualityEntry, ...] = ()
    sla: tuple[Mapping[str, Any], ...] = ()
    roles: tuple[Mapping[str, Any], ...] = ()
    suites: Mapping[str, str] = field(default_factory=dict, repr=False)

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    def find(self, path: str) -> Column | None:
        """The column of that name, or the field of that path inside one, whatever case it is written in.

        Events of other producers write names in the case that their database has for them, and call the
        elements of lists ``element``, ``_element`` or ``list``.

        :param path: e.g. ``buyer.email``.
        """
        exact = self.column(path)
        if exact is not None:
            return exact
        wanted = path.casefold()
        top = next((column for column in self.columns if column.name.casefold() == wanted), None)
        if top is not None or "." not in wanted:
            return top
        return self._field(wanted)

    def _field(self, wanted: str) -> Column | None:
        above = (each for each in self.columns if wanted.startswith(f"{each.name.casefold()}."))
        column = next(above, None)
        if column is None:
            return None
        name, *rest = wanted.split(".")
        bare = ".".join((name, *(part for part in rest if part not in _ELEMENTS)))
        found = (each for each in column.fields if each.name.casefold() in (wanted, bare))
        # What the contract does not tell apart is as the whole column is.
        return next(found, column)

    @property
    def steward(self) -> str | None:
        """The first of the stewards, where one is named."""
        return self.stewards[0] if self.stewards else None

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the primary key's columns, in the key's order."""
        keyed = sorted((c.primary_key, c.name) for c in self.columns if c.primary_key is not None)
        return tuple(name for _, name in keyed)

    @property
    def partition_by(self) -> tuple[str, ...]:
        """Names of the columns the table is partitioned by (identity), in order."""
        keyed = sorted((c.partition_key, c.name) for c in self.columns if c.partition_key is not None)
        return tuple(name for _, name in keyed)

    @property
    def restricted(self) -> tuple[str, ...]:
        """Names of the columns that belong in the sensitive zone."""
        return tuple(column.name for column in self.columns if column.restricted)
