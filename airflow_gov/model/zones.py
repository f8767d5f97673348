"""Zones, dataset names and the hops data may take between zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from airflow_gov.model.errors import GovernanceError, Reason

#: Longest dataset name, zone excluded. Leaves room for the suffix of a quarantine dataset in
#: PostgreSQL identifiers (63 bytes) and in file systems (255 bytes).
MAX_NAME_LENGTH = 48
QUARANTINE_SUFFIX = "__quarantine"

_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{MAX_NAME_LENGTH - 1}}}")


class Zone(StrEnum):
    """A zone of the lake; the order is the order in which data moves and in which zones are shown."""

    RAW = "raw"
    PREPROCESSED = "preprocessed"
    CLEAN = "clean"
    GOLD = "gold"
    SENSITIVE = "sensitive"
    WORK = "work"

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANING[self]


_MEANING: Mapping[Zone, str] = {
    Zone.RAW: "landing: bytes as delivered, immutable",
    Zone.PREPROCESSED: "the same content in table form, typed",
    Zone.CLEAN: "validated, deduplicated, conformed",
    Zone.GOLD: "production: what consumers read",
    Zone.SENSITIVE: "personal or restricted columns, restricted readers",
    Zone.WORK: "sandboxes; never a source for gold",
}

#: From which zones a zone may be filled. Raw is filled from outside the lake only. What leaves
#: sensitive does so through a split, whose source is not in the sensitive zone.
HOPS: Mapping[Zone, frozenset[Zone]] = {
    Zone.RAW: frozenset(),
    Zone.PREPROCESSED: frozenset({Zone.RAW}),
    Zone.CLEAN: frozenset({Zone.PREPROCESSED, Zone.CLEAN}),
    Zone.GOLD: frozenset({Zone.CLEAN, Zone.GOLD}),
    Zone.SENSITIVE: frozenset({Zone.PREPROCESSED, Zone.CLEAN, Zone.SENSITIVE}),
    Zone.WORK: frozenset({Zone.PREPROCESSED, Zone.CLEAN, Zone.GOLD, Zone.WORK}),
}


@dataclass(frozen=True, slots=True, order=True)
class DatasetName:
    """A dataset's name, ``<zone>.<name>``, e.g. ``clean.flights``.

    :param zone: the zone it lies in.
    :param name: lower case, starts with a letter, then letters, digits and underscores.
    """

    zone: Zone
    name: str

    @classmethod
    def parse(cls, text: str, aliases: Mapping[str, str] | None = None) -> DatasetName:
        """Read ``<zone>.<name>``.

        :param text: the name as a person wrote it.
        :param aliases: other words for zones, e.g. ``{"landing": "raw"}``.
        :raises GovernanceError: ``DATASET_NAME_INVALID`` when the text is not such a name.
        """
        shown = repr(text if len(str(text)) <= 80 else f"{text[:77]}...")
        zone_word, dot, name = text.partition(".") if isinstance(text, str) else ("", "", "")
        zone_word = (aliases or {}).get(zone_word, zone_word)
        if not dot or zone_word not in Zone._value2member_map_:
            zones = ", ".join(Zone)
            raise GovernanceError(
                Reason.DATASET_NAME_INVALID,
                f"{shown} is not a dataset name: write <zone>.<name>, with one of the zones {zones}.",
                name=str(text)[:300],
            )
        base = name.removesuffix(QUARANTINE_SUFFIX)
        if not _NAME.fullmatch(base):
            raise GovernanceError(
                Reason.DATASET_NAME_INVALID,
                f"{shown} is not a dataset name: after the zone come lower-case letters, digits and "
                f"underscores, starting with a letter, at most {MAX_NAME_LENGTH} characters.",
                name=str(text)[:300],
            )
        return cls(Zone(zone_word), name)

    @property
    def quarantine(self) -> DatasetName:
        """Where rows of this dataset that were set aside lie."""
        return DatasetName(self.zone, self.name + QUARANTINE_SUFFIX)

    @property
    def is_quarantine(self) -> bool:
        return self.name.endswith(QUARANTINE_SUFFIX)

    def __str__(self) -> str:
        return f"{self.zone}.{self.name}"


def check_hop(sources: Iterable[DatasetName], target: DatasetName) -> None:
    """Refuse a move between zones that the hop table does not allow.

    :raises GovernanceError: ``HOP_REFUSED``, naming the hop and the zones that are allowed.
    """
    allowed = HOPS[target.zone]
    for source in sources:
        if source.zone not in allowed:
            rule = (
                f"{target.zone} is filled from {', '.join(zone for zone in Zone if zone in allowed)}"
                if allowed
                else f"{target.zone} is filled from outside the lake only"
            )
            raise GovernanceError(
                Reason.HOP_REFUSED,
                f"{source} → {target}: data does not move from {source.zone} to {target.zone}; {rule}.",
                source=str(source),
                target=str(target),
            )
