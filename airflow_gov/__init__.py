"""Governed data-lake zones for Apache Airflow 3.

Nothing heavy is imported here: a Dag file that says ``from airflow_gov import dataset``
parses as fast as one that does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_gov.assets import Dataset, dataset

__all__ = ["Dataset", "__version__", "dataset"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazy (PEP 562): `model`, `store` and the CLI must not import Airflow through the package root.
    if name in ("Dataset", "dataset"):
        from airflow_gov import assets

        return getattr(assets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
