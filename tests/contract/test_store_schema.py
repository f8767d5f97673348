"""How the store's schema comes to be, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

import airflow_gov.store
from airflow_gov.model.errors import GovernanceError, Reason, StoreSchemaError
from airflow_gov.store import Store
from airflow_gov.store.schema import HEAD, REVISIONS, VERSION_TABLE
from airflow_gov.store.tables import metadata
from support import records


def _tables(url: str) -> set[str]:
    return set(inspect(sqlalchemy.create_engine(url)).get_table_names())


def _execute(url: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_migrations_make_the_tables_the_code_works_with(store_url: str) -> None:
    # The words' index is another thing in each database: the tables know nothing of it.
    opts = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, *_: not (name or "").startswith("gov_catalogue_words"),
    }
    with sqlalchemy.create_engine(store_url).connect() as connection:
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_the_revisions_are_those_of_the_folder() -> None:
    config = Config()
    folder = Path(airflow_gov.store.__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_up_and_down_one_by_one(empty_database: str) -> None:
    store = Store(empty_database)
    assert (store.schema_status().current, store.schema_status().ok) == (None, False)
    for revision in REVISIONS:
        store.upgrade(revision)
        assert store.schema_status().current == revision
    store.log.append(records.entry())
    for revision in (*reversed(REVISIONS[:-1]), "base"):
        store.downgrade(revision)
        assert store.schema_status().current == (None if revision == "base" else revision)
    assert _tables(empty_database) == {VERSION_TABLE}
    store.upgrade()
    assert store.schema_status().ok
    assert store.log.append(records.entry()).sequence == 1
    store.dispose()


def test_upgrading_again_keeps_everything(store: Store) -> None:
    store.log.append(records.entry())
    store.upgrade()
    assert len(store.log.list()) == 1


def test_the_tables_of_others_in_the_same_database_are_left_alone(empty_database: str) -> None:
    store = Store(empty_database)
    store.upgrade()
    store.downgrade("base")
    for table in ("alembic_version", "log", "dag"):
        _execute(empty_database, f"CREATE TABLE {table} (x integer)")
    store.upgrade()
    store.ping()
    store.downgrade("base")
    assert {"alembic_version", "log", "dag"} < _tables(empty_database)
    store.dispose()


def test_an_older_schema_is_refused_with_the_command_to_run(store_url: str) -> None:
    Store(store_url).downgrade(REVISIONS[-2])
    with pytest.raises(StoreSchemaError, match="Run: airflow-gov db upgrade") as caught:
        Store(store_url).log.list()
    assert caught.value.attributes["current"] == REVISIONS[-2]


def test_a_newer_schema_is_refused_and_not_touched(store_url: str) -> None:
    _execute(store_url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    for use in (lambda store: store.ping(), lambda store: store.upgrade()):
        with pytest.raises(StoreSchemaError, match=r"9999.*newer"):
            use(Store(store_url))
    assert Store(store_url).schema_status().current == "9999"


def test_a_database_without_our_tables_is_refused(empty_database: str, tmp_path: Path) -> None:
    (tmp_path / "home/airflow_gov").mkdir(parents=True)
    _execute(empty_database, "CREATE TABLE somebody_elses (x integer)")
    with pytest.raises(StoreSchemaError, match=r"has no tables of airflow-gov\. Run: airflow-gov db upgrade"):
        Store(empty_database).ping()
    assert _tables(empty_database) == {"somebody_elses"}


def test_an_unknown_revision_is_refused(store: Store) -> None:
    with pytest.raises(GovernanceError, match="no revision 'nonsense'") as caught:
        store.upgrade("nonsense")
    assert caught.value.reason is Reason.PARAMETER_INVALID


def test_a_table_that_went_missing_says_which(store_url: str, store: Store) -> None:
    store.ping()
    _execute(store_url, "DROP TABLE gov_verdict_rule")
    with pytest.raises(StoreSchemaError, match="gov_verdict_rule"):
        store.verdicts.record(records.verdict())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gov_log SET actor = 'nobody'",
        "DELETE FROM gov_log",
        "DELETE FROM gov_log WHERE sequence = 1",
    ],
)
def test_the_log_cannot_be_changed(store_url: str, store: Store, statement: str) -> None:
    kept = store.log.append(records.entry())
    with pytest.raises(DBAPIError, match="append-only"):
        _execute(store_url, statement)
    assert store.log.list() == [kept]


def test_the_log_cannot_be_replaced_or_truncated(store_url: str, store: Store) -> None:
    kept = store.log.append(records.entry())
    statement = (
        "INSERT OR REPLACE INTO gov_log "
        "SELECT sequence, at, 'x', subject, actor, details, execution_id, previous_hash, hash FROM gov_log"
        if store_url.startswith("sqlite")
        else "TRUNCATE gov_log"
    )
    with pytest.raises(DBAPIError, match="append-only"):
        _execute(store_url, statement)
    assert store.log.list() == [kept]


def test_every_query_by_dataset_run_or_time_has_an_index(store_url: str) -> None:
    wanted = {
        "gov_execution": [["run_id", "dag_id", "task_id", "map_index"], ["started_at"]],
        "gov_execution_data": [["dataset", "execution_id"]],
        "gov_load": [["dag_id", "run_id", "dataset"], ["load_group"], ["state", "updated_at"]],
        "gov_decision": [["dataset", "snapshot_id", "decided_at"]],
        "gov_waiver": [["dataset", "expires_at"]],
        "gov_review": [["settled", "dataset"]],
        "gov_version": [["dataset", "snapshot_id"]],
        "gov_verdict": [["dataset", "snapshot_id", "checked_at"]],
        "gov_log": [["subject", "sequence"]],
    }
    inspector = inspect(sqlalchemy.create_engine(store_url))
    for table, columns in wanted.items():
        found = [index["column_names"] for index in inspector.get_indexes(table)]
        assert all(names in found for names in columns), table


def test_head_is_the_newest() -> None:
    assert max(REVISIONS) == HEAD
