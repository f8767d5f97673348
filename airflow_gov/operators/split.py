"""The sensitive split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseHook, Variable

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.operators.base import Output, Source, ZoneOperator, parse_write_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance


class SensitiveSplitOperator(ZoneOperator):
    """Split restricted columns off into the sensitive zone; the other side carries keyed tokens.

    What is restricted is said by the source's contract. A column named ``<source column>_token`` in
    either target's contract carries HMAC-SHA256 (RFC 2104) of that column's text. The two candidates
    publish together or not at all.

    :param source: the dataset to split, or its gate's output (templated).
    :param sensitive_target: the dataset in the sensitive zone (templated).
    :param target: the dataset of the other side (templated).
    :param key_conn_id: an Airflow connection whose password is the HMAC key; or
    :param key_variable: an Airflow variable that is the key.
    :param write_mode: how both sides are applied.
    """

    action: ClassVar[str] = "Split restricted columns off, Iceberg to Iceberg"
    template_fields: Sequence[str] = ("source", "sensitive_target", "target", "write_mode", "load_key")

    def __init__(
        self,
        *,
        source: Source,
        sensitive_target: str,
        target: str,
        key_conn_id: str | None = None,
        key_variable: str | None = None,
        write_mode: str = "overwrite",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.sensitive_target = sensitive_target
        self.target = target
        self.key_conn_id = key_conn_id
        self.key_variable = key_variable
        self.write_mode = write_mode

    @property
    def target_names(self) -> list[str]:
        """Both sides."""
        return [self.target, self.sensitive_target]

    def run(self, governance: Governance, recording: Recording, context: Context) -> Output:
        """Write both sides as candidates of one group."""
        from airflow_gov.flow.loading import output_of
        from airflow_gov.flow.sources import parse_sources
        from airflow_gov.flow.splitting import Split, split

        sources = parse_sources(self.source, governance.settings.zone_aliases)
        if len(sources) != 1:
            raise GovernanceError(Reason.PARAMETER_INVALID, "A sensitive split has exactly one source.")
        job = Split(
            source=sources[0],
            source_contract=self.contract_of(governance, context, str(sources[0].dataset)),
            sensitive_contract=self.contract_of(governance, context, self.sensitive_target),
            target_contract=self.contract_of(governance, context, self.target),
            key=self.key_of(context),
            token_key=self._token_key(),
            write_mode=parse_write_mode(self.write_mode),
        )
        sensitive, other = split(governance, recording, job)
        return {**output_of(other), "sensitive": output_of(sensitive)}

    def _token_key(self) -> bytes:
        if (self.key_conn_id is None) == (self.key_variable is None):
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                "Name the token key by key_conn_id= (the connection's password) or key_variable=.",
            )
        if self.key_conn_id is not None:
            secret = BaseHook.get_connection(self.key_conn_id).password
        else:
            secret = Variable.get(self.key_variable)  # type: ignore[arg-type]
        return (secret or "").encode()
