"""What Airflow's auth manager allows is what the pages show, also where it tells Dags apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.store import Store
from airflow_gov.web import create_app
from support import records

pytestmark = pytest.mark.airflow

MANAGER = "support.permitting.PerDagManager"


@pytest.fixture(scope="module")
def known_dags(airflow_database: None) -> Iterator[None]:
    """Two Dags that Airflow knows; a third one, "deleted", it does not."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.merge(DagBundleModel(name="tests-viewing"))
        session.flush()
        for dag_id in ("shown", "secret"):
            session.merge(DagModel(dag_id=dag_id, bundle_name="tests-viewing", is_stale=False))
    yield
    with create_session() as session:
        session.query(DagModel).filter(DagModel.bundle_name == "tests-viewing").delete()
        session.query(DagBundleModel).filter(DagBundleModel.name == "tests-viewing").delete()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    for dag_id in ("shown", "secret", "deleted"):
        store.executions.finish(records.finished(f"of-{dag_id}", dag_id=dag_id))
    store.contracts.put(records.contract())
    yield store
    store.dispose()


@pytest.fixture
def client_of(
    known_dags: None, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], TestClient]]:
    """The pages mounted as Airflow mounts them, as somebody sees them."""
    from airflow.api_fastapi import app as airflow_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", MANAGER)
    before = airflow_app._AuthManagerState.instance
    manager = airflow_app.create_auth_manager()

    from airflow_gov.plugins.viewing import viewer

    outer = FastAPI()
    outer.mount("/airflow-gov", create_app(store=lambda: store, viewer=viewer))

    def client(name: str) -> TestClient:
        token = manager.generate_jwt(SimpleAuthManagerUser(username=name, role="viewer"))
        return TestClient(
            outer, base_url="http://testserver/airflow-gov/", headers={"Authorization": f"Bearer {token}"}
        )

    yield client
    airflow_app._AuthManagerState.instance = before


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("all", {"shown", "secret", "deleted"}),
        ("some", {"shown"}),
        ("most", {"shown"}),
        ("none", set()),
    ],
)
def test_only_executions_of_dags_they_may_read_exist(
    client_of: Callable[[str], TestClient], name: str, seen: set[str]
) -> None:
    client = client_of(name)
    answer = client.get("api/v1/datasets/clean.flights/executions")
    assert answer.status_code == 200
    assert {use["by"]["dag_id"] for use in answer.json()["executions"]["uses"]} == seen
    for dag_id in ("shown", "secret", "deleted"):
        status = client.get(f"api/v1/executions/of-{dag_id}").status_code
        assert status == (200 if dag_id in seen else 404), dag_id


def test_who_may_not_read_assets_sees_nothing(client_of: Callable[[str], TestClient]) -> None:
    assert client_of("no-assets").get("overview").status_code == 403


def test_where_teams_have_dags_nobody_reads_those_that_are_gone(
    client_of: Callable[[str], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MULTI_TEAM", "True")
    client = client_of("all")
    assert client.get("api/v1/executions/of-deleted").status_code == 404
    assert client.get("api/v1/executions/of-secret").status_code == 200


def test_airflow_is_asked_once_in_a_request_and_again_in_the_next(
    client_of: Callable[[str], TestClient],
) -> None:
    from support.permitting import PerDagManager

    client = client_of("some")
    for path in ("overview", "datasets/clean.flights/versions"):
        before = PerDagManager.asked
        assert client.get(path).status_code == 200
        assert PerDagManager.asked == before + 1


@pytest.mark.parametrize(("name", "status"), [("steward", 404), ("all", 403), ("no-assets", 403)])
def test_findings_are_acknowledged_by_those_who_may_create_events_of_assets(
    client_of: Callable[[str], TestClient], name: str, status: int
) -> None:
    said = {"reason": "known", "duration": "1d"}
    answer = client_of(name).post("api/v1/audits/findings/0123/acknowledge", json=said)
    assert answer.status_code == status
