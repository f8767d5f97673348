"""What a platform owner sets: read from airflow.cfg and the environment, without Airflow.

Every option is declared once, in :func:`airflow_gov.get_provider_info.get_provider_info`. A value is
looked up as Airflow does it: the environment (``AIRFLOW__AIRFLOW_GOV__<OPTION>``), then airflow.cfg,
then the declared default. The store's address has one more source that wins: the connection
``airflow_gov_default`` where it stands in the environment.
"""

from __future__ import annotations

import configparser
import difflib
import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from airflow_gov.get_provider_info import get_provider_info
from airflow_gov.model.connection import DEFAULT_CONNECTION_ID, StoreConnection
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

SECTION = "airflow_gov"
ENVIRONMENT_PREFIX = f"AIRFLOW__{SECTION.upper()}__"
STORE_CONNECTION_VARIABLE = f"AIRFLOW_CONN_{DEFAULT_CONNECTION_ID.upper()}"

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?b)", re.IGNORECASE)
_UNITS = {"b": 1} | {
    f"{letter}{infix}b": base**power
    for power, letter in enumerate("kmgt", start=1)
    for infix, base in (("", 1000), ("i", 1024))
}
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the section ``[airflow_gov]``, as the provider info declares it.

    :param name: its key in airflow.cfg.
    :param description: what it does.
    :param type: ``string``, ``integer`` or ``boolean``.
    :param default: as text; ``{AIRFLOW_HOME}`` stands for Airflow's home.
    :param example: a value someone might set.
    :param sensitive: whether the value may hold a secret and is never shown.
    """

    name: str
    description: str
    type: str
    default: str
    example: str
    sensitive: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return ENVIRONMENT_PREFIX + self.name.upper()


@cache
def options() -> Mapping[str, Option]:
    """Every option by its name, in the order of the declaration."""
    declared = get_provider_info()["config"][SECTION]["options"]
    return {
        name: Option(
            name=name,
            description=entry["description"].strip(),
            type=entry["type"],
            default=entry["default"],
            example=entry["example"],
            sensitive=entry.get("sensitive", False),
        )
        for name, entry in declared.items()
    }


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one Airflow home. See :func:`options` for what each means.

    :param home: AIRFLOW_HOME.
    :param catalog_properties: PyIceberg's, ``warehouse`` aside.
    :param target_file_size: as written; :attr:`target_file_bytes` is the number.
    :param threads: 0 means one per processor.
    :param lineage_namespace: of this Airflow's jobs in OpenLineage: ``[openlineage] namespace``, read as
        Airflow's provider does.
    """

    home: Path
    sql_alchemy_conn: str = field(repr=False)
    catalog_name: str
    catalog_properties: Mapping[str, str] = field(repr=False)
    warehouse: str
    aws_conn_id: str | None
    contracts_folder: str
    zone_aliases: Mapping[str, str]
    memory_limit: str
    threads: int
    temp_folder: str | None
    spool_folder: Path
    load_lease_seconds: int
    target_file_size: str
    audit_retention_days: int
    openlineage_include_sql: bool
    lineage_spool_size: str
    lineage_namespace: str

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, home: Path | None = None) -> Settings:
        """Read the settings.

        :param environ: the environment.
        :param home: AIRFLOW_HOME; default: as the environment says, else ``~/airflow``.
        :raises GovernanceError: ``CONFIGURATION_INVALID``, naming the option, where its value comes
            from, the value (unless it may hold a secret) and what is allowed.
        """
        home = (home or Path(environ.get("AIRFLOW_HOME") or "~/airflow")).expanduser().absolute()
        values = _Values(home, environ)
        return cls(
            home=home,
            sql_alchemy_conn=_store_url(values, environ),
            catalog_name=values.get("catalog_name", _nonempty),
            catalog_properties=values.get("catalog_properties", _properties)
            or {"type": "sql", "uri": f"sqlite:///{home}/airflow_gov/catalog.db"},
            warehouse=values.get("warehouse", _location),
            aws_conn_id=values.get("aws_conn_id", str) or None,
            contracts_folder=values.get("contracts_folder", _nonempty),
            zone_aliases=values.get("zone_aliases", _aliases),
            memory_limit=values.get("memory_limit", _size_text),
            threads=values.get("threads", _whole_number(minimum=0)),
            temp_folder=values.get("temp_folder", lambda text: text and _absolute(text)) or None,
            spool_folder=Path(values.get("spool_folder", _absolute)),
            load_lease_seconds=values.get("load_lease_seconds", _whole_number(minimum=10)),
            target_file_size=values.get("target_file_size", _size_text),
            audit_retention_days=values.get("audit_retention_days", _whole_number(minimum=1)),
            openlineage_include_sql=values.get("openlineage_include_sql", _boolean),
            lineage_spool_size=values.get("lineage_spool_size", _size_text),
            lineage_namespace=values.lineage_namespace(),
        )

    @property
    def target_file_bytes(self) -> int:
        """`target_file_size` in bytes."""
        return size_in_bytes(self.target_file_size)

    @property
    def lineage_spool_bytes(self) -> int:
        """`lineage_spool_size` in bytes."""
        return size_in_bytes(self.lineage_spool_size)


