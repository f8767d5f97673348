"""Names of our datasets as OpenLineage's naming specification has them.

A table is named by where its files lie, so that every engine that reads it calls it the same; under
which names catalogues know it is a facet (``symlinks``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from airflow_gov.model.zones import DatasetName

#: Namespace of a dataset's name in this package; its Airflow asset has the same address.
OUR_NAMESPACE = "airflow-gov"
#: Words for the same storage that clients use.
_SAME_STORAGE = {"s3a": "s3", "s3n": "s3"}
#: OpenLineage's word for a Hive metastore, whose URI says ``thrift``.
_SAME_CATALOGUE = {"thrift": "hive"}


class Address(NamedTuple):
    """OpenLineage's name of a dataset."""

    namespace: str
    name: str


def table_address(location: str) -> Address:
    """Namespace and name of a table, or of a file.

    :param location: where it lies: ``/path``, ``file:///path``, ``s3://bucket/prefix``, ``https://…`` …
    """
    parts = urlsplit(location)
    if parts.scheme in ("", "file"):
        path = location.removeprefix("file://").removeprefix("file:")
        return Address("file", path.rstrip("/") or "/")
    scheme = _SAME_STORAGE.get(parts.scheme, parts.scheme)
    path = location.partition("://")[2].partition("/")[2]
    return Address(f"{scheme}://{parts.netloc}", path.strip("/") or "/")


def expected_address(dataset: DatasetName, properties: Mapping[str, str]) -> Address:
    """The name a dataset will have, as far as it can be known without asking the catalogue.

    SQL catalogues put a table where the warehouse and its name say; others decide for themselves, and then
    it is the dataset's name in this package.

    :param dataset: the dataset.
    :param properties: the catalogue's, with ``warehouse``.
    """
    warehouse = properties.get("warehouse", "")
    if not warehouse or not _is_sql(properties):
        return Address(OUR_NAMESPACE, str(dataset))
    location = warehouse if "://" in warehouse else str(Path(warehouse).absolute())
    return table_address(f"{location.rstrip('/')}/{dataset.zone}/{dataset.name}")


def _is_sql(properties: Mapping[str, str]) -> bool:
    uri = properties.get("uri", "")
    return properties.get("type") == "sql" or uri.startswith(("sqlite", "postgresql"))


def catalogue_names(dataset: DatasetName, properties: Mapping[str, str]) -> list[dict[str, str]]:
    """The names of a table in its catalogue and in this package, as identifiers of ``symlinks``.

    :param dataset: the dataset.
    :param properties: the catalogue's, as PyIceberg takes them; no secret of theirs is told.
    """
    namespaces = [OUR_NAMESPACE]
    if uri := properties.get("uri"):
        namespaces.insert(0, without_credentials(uri))
    return [{"namespace": each, "name": str(dataset), "type": "TABLE"} for each in namespaces]


def without_credentials(uri: str) -> str:
    """A catalogue's address: no user, no password, no parameters, no driver."""
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return uri.partition("?")[0]
    scheme = scheme.partition("+")[0]
    authority, slash, path = rest.partition("?")[0].partition("#")[0].partition("/")
    host = authority.rpartition("@")[2]
    return f"{_SAME_CATALOGUE.get(scheme, scheme)}://{host}{slash}{path.rstrip('/')}"
