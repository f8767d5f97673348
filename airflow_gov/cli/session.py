"""What the commands work on: the governance of one installation."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import click

from airflow_gov.model.connection import DEFAULT_CONNECTION_ID
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from airflow_gov.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType

    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store


@dataclass
class Session:
    """One call of the command.

    :param conn_id: the store's connection as Airflow knows it; None: environment and airflow.cfg.
    """

    conn_id: str | None = None

    @cached_property
    def settings(self) -> Settings:
        """The settings of the installation that AIRFLOW_HOME names."""
        return Settings.load()

    @cached_property
    def governance(self) -> Governance:
        """The store, found as the tasks find it; the lake as the catalogue's properties say."""
        if self.conn_id is not None:
            return _ask_airflow(self.conn_id)
        from airflow_gov.runtime import Governance

        return Governance(self.settings)

    @cached_property
    def governance_with_lake(self) -> Governance:
        """The same with the lake's credentials, for which Airflow is asked where it keeps them."""
        if self.settings.aws_conn_id and self.conn_id is None:
            return _ask_airflow(DEFAULT_CONNECTION_ID)
        return self.governance

    @property
    def store(self) -> Store:
        """The governance store."""
        return self.governance.store

    def dataset(self, name: str) -> DatasetName:
        """A dataset's name as a person wrote it, the installation's words for zones included."""
        return DatasetName.parse(name, self.settings.zone_aliases)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for part in ("governance", "governance_with_lake"):
            if part in self.__dict__:
                self.__dict__[part].close()


def _ask_airflow(conn_id: str) -> Governance:
    # Airflow reads connections from its database in a server process only, which this call is.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    # Named, not imported: only a call that asks for Airflow pays for Airflow.
    hooks = importlib.import_module("airflow_gov.hooks.governance")
    try:
        governance: Governance = hooks.GovernanceHook(conn_id).get_governance()
    except hooks.AirflowNotFoundException:
        raise GovernanceError(
            Reason.CONFIGURATION_INVALID,
            f"Airflow has no connection {conn_id!r}: add it, or leave --conn-id out.",
            connection=conn_id,
        ) from None
    return governance


pass_session = click.make_pass_decorator(Session, ensure=True)
