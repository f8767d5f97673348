"""Settings in, one :class:`Governance` out: the store, the lake and the engine wired together."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_gov.contracts import ContractRegistry
    from airflow_gov.lake import Lake
    from airflow_gov.settings import Settings
    from airflow_gov.store import Spool, Store
    from airflow_gov.transform import DuckEngine


def utc_now() -> datetime:
    """The current time, with its zone."""
    return datetime.now(UTC)


class Governance:
    """Everything a governed act needs. Each part is made when it is first used, and once.

    :param settings: see :class:`airflow_gov.settings.Settings`.
    :param store_url: SQLAlchemy URL of the governance store; default: the settings'.
    :param s3_properties: ``s3.*`` properties of PyIceberg (endpoint, keys, region), e.g. from an
        Airflow AWS connection; they win over the catalogue properties of the settings.
    :param clock: gives the time; injected so that tests can set it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store_url: str | None = None,
        s3_properties: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.store_url = store_url or settings.sql_alchemy_conn
        self.clock = clock
        self._s3_properties = dict(s3_properties or {})

    @cached_property
    def store(self) -> Store:
        """The governance database."""
        from airflow_gov.store import Store

        return Store(self.store_url, clock=self.clock, zone_aliases=self.settings.zone_aliases)

    @cached_property
    def spool(self) -> Spool:
        """Where records wait while the store is down."""
        from airflow_gov.store import Spool

        return Spool(self.settings.spool_folder)

    @cached_property
    def lake(self) -> Lake:
        """The Iceberg tables and the raw objects."""
        from airflow_gov.lake import Lake

        return Lake(
            catalog_name=self.settings.catalog_name,
            properties=self.lake_properties,
            target_file_size=self.settings.target_file_bytes,
            memory_limit=self.settings.memory_limit,
            threads=self.settings.threads,
            temp_folder=self._temp_folder,
            clock=self.clock,
        )

    @property
    def lake_properties(self) -> dict[str, str]:
        """The PyIceberg catalogue's properties, as the lake is opened with."""
        return {
            "warehouse": self.settings.warehouse,
            **self.settings.catalog_properties,
            **self._s3_properties,
        }

    @property
    def _temp_folder(self) -> Path | None:
        return Path(self.settings.temp_folder) if self.settings.temp_folder else None

    @cached_property
    def engine(self) -> DuckEngine:
        """The embedded engine that runs transformations and checks."""
        from airflow_gov.transform import DuckEngine

        return DuckEngine(
            memory_limit=self.settings.memory_limit,
            threads=self.settings.threads,
            temp_folder=self._temp_folder,
            target_file_size=self.settings.target_file_bytes,
        )

    def contracts(self, folder: Path) -> ContractRegistry:
        """The contracts of a folder."""
        from airflow_gov.contracts import ContractRegistry

        return ContractRegistry(folder, aliases=self.settings.zone_aliases)

    def close(self) -> None:
        """Give back connections. Parts that were never used are not made for it."""
        if "store" in self.__dict__:
            self.store.dispose()
        if "lake" in self.__dict__:
            self.lake.close()
