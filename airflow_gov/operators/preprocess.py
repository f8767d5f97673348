"""Raw files to typed tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.operators.base import Output, Source, ZoneOperator, parse_write_mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance


class PreprocessOperator(ZoneOperator):
    """Read raw files into a typed table; rows that do not parse go to quarantine.

    :param source: a raw dataset (all its files), a raw gate's output (the files of that load), or a
        list (templated).
    :param target: the dataset to write, e.g. ``preprocessed.flights`` (templated).
    :param source_format: ``csv``, ``tsv``, ``json``, ``ndjson``, ``parquet``, ``excel``; default: by the
        file's name.
    :param read_options: how to read, e.g. ``{"null": "NA", "encoding": "latin-1"}``; see the README.
    :param write_mode: ``overwrite``, ``append``, ``overwrite_partition`` or ``upsert``.
    """

    template_fields: Sequence[str] = (
        "source",
        "target",
        "source_format",
        "read_options",
        "write_mode",
        "load_key",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"read_options": "json"}
    action: ClassVar[str] = "Files to Iceberg"

    def __init__(
        self,
        *,
        source: Source,
        target: str,
        source_format: str | None = None,
        read_options: Mapping[str, Any] | None = None,
        write_mode: str = "overwrite",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.target = target
        self.source_format = source_format
        self.read_options = read_options
        self.write_mode = write_mode

    @property
    def target_names(self) -> list[str]:
        """The dataset it writes."""
        return [self.target]

    def run(self, governance: Governance, recording: Recording, context: Context) -> Output:
        """Read the files."""
        from airflow_gov.flow.loading import output_of
        from airflow_gov.flow.preprocessing import Preprocessing, preprocess
        from airflow_gov.flow.sources import parse_sources

        job = Preprocessing(
            contract=self.contract_of(governance, context, self.target),
            sources=parse_sources(self.source, governance.settings.zone_aliases),
            key=self.key_of(context),
            write_mode=parse_write_mode(self.write_mode),
            source_format=self.source_format,
            options=self.read_options or {},
        )
        return output_of(preprocess(governance, recording, job))
