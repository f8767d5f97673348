"""Everything that reads the graph, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.store.lineage.column_links import ColumnLinks
from airflow_gov.store.lineage.column_walking import ColumnWalks
from airflow_gov.store.lineage.columns import Columns
from airflow_gov.store.lineage.dataset_versions import DatasetVersions
from airflow_gov.store.lineage.nodes import Nodes
from airflow_gov.store.lineage.runs import Runs
from airflow_gov.store.lineage.searching import Names
from airflow_gov.store.lineage.standing import Standings
from airflow_gov.store.lineage.walking import Walks

if TYPE_CHECKING:
    from airflow_gov.store.database import Database


class Reading:
    """Questions to the graph.

    Every method that could tell of a job takes `dags`: jobs of other Dags do not exist for the caller, nor
    does what is known through them alone. None: every Dag.
    """

    def __init__(self, database: Database) -> None:
        self.nodes = Nodes(database)
        self.walks = Walks(database)
        self.column_walks = ColumnWalks(database)
        self.columns = Columns(database)
        self.column_links = ColumnLinks(database)
        self.runs = Runs(database)
        self.versions = DatasetVersions(database)
        self.names = Names(database)
        self.standings = Standings(database)
