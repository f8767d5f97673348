"""The hook of the connection type ``airflow_gov``: where the governance store is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_gov.model.connection import CONNECTION_TYPE, DEFAULT_CONNECTION_ID, StoreConnection
from airflow_gov.model.errors import GovernanceError
from airflow_gov.settings import Settings

if TYPE_CHECKING:
    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store


class GovernanceHook(BaseHook):
    """Opens the governance store and, with it, everything governed work needs.

    Where the store is, in this order: the Airflow connection, the option ``[airflow_gov]
    sql_alchemy_conn``, a SQLite file in AIRFLOW_HOME. Only the default connection may be missing.

    :param governance_conn_id: the connection of type ``airflow_gov`` (or ``postgres``, ``sqlite``).
    :param settings: default: read from the environment and airflow.cfg.
    """

    conn_name_attr = "governance_conn_id"
    default_conn_name = DEFAULT_CONNECTION_ID
    conn_type = CONNECTION_TYPE
    hook_name = "Airflow Governance store"

    def __init__(
        self,
        governance_conn_id: str = DEFAULT_CONNECTION_ID,
        *,
        settings: Settings | None = None,
        logger_name: str | None = None,
    ) -> None:
        super().__init__(logger_name=logger_name)
        self.governance_conn_id = governance_conn_id
        self._settings = settings

    @property
    def settings(self) -> Settings:
        """The settings of this Airflow home."""
        if self._settings is None:
            self._settings = Settings.load()
        return self._settings

    def store_url(self) -> str:
        """SQLAlchemy URL of the governance store; it may hold a password.

        :raises AirflowNotFoundException: when a connection other than the default is not defined.
        :raises GovernanceError: ``CONFIGURATION_INVALID`` when what is found does not say where.
        """
        try:
            connection = self.get_connection(self.governance_conn_id)
        except AirflowNotFoundException:
            if self.governance_conn_id != DEFAULT_CONNECTION_ID:
                raise
            return self.settings.sql_alchemy_conn
        return StoreConnection(
            conn_type=connection.conn_type or CONNECTION_TYPE,
            host=connection.host,
            login=connection.login,
            password=connection.password,
            port=connection.port,
            schema=connection.schema,
            extra=connection.extra_dejson,
            conn_id=self.governance_conn_id,
        ).url()

    def get_conn(self) -> Store:
        """The governance store, opened when it is first used."""
        from airflow_gov.store import Store

        return Store(self.store_url())

    def get_governance(self) -> Governance:
        """The store, the lake and the engine, wired with this connection and the settings.

        With the option ``aws_conn_id`` set, the lake reaches S3 as that connection says.
        """
        from airflow_gov.runtime import Governance

        s3 = None
        if self.settings.aws_conn_id:
            from airflow_gov.hooks.s3 import s3_properties

            s3 = s3_properties(self.settings.aws_conn_id)
        return Governance(self.settings, store_url=self.store_url(), s3_properties=s3)

    def test_connection(self) -> tuple[bool, str]:
        """Open the store, for the Test button of the connection form.

        :return: whether it can be used, and its schema revision or what is wrong.
        """
        try:
            store = self.get_conn()
            try:
                store.ping()
                revision = store.schema_status().current
            finally:
                store.dispose()
        except (GovernanceError, AirflowNotFoundException) as error:
            return False, str(error)
        return True, f"The governance store {store.address} is ready: schema revision {revision}."
