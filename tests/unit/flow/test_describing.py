"""What an execution tells OpenLineage of datasets: what became of them, and that nothing of it may fail."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from airflow_gov.contracts import parse_contract
from airflow_gov.flow.deciding import GateOptions
from airflow_gov.flow.describing import Material, describe
from airflow_gov.flow.publishing import publish
from airflow_gov.flow.reviewing import enforce_deadlines
from airflow_gov.lineage.emitting import Told
from airflow_gov.model.column_lineage import ColumnLineage, InputColumn, Subtype, Transformation
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import FileRef, Load, WriteMode
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support.gates import FLIGHTS, Gates, contract_text, delays


def gate_over(gates: Gates, *loads: Load, **options: Any) -> Told:
    """What a gate tells."""
    gates.clock.move(seconds=1)
    with gates.execution(task_id="gate") as recording:
        found = [gates.now(load) for load in loads]
        publications = publish(gates.governance, recording, found, GateOptions(**options))
    verdicts = [each.verdict for each in publications if each.verdict is not None]
    material = Material(verdicts=verdicts, publications=publications, loads=found)
    return describe(gates.governance, recording, material)


def change(told: Told) -> str | None:
    """What became of the one dataset that was written."""
    (output,) = told.outputs
    facet = output["facets"].get("lifecycleStateChange")
    return facet["lifecycleStateChange"] if facet else None


def zone(dataset: dict[str, Any]) -> dict[str, Any]:
    facet: dict[str, Any] = dataset["facets"]["airflowGov_zone"]
    return facet


def test_what_became_of_a_dataset_follows_from_how_it_was_loaded(gates: Gates) -> None:
    first = gates.load(delays(1, 2), mode=WriteMode.OVERWRITE)
    assert change(gate_over(gates, first)) == "CREATE"
    again = gate_over(gates, first)
    assert change(again) is None, "published before"
    assert zone(again.inputs[0])["candidate"] is False
    assert change(gate_over(gates, gates.load(delays(3, first=9)))) is None, "rows were added"
    assert change(gate_over(gates, gates.load(delays(4), mode=WriteMode.OVERWRITE))) == "OVERWRITE"
    assert change(gate_over(gates, gates.load([], mode=WriteMode.OVERWRITE))) == "TRUNCATE"


def test_a_contract_with_other_columns_alters_the_dataset(gates: Gates) -> None:
    gates.published(delays(1))
    gates.promise(version="1.0.1")
    assert change(gate_over(gates, gates.load(delays(2, first=5)))) is None, "the same columns"
    text = contract_text().replace(
        '"name": "email"', '"name": "gate", "logicalType": "string"}, {"name": "email"'
    )
    gates.contract = parse_contract(text, FLIGHTS)
    assert change(gate_over(gates, gates.load(delays(3, first=9)))) == "ALTER"


def test_what_was_taken_back_is_overwritten(gates: Gates) -> None:
    gates.promise(sla=[{"property": "reviewDeadline", "value": 1, "unit": "h"}])
    kept = gates.published(delays(1))
    gates.reviewed(delays(-1, first=7))
    gates.clock.move(hours=100_000)
    with gates.execution(task_id="deadlines") as recording:
        enforce_deadlines(gates.governance, dataset=FLIGHTS, actor="nobody")
        recording.add(DataRef(role=Role.TARGET, dataset=str(FLIGHTS)))
    told = describe(gates.governance, recording, Material())
    assert change(told) == "OVERWRITE"
    assert told.outputs[0]["outputFacets"]["outputStatistics"]["rowCount"] == kept.version.rows
    gates.clock.move(hours=1)
    with gates.execution(task_id="maintain") as recording:
        recording.add(DataRef(role=Role.TARGET, dataset=str(FLIGHTS)))
    assert change(describe(gates.governance, recording, Material())) is None, "that was another execution"


def test_files_and_loads_of_one_dataset_are_one_dataset(gates: Gates) -> None:
    with gates.execution() as recording:
        recording.add(DataRef(Role.SOURCE, str(FLIGHTS), 5, 2, "l1", rows=7))
        recording.add(DataRef(Role.SOURCE, str(FLIGHTS), 6, 3, "l2", rows=9))
        recording.add(DataRef(Role.SOURCE, files=(FileRef("/in/a.csv", 3, 1), FileRef("/in/b.csv", 4, 2))))
    told = describe(gates.governance, recording, Material())
    names = [each["name"].rpartition("/")[2] for each in told.inputs]
    assert names == ["flights", "a.csv", "b.csv"]
    assert (zone(told.inputs[0])["loadIds"], zone(told.inputs[0])["version"]) == (["l1", "l2"], 3)
    assert told.inputs[2]["inputFacets"]["inputStatistics"]["rowCount"] == 2


def written(recording: Any) -> None:
    """An execution that read and wrote something that the store and the lake do not know."""
    recording.add(DataRef(Role.SOURCE, "preprocessed.flights", 5, 2, rows=7))
    recording.add(
        DataRef(Role.TARGET, str(FLIGHTS), 6, load_id="l1", files=(FileRef("/lake/1.parquet", 3, 1),))
    )
    identity = (Transformation(Subtype.IDENTITY),)
    columns = {"flight": (InputColumn("preprocessed.flights", "flight", identity),)}
    recording.column_lineage[FLIGHTS] = ColumnLineage(columns)


def test_a_lake_that_is_away_leaves_names_and_column_lineage(
    gates: Gates, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with gates.execution() as recording:
        written(recording)
    away = '{"type": "rest", "uri": "http://127.0.0.1:1", "py-catalog-impl": "no.such.Catalog"}'
    settings = Settings.load(
        {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__AIRFLOW_GOV__CATALOG_PROPERTIES": away}
    )
    told = describe(Governance(settings), recording, Material())
    assert [(each["namespace"], each["name"]) for each in (*told.inputs, *told.outputs)] == [
        ("airflow-gov", "preprocessed.flights"),
        ("airflow-gov", "clean.flights"),
    ]
    assert "airflowGov_execution" in told.run_facets


def test_an_outage_that_ended_the_execution_is_not_waited_for_again(gates: Gates, tmp_path: Any) -> None:
    with suppress(GovernanceError), gates.execution() as recording:
        written(recording)
        raise GovernanceError(Reason.LAKE_UNAVAILABLE, "The lake is away.")
    told = describe(gates.governance, recording, Material())
    (output,) = told.outputs
    assert output["name"] == f"{tmp_path}/airflow_gov/lake/clean/flights"
    (field,) = output["facets"]["columnLineage"]["fields"]["flight"]["inputFields"]
    assert field["name"] == f"{tmp_path}/airflow_gov/lake/preprocessed/flights"
    assert told.run_facets["errorMessage"]["message"] == "GovernanceError: The lake is away."


def test_a_contract_that_is_gone_leaves_the_name(gates: Gates, caplog: pytest.LogCaptureFixture) -> None:
    publication = gates.published(delays(1))
    verdict = publication.verdict
    assert verdict is not None
    with gates.execution(task_id="check") as recording:
        pass
    told = describe(gates.governance, recording, Material(verdicts=[replace(verdict, contract_hash="gone")]))
    (checked,) = told.inputs
    assert set(checked["facets"]) == {"symlinks", "airflowGov_zone"}
    assert "no more of clean.flights than its name" in caplog.text
    assert told.run_facets["test"]["tests"], "what was found is still told of the run"


def test_a_store_that_is_away_leaves_the_name(gates: Gates, tmp_path: Any) -> None:
    with gates.execution() as recording:
        recording.add(DataRef(role=Role.TARGET, dataset=str(FLIGHTS)))
    settings = Settings.load({"AIRFLOW_HOME": str(tmp_path)})
    away = Governance(settings, store_url="postgresql+psycopg2://gov@127.0.0.1:1/governance")
    (output,) = describe(away, recording, Material()).outputs
    assert output["name"].endswith("/clean/flights")
    assert set(output["facets"]) == {"symlinks", "airflowGov_zone"}
