"""A migrated Airflow in the test's own process, and a governed home of its own for every test."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import stores
from support.demo import airflow_gov, demo  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def airflow_database(migrated_airflow: Path) -> None:
    """Airflow's own database in the home of this process."""
    shutil.copy(migrated_airflow, Path(os.environ["AIRFLOW_HOME"], "airflow.db"))


@dataclass
class Home:
    """A governed home: settings by environment, a folder for Dags' contracts and one for sources."""

    folder: Path
    contracts: Path
    sources: Path

    @property
    def governance(self) -> Governance:
        """The wired parts, as a task of this home sees them."""
        # What a test sets beside it (another store) counts where the home is the one in use.
        option = "AIRFLOW__AIRFLOW_GOV__WAREHOUSE"
        in_use = os.environ.get(option) == self.environ[option]
        return Governance(Settings.load(os.environ if in_use else {**os.environ, **self.environ}))

    def contract(
        self,
        *schemas: dict[str, Any],
        name: str = "product",
        sla: Sequence[dict[str, Any]] = (),
        stewards: Sequence[str] = (),
    ) -> None:
        """Write a contract file with these schema entries."""
        members = [{"username": steward, "role": "steward"} for steward in stewards]
        document = {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": name,
            "name": name,
            "version": "1.0.0",
            "status": "active",
            "team": {"name": "Team", "members": [{"username": "ada@example.com", "role": "owner"}, *members]},
            "schema": list(schemas),
        }
        if sla:
            document["slaProperties"] = list(sla)
        (self.contracts / f"{name}.odcs.yaml").write_text(json.dumps(document, indent=2))

    def source(self, name: str, text: str) -> str:
        """Write a source file; gives its path."""
        path = self.sources / name
        path.write_text(text)
        return str(path)

    @property
    def environ(self) -> dict[str, str]:
        """What makes a process work in this home."""
        state = self.folder / "state"
        options = {
            "SQL_ALCHEMY_CONN": f"sqlite:///{state}/governance.db",
            "CATALOG_PROPERTIES": json.dumps({"type": "sql", "uri": f"sqlite:///{state}/catalog.db"}),
            "WAREHOUSE": str(state / "lake"),
            "SPOOL_FOLDER": str(state / "spool"),
            "CONTRACTS_FOLDER": str(self.contracts),
        }
        return {f"AIRFLOW__AIRFLOW_GOV__{key}": value for key, value in options.items()}


@pytest.fixture(scope="session")
def make_home(airflow_database: None) -> Callable[[Path], Home]:
    """Makes a governed home in an empty folder; its environment is not set."""

    def make(folder: Path) -> Home:
        for name in ("contracts", "sources", "state"):
            (folder / name).mkdir()
        stores.ready(folder / "state" / "governance.db")
        return Home(folder, folder / "contracts", folder / "sources")

    return make


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_home: Callable[[Path], Home]) -> Home:
    """A governed home of this test's own."""
    made = make_home(tmp_path)
    for key, value in made.environ.items():
        monkeypatch.setenv(key, value)
    return made


@pytest.fixture
def run(airflow_database: None) -> Callable[..., Any]:
    """Register a Dag with Airflow and run it by ``dag.test()``; gives the finished Dag run."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    def run_dag(dag: Any, **arguments: Any) -> Any:
        DagBundlesManager().sync_bundles_to_db()
        bag = DagBag(dag_folder=os.devnull)
        bag.bag_dag(dag)
        sync_bag_to_db(bag, "dags-folder", None)
        return dag.test(**arguments)

    return run_dag
