"""The demo's Airflow home: a folder that holds everything, and an environment that reaches nothing else."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import airflow_gov
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The transport that hands OpenLineage's events to the governance store.
TRANSPORT = "airflow_gov.lineage.transport.GovernanceTransport"
_MARK = "# Written by `airflow-gov demo`"

_CONFIGURATION = """\
{mark}: what is not said here is Airflow's default.
[core]
load_examples = False
parallelism = 4
fernet_key = {fernet_key}

[api]
host = 127.0.0.1
secret_key = {secret_key}

[api_auth]
jwt_secret = {jwt_secret}

[usage_data_collection]
enabled = False
"""


@dataclass(frozen=True, slots=True)
class DemoHome:
    """An Airflow home made by the demo.

    :param folder: AIRFLOW_HOME.
    """

    folder: Path

    @property
    def configuration(self) -> Path:
        """airflow.cfg."""
        return self.folder / "airflow.cfg"

    @property
    def dags(self) -> Path:
        """The example Dags with their contracts and SQL."""
        return self.folder / "dags"

    @property
    def sources(self) -> Path:
        """What is "delivered": the files and the database that the Dags read."""
        return self.folder / "sources"

    @property
    def logs(self) -> Path:
        """What the Dags said, one file each."""
        return self.folder / "logs" / "demo"

    def environment(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """An environment for Airflow in this home.

        Airflow's own variables are left out: whoever tries the demo on a machine with a real Airflow
        must not have it write there.
        """
        kept = {key: value for key, value in environ.items() if not key.startswith(("AIRFLOW_", "_AIRFLOW_"))}
        return {
            **kept,
            "AIRFLOW_HOME": str(self.folder),
            # A HOME that cannot be written to (as in some containers) must not matter.
            "HOME": environ.get("HOME") or str(self.folder),
            "PYTHONUNBUFFERED": "1",
            # Lineage goes into the demo's own governance store.
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": TRANSPORT}),
            # In a thread: a fork for each event would copy the process that runs all tasks.
            "AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD": "True",
        }


def prepare_home(folder: Path) -> DemoHome:
    """Make an Airflow home, or take the one an earlier run made.

    :param folder: where; made when it does not exist.
    :raises GovernanceError: when the folder holds something that the demo did not make.
    """
    home = DemoHome(folder.expanduser().absolute())
    _refuse_foreign(home)
    home.folder.mkdir(parents=True, exist_ok=True)
    home.logs.mkdir(parents=True, exist_ok=True)
    if not home.configuration.exists():
        _write_configuration(home)
    shutil.copytree(
        example_dags(),
        home.dags,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return home


def example_dags() -> Path:
    """The example Dags: in the wheel they lie inside the package, in a checkout beside it."""
    package = Path(airflow_gov.__file__).parent
    for folder in (package / "example_dags", package.parent / "dags"):
        if (folder / "flights.py").is_file():
            return folder
    raise GovernanceError(
        Reason.SOURCE_MISSING,
        f"The example Dags are neither in {package} nor beside it: install it from a wheel or a checkout.",
    )


def _refuse_foreign(home: DemoHome) -> None:
    if home.folder.exists() and not home.folder.is_dir():
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{home.folder} is a file: give --home a folder.", home=str(home.folder)
        )
    ours = home.configuration.is_file() and home.configuration.read_text(encoding="utf-8").startswith(_MARK)
    if not ours and home.folder.is_dir() and any(home.folder.iterdir()):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{home.folder} holds something that the demo did not make: give --home a new folder.",
            home=str(home.folder),
        )


def _write_configuration(home: DemoHome) -> None:
    text = _CONFIGURATION.format(
        mark=_MARK,
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        secret_key=secrets.token_urlsafe(32),
        jwt_secret=secrets.token_urlsafe(32),
    )
    home.configuration.touch(mode=0o600)
    home.configuration.write_text(text, encoding="utf-8")
