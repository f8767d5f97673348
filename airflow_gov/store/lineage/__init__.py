"""The lineage store: events as they came, and the graph projected from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.store.lineage.events import Events
from airflow_gov.store.lineage.letters import Letters
from airflow_gov.store.lineage.pruning import Pruning
from airflow_gov.store.lineage.reading import Reading
from airflow_gov.store.lineage.telling import Sayings
from airflow_gov.store.lineage.writing import Writing

if TYPE_CHECKING:
    from airflow_gov.store.database import Database

__all__ = ["Lineage"]


class Lineage:
    """Takes events in, keeps them, and forgets old ones."""

    def __init__(self, database: Database) -> None:
        writing, events, letters = Writing(database), Events(database), Letters(database)
        self.record = writing.record
        self.events = events.events
        self.bury = letters.bury
        self.dead_letters = letters.dead_letters
        self.dead_letter = letters.dead_letter
        self.count_dead_letters = letters.count
        self.told = Sayings(database).told
        self.prune = Pruning(database).prune
        self.read = Reading(database)
