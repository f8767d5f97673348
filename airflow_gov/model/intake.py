"""What comes of events that are taken in: kept, known before, refused, forgotten again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_gov.model.lineage import ColumnEdge, Named, Origin


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of some events.

    :param new: how many were not known.
    :param duplicates: how many were: nothing came of them.
    :param duplicate_keys: the event keys of those that were in the store before.
    """

    new: int
    duplicates: int = 0
    duplicate_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it came.

    :param sequence: its place in the store.
    :param body: its JSON.
    """

    sequence: int
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be taken in.

    :param path: where in the event the fault is: ``$.inputs[0].name``.
    :param body: the event; the store keeps its beginning.
    :param size: bytes of the whole event; 0: those of `body`.
    :param letter_id: its number, once it is kept.
    """

    received_at: datetime
    origin: Origin
    token_id: str | None
    path: str
    reason: str
    body: bytes
    size: int = 0
    letter_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much was taken away."""

    events: int = 0
    runs: int = 0
    touches: int = 0
    versions: int = 0
    letters: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(
            self.events + other.events,
            self.runs + other.runs,
            self.touches + other.touches,
            self.versions + other.versions,
            self.letters + other.letters,
        )


#: Pairs of inputs and outputs that a run may make where it does not say what belongs together.
MOST_PAIRS = 100_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a run told of its lineage, in all its events together.

    :param inputs: what it reads.
    :param outputs: what it writes.
    :param column_edges: what the columns of its outputs come from.
    :param paired: whether inputs and outputs belong together: the run got beyond its start.
    """

    inputs: frozenset[Named] = frozenset()
    outputs: frozenset[Named] = frozenset()
    column_edges: tuple[ColumnEdge, ...] = ()
    paired: bool = False

    @property
    def dataset_edges(self) -> frozenset[tuple[Named, Named]]:
        """From input to output; of an output that says what it is made of, only that.

        Nor are inputs and outputs paired that the events of a run brought together in a number that says
        nothing any more.
        """
        named: dict[Named, set[Named]] = {}
        for edge in self.column_edges:
            named.setdefault(edge.target, set()).add(edge.source)
        found = {(source, target) for target, sources in named.items() for source in sources}
        unsaid = self.outputs - named.keys()
        if self.paired and len(self.inputs) * len(unsaid) <= MOST_PAIRS:
            found |= {(one, other) for other in unsaid for one in self.inputs}
        return frozenset(found)
