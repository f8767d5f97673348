"""Raw ingestion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.operators.base import Output, ZoneOperator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.deliveries import DatabaseSource
    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance


class RawIngestOperator(ZoneOperator):
    """Bring files, or a database query's result, into the raw zone, byte for byte.

    Give either ``source``, or ``source_conn_id`` with ``table`` or ``sql``.

    :param dataset: the raw dataset, e.g. ``raw.flights`` (templated).
    :param source: a path, a glob, ``s3://bucket/key`` (``*`` allowed) or ``http(s)://…`` (templated).
    :param source_conn_id: an Airflow connection to a database.
    :param table: the table to extract, with its schema where it has one (templated).
    :param sql: the query to extract, or a ``.sql`` file beside the Dag (templated).
    """

    template_fields: Sequence[str] = ("dataset", "source", "source_conn_id", "table", "sql", "load_key")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}
    action: ClassVar[str] = "Files to raw objects"

    def __init__(
        self,
        *,
        dataset: str,
        source: str | None = None,
        source_conn_id: str | None = None,
        table: str | None = None,
        sql: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.source = source
        self.source_conn_id = source_conn_id
        self.table = table
        self.sql = sql

    @property
    def target_names(self) -> list[str]:
        """The raw dataset."""
        return [self.dataset]

    @property
    def read_names(self) -> Sequence[Any]:
        """Nothing of the lake."""
        return ()

    @property
    def read_outside(self) -> str | None:
        """The file, object or URL."""
        return self.source

    def run(self, governance: Governance, recording: Recording, context: Context) -> Output:
        """Keep the bytes and index them."""
        from airflow_gov.flow.ingesting import Ingestion, ingest
        from airflow_gov.flow.loading import output_of

        job = Ingestion(
            contract=self.contract_of(governance, context, self.dataset),
            key=self.key_of(context),
            source=self.source,
            database=self._database(),
        )
        return output_of(ingest(governance, recording, job))

    def _database(self) -> DatabaseSource | None:
        if self.source_conn_id is None and self.table is None and self.sql is None:
            return None
        from airflow_gov.hooks.database import database_source

        source = database_source(self.source_conn_id, table=self.table, sql=self.sql, dataset=self.dataset)
        self.sql_dialect = source.identity.get("dialect")
        return source
