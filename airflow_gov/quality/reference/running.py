"""One expectation on one frame, by Great Expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_gov.quality.pushdown import Observation

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.expectations.expectation import Expectation

#: Counts, and no value of any row.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


class RaisedError(Exception):
    """An expectation could not be evaluated: what Great Expectations caught, in its words."""


@dataclass(frozen=True)
class Validator:
    """Great Expectations' pandas engine.

    :param batches: makes a batch of a frame.
    """

    batches: BatchDefinition[Any]

    def observe(self, expectation: Expectation, frame: pd.DataFrame) -> Observation:
        """What an expectation says of a frame.

        :raises RaisedError: when it could not be evaluated.
        """
        try:
            batch = self.batches.get_batch(batch_parameters={"dataframe": frame})
            result = batch.validate(expectation, result_format=_RESULT_FORMAT)
        except Exception as error:
            raise RaisedError(str(error)) from error
        raised = _raised(result.exception_info or {})
        if raised is not None:
            raise RaisedError(raised)
        document: dict[str, Any] = result.to_json_dict()
        told = document["result"]
        return Observation(
            success=bool(result.success),
            value=told.get("observed_value"),
            rows=told.get("element_count"),
            missing=told.get("missing_count"),
            unexpected=told.get("unexpected_count"),
        )


@contextmanager
def validator() -> Iterator[Validator]:
    """Great Expectations without files, network, statistics of its use and progress bars.

    Text is Python's own inside, so that a regular expression is what Python's ``re`` says it is,
    whatever pandas keeps text in.
    """
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    asset = context.data_sources.add_pandas("candidate").add_dataframe_asset("rows")
    with pd.option_context("mode.string_storage", "python"):
        yield Validator(asset.add_batch_definition_whole_dataframe("all"))


def _raised(info: Mapping[str, Any]) -> str | None:
    """What was raised; the information about it is that of the rule, or of each of its metrics."""
    metrics = [info] if "raised_exception" in info else list(info.values())
    messages = [str(each["exception_message"]) for each in metrics if each["raised_exception"]]
    return "; ".join(dict.fromkeys(messages)) if messages else None
