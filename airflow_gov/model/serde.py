"""Dataclasses of :mod:`airflow_gov.model` to and from plain JSON values."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from airflow_gov.model.types import Decimal, List, Primitive, Struct, parse_type
from airflow_gov.model.zones import DatasetName

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """A value of the model as dicts, lists, strings, numbers, booleans and None.

    Datasets and column types become their text, enums their value, dates ISO 8601.
    """
    if isinstance(value, DatasetName | Primitive | Decimal | List | Struct):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def from_plain(kind: type[T], value: Any) -> T:
    """The inverse of :func:`to_plain`.

    :param kind: the dataclass to build. Keys it does not know are left out, so that a newer
        writer's record can be read.
    :param value: what :func:`to_plain` gave.
    """
    return typing.cast("T", _build(kind, value))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(kind) if option is not type(None)]
        if value is None:
            return None
        if Primitive in options:
            return parse_type(value)
        return _build(options[0], value)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(_build(inner, item) for item in value)
    if kind is DatasetName:
        return DatasetName.parse(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        known = {field.name for field in dataclasses.fields(kind)}
        return kind(**{key: _build(hints[key], item) for key, item in value.items() if key in known})  # type: ignore[operator]
    return value
