"""What every zone operator shares."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadKey, WriteMode
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators.contracts import contracts_of
from airflow_gov.operators.recording import governed
from airflow_gov.operators.telling import TellsLineage

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance

#: What operators and gates return.
Output = dict[str, Any]


class ZoneOperator(TellsLineage, BaseOperator):
    """An operator that writes a candidate into a zone and records what it did.

    :param load_key: what makes it the same load when it is tried again (templated); default: dag_id,
        run_id (or the run's partition key), task_id and map_index.
    :param contracts_folder: where contracts lie, relative to the Dag's bundle; default: the option
        ``[airflow_gov] contracts_folder``.
    """

    ui_color = "#e3f0ec"
    #: What it does, as the record says until it knows better.
    action: ClassVar[str] = ""
    template_fields: Sequence[str] = ("load_key",)

    def __init__(
        self,
        *,
        load_key: str | None = None,
        contracts_folder: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.load_key = load_key
        self.contracts_folder = contracts_folder

    @property
    def target_names(self) -> list[str]:
        """The datasets this operator writes, as the user named them; a gate publishes these."""
        raise NotImplementedError

    @property
    def intention(self) -> str:
        """What the operator does."""
        return self.action

    @property
    def read_names(self) -> Sequence[Any]:
        """What ``source`` names, where the operator has one."""
        return [getattr(self, "source", None)]

    @property
    def written_names(self) -> Sequence[Any]:
        """The datasets a gate publishes."""
        return self.target_names

    @abstractmethod
    def run(self, governance: Governance, recording: Recording, context: Context) -> Output:
        """Do the work and say which candidate came of it."""

    def execute(self, context: Context) -> Output:
        """Do the work under governance."""
        with governed(self, context, self.action) as (governance, recording):
            return self.run(governance, recording, context)

    def contract_of(self, governance: Governance, context: Context, name: str) -> Contract:
        """The contract of a dataset, from the Dag's bundle.

        :raises GovernanceError: a bad name, no contract, or one that is not valid.
        """
        dataset = self.parse_dataset(governance, name)
        contract = contracts_of(governance, context, self.contracts_folder).resolve(dataset)
        self.contracts_used = (*self.contracts_used, contract)
        return contract

    @staticmethod
    def parse_dataset(governance: Governance, name: str) -> DatasetName:
        """Read a dataset's name, zone aliases allowed."""
        return DatasetName.parse(name, governance.settings.zone_aliases)

    def key_of(self, context: Context) -> LoadKey:
        """The key of this task's load."""
        if self.load_key:
            return LoadKey((self.load_key,))
        ti: Any = context["ti"]
        run: Any = context["dag_run"]
        run_part = f"partition={run.partition_key}" if run.partition_key else ti.run_id
        return LoadKey((ti.dag_id, run_part, ti.task_id, str(-1 if ti.map_index is None else ti.map_index)))


def parse_write_mode(text: str) -> WriteMode:
    """Read a write mode.

    :raises GovernanceError: ``PARAMETER_INVALID``, naming the modes.
    """
    try:
        return WriteMode(text)
    except ValueError:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"write_mode {text!r} is not one of {', '.join(WriteMode)}."
        ) from None


#: What `source` takes, alike everywhere: a dataset's name, another task's output, or a list of them.
Source = str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