def size_in_bytes(text: str) -> int:
    """Bytes of a size such as ``128MB`` (10⁶) or ``128MiB`` (2²⁰).

    :raises ValueError: when the text is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise ValueError("a size greater than zero with its unit, e.g. 640MB or 2GiB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


class _NotAllowedError(Exception):
    """A value is not allowed; the message says what is."""


class _Values:
    """The section's raw values and, for messages, where each was found."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self._home = home
        self._environ = environ
        self._file = Path(environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg").expanduser()
        self._in_file = self._read_file()
        for key in self._in_file:
            self._check_known(key, f"{self._file} [{SECTION}] {key}")
        for variable in environ:
            if variable.startswith(ENVIRONMENT_PREFIX):
                self._check_known(variable.removeprefix(ENVIRONMENT_PREFIX).lower(), variable)

    def get(self, name: str, parse: Callable[[str], T]) -> T:
        """The parsed value; `parse` raises :class:`_NotAllowedError` saying what is allowed."""
        text, where = self._find(options()[name])
        try:
            return parse(text.strip())
        except _NotAllowedError as error:
            shown = "the value (not shown, it may hold a secret)" if options()[name].sensitive else repr(text)
            _refuse(f"{where}: {shown} is not allowed; it has to be {error}.", name)

    def lineage_namespace(self) -> str:
        """The namespace of this Airflow's jobs, which another section of airflow.cfg names."""
        found = self._environ.get("AIRFLOW__OPENLINEAGE__NAMESPACE") or self._namespace_in_file
        return self._expand(found) or self._environ.get("OPENLINEAGE_NAMESPACE") or "default"

    def _find(self, option: Option) -> tuple[str, str]:
        if option.variable in self._environ:
            return self._expand(self._environ[option.variable]), option.variable
        if option.name in self._in_file:
            return self._expand(self._in_file[option.name]), f"{self._file} [{SECTION}] {option.name}"
        return option.default.replace("{AIRFLOW_HOME}", str(self._home)), f"default of {option.name}"

    def _read_file(self) -> Mapping[str, str]:
        # Airflow reads this file with the same parser: `%%` is a percent sign.
        parser = configparser.ConfigParser()
        try:
            parser.read(self._file, encoding="utf-8")
            self._namespace_in_file = parser.get("openlineage", "namespace", fallback="")
            return dict(parser.items(SECTION)) if parser.has_section(SECTION) else {}
        except (configparser.Error, UnicodeDecodeError) as error:
            # Only the kind of problem: the message may quote a line with a password.
            _refuse(f"{self._file} cannot be read as airflow.cfg ({type(error).__name__}).", None)

    def _expand(self, text: str) -> str:
        return _VARIABLE.sub(lambda match: self._environ.get(match[1] or match[2], match[0]), text)

    def _check_known(self, key: str, where: str) -> None:
        if key in options():
            return
        base = key.removesuffix("_cmd").removesuffix("_secret")
        if base in options() and options()[base].sensitive:
            _refuse(
                f"{where}: commands and secrets backends are not read here. Put the store into the "
                f"connection {DEFAULT_CONNECTION_ID}, which every secrets backend can serve.",
                base,
            )
        near = difflib.get_close_matches(key, options(), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(options())}."
        _refuse(f"{where}: there is no such option. {hint}", key)


def _store_url(values: _Values, environ: Mapping[str, str]) -> str:
    if connection := environ.get(STORE_CONNECTION_VARIABLE):
        return StoreConnection.parse(connection).url()
    return values.get("sql_alchemy_conn", _database_url)


def _refuse(message: str, option: str | None) -> NoReturn:
    raise GovernanceError(Reason.CONFIGURATION_INVALID, message, section=SECTION, option=option)


def _nonempty(text: str) -> str:
    if not text:
        raise _NotAllowedError("not empty")
    return text


def _absolute(text: str) -> str:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise _NotAllowedError("an absolute path, as tasks start in different folders")
    return str(path)


def _location(text: str) -> str:
    if text.startswith(("s3://", "s3a://")):
        if not text.split("/", 3)[2]:
            raise _NotAllowedError("s3://bucket or s3://bucket/prefix")
        return text.rstrip("/")
    if "://" in text and not text.startswith("file:///"):
        raise _NotAllowedError("an absolute local path or s3://bucket/prefix")
    return _absolute(text.removeprefix("file://"))


def _database_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    system, _, driver = scheme.partition("+")
    if not separator or system not in ("postgresql", "postgres", "sqlite"):
        raise _NotAllowedError("a SQLAlchemy URL of PostgreSQL or SQLite")
    if system == "sqlite":
        if not rest.startswith("//"):
            raise _NotAllowedError("for SQLite, sqlite:////absolute/path/of/the/file")
        return text
    return f"postgresql+{driver or 'psycopg2'}://{rest}"


def _size_text(text: str) -> str:
    try:
        size_in_bytes(text)
    except ValueError as error:
        raise _NotAllowedError(str(error)) from None
    return text


def _whole_number(*, minimum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        allowed = f"a whole number from {minimum}"
        if not text.isascii() or not text.isdecimal() or int(text) < minimum:
            raise _NotAllowedError(allowed)
        return int(text)

    return parse


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise _NotAllowedError("True or False")
    return text.lower() == "true"


def _json_object(text: str) -> dict[str, Any]:
    allowed = 'a JSON object, e.g. {"key": "value"}'
    try:
        value = json.loads(text or "{}")
    except ValueError:
        raise _NotAllowedError(allowed) from None
    if not isinstance(value, dict):
        raise _NotAllowedError(allowed)
    return value


def _properties(text: str) -> Mapping[str, str]:
    properties = {}
    for key, value in _json_object(text).items():
        if not isinstance(value, str | int | float | bool):
            raise _NotAllowedError("a JSON object whose values are strings, numbers or booleans")
        properties[key] = value if isinstance(value, str) else json.dumps(value)
    return properties


def _aliases(text: str) -> Mapping[str, str]:
    aliases = _json_object(text)
    zones = ", ".join(Zone)
    for word, zone in aliases.items():
        if not _WORD.fullmatch(word) or word in Zone._value2member_map_:
            raise _NotAllowedError(f"a JSON object whose keys are lower-case words other than {zones}")
        if zone not in Zone._value2member_map_:
            raise _NotAllowedError(f"a JSON object whose values are among {zones}")
    return aliases
