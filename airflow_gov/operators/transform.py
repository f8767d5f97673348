"""Tables to tables: clean, gold and work."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import Zone
from airflow_gov.operators.base import Output, Source, ZoneOperator, parse_write_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance


class TransformOperator(ZoneOperator):
    """Turn published tables into a candidate, by SQL or by a Python function.

    :param source: a dataset's name, a gate's output, or a list (templated).
    :param target: the dataset to write (templated).
    :param sql: one SELECT, inline or a ``.sql`` file beside the Dag (templated). Sources are tables
        named as the datasets; nothing else can be read.
    :param transform: instead of SQL, a function of the source tables; the annotation of its parameters
        decides what it gets (``pyarrow.Table``, ``pyarrow.RecordBatchReader``, ``pandas.DataFrame``,
        ``polars.DataFrame``, ``polars.LazyFrame``, ``ibis.Table``).
    :param arguments: keyword arguments for the function (templated).
    :param write_mode: ``overwrite``, ``append``, ``overwrite_partition`` or ``upsert``.
    :param incremental: read only the rows of the load that a gate's output names, not the whole version.
    :param allow_empty: whether a result without rows is a result; otherwise it is refused.
    :param column_lineage: for ``transform``, what its result's columns come from: column → list of
        ``"<zone>.<name>.<column>"`` or ``{"column": …, "transformation": "AGGREGATION", "masking": True}``;
        the key ``"*"`` stands for what decides about the rows. SQL and Ibis are followed by themselves.
    """

    #: Zones it may write to; None: any.
    zones: ClassVar[frozenset[Zone] | None] = None
    action: ClassVar[str] = "Iceberg to Iceberg"
    template_fields: Sequence[str] = ("source", "target", "sql", "arguments", "write_mode", "load_key")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "arguments": "json"}
    shallow_copy_attrs: Sequence[str] = ("transform",)

    def __init__(
        self,
        *,
        source: Source,
        target: str,
        sql: str | None = None,
        transform: Callable[..., Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        write_mode: str = "overwrite",
        incremental: bool = False,
        allow_empty: bool = False,
        column_lineage: Mapping[str, Sequence[Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.target = target
        self.sql = sql
        self.transform = transform
        self.arguments = arguments
        self.write_mode = write_mode
        self.incremental = incremental
        self.allow_empty = allow_empty
        self.column_lineage = column_lineage

    @property
    def target_names(self) -> list[str]:
        """The dataset it writes."""
        return [self.target]

    def run(self, governance: Governance, recording: Recording, context: Context) -> Output:
        """Transform the sources."""
        from airflow_gov.flow.loading import output_of
        from airflow_gov.flow.sources import parse_sources
        from airflow_gov.flow.transforming import Transformation, transform

        target = self.parse_dataset(governance, self.target)
        if self.zones is not None and target.zone not in self.zones:
            raise GovernanceError(
                Reason.HOP_REFUSED,
                f"{type(self).__name__} writes to {', '.join(sorted(self.zones))}, not to {target}.",
            )
        self._record_code(recording)
        job = Transformation(
            contract=self.contract_of(governance, context, self.target),
            sources=parse_sources(self.source, governance.settings.zone_aliases),
            key=self.key_of(context),
            write_mode=parse_write_mode(self.write_mode),
            sql=self.sql,
            function=self.transform,
            arguments=self.arguments or {},
            incremental=self.incremental,
            allow_empty=self.allow_empty,
            column_lineage=self.column_lineage,
        )
        return output_of(transform(governance, recording, job))

    def _record_code(self, recording: Recording) -> None:
        if self.sql is not None:
            recording.action = "SQL, Iceberg to Iceberg"
            self.sql_dialect = "duckdb"
            recording.set_code(self.sql)
        elif self.transform is not None:
            recording.action = f"Python function {self.transform.__qualname__}, Iceberg to Iceberg"
            try:
                recording.set_code(inspect.getsource(self.transform))
            except (OSError, TypeError):
                recording.code = self.transform.__qualname__


class CleanOperator(TransformOperator):
    """Validate, deduplicate and conform tables into the clean zone. See :class:`TransformOperator`."""

    zones: ClassVar[frozenset[Zone]] = frozenset({Zone.CLEAN})


class GoldOperator(TransformOperator):
    """Make what consumers read. See :class:`TransformOperator`."""

    zones: ClassVar[frozenset[Zone]] = frozenset({Zone.GOLD})


class WorkOperator(TransformOperator):
    """Write into the work zone, the users' sandboxes. See :class:`TransformOperator`."""

    zones: ClassVar[frozenset[Zone]] = frozenset({Zone.WORK})
