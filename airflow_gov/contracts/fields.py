"""What a contract says of the fields inside a column: of structs, of lists of them, however deep.

A field goes by its path from the column on, as lineage has it: ``buyer.email``. The elements of a list go by
the list's name: ``guests.email`` is a field of each guest. A column is as sensitive as what lies in it, so
that whoever masks, splits off or audits columns need not look inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_gov.model.contract import RESTRICTED, Column
from airflow_gov.model.types import List, Struct

if TYPE_CHECKING:
    from airflow_gov.contracts.problems import JsonPath
    from airflow_gov.model.types import ColumnType

#: A property's place in the file, its path from the column on, and the property.
_Inner = tuple["JsonPath", str, Mapping[str, Any]]


def inner(entry: Mapping[str, Any], here: JsonPath, path: str) -> Iterator[_Inner]:
    """The properties inside a property, ``items`` among them, each before what is inside it.

    :param entry: the property as written.
    :param here: where it stands.
    :param path: its name, or its path from a column on.
    """
    items = entry.get("items")
    if isinstance(items, Mapping):
        yield (*here, "items"), path, items
        yield from inner(items, (*here, "items"), path)
    fields = entry.get("properties")
    for index, field in enumerate(fields if isinstance(fields, list) else ()):
        if isinstance(field, Mapping):
            place, name = (*here, "properties", index), f"{path}.{field_name(field)}"
            yield place, name, field
            yield from inner(field, place, name)


def places_in(element: Mapping[str, Any]) -> Mapping[str, JsonPath]:
    """Where the columns of a dataset stand, and the fields inside of them, by their paths.

    :param element: of ODCS `schema`.
    """
    places: dict[str, JsonPath] = {}
    for here, path, _ in inner(element, (), ""):
        name = path.removeprefix(".")
        # A field `b` of the column `a` may be called as a column `a.b` is: that one is meant.
        if here[-1] != "items" and (name not in places or len(here) < len(places[name])):
            places[name] = here
    return places


def field_name(entry: Mapping[str, Any]) -> str:
    """What a property is called in the table."""
    return str(entry.get("physicalName") or entry.get("name") or "")


def classification_of(entry: Mapping[str, Any]) -> str | None:
    """The classification of a property: its own, or that of a field inside it that restricts more."""
    own = own_classification(entry)
    if own in RESTRICTED:
        return own
    inside = (own_classification(field) for _, _, field in inner(entry, (), ""))
    return next((each for each in inside if each in RESTRICTED), own)


def own_classification(entry: Mapping[str, Any]) -> str | None:
    """The classification that a property itself has."""
    told = entry.get("classification")
    return told.strip().lower() if isinstance(told, str) else None


def tags_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of a property, and those of fields inside it that say somebody is meant."""
    inside = (tag for _, _, field in inner(entry, (), "") for tag in _tags(field))
    return tuple(dict.fromkeys((*_tags(entry), *(tag for tag in inside if tag.lower().startswith("pii")))))


def _tags(entry: Mapping[str, Any]) -> list[str]:
    told = entry.get("tags")
    return [tag for tag in told if isinstance(tag, str)] if isinstance(told, list) else []


def fields_of(entry: Mapping[str, Any], path: str, kind: ColumnType) -> Iterator[Column]:
    """The fields inside a column, each before those inside it.

    :param entry: the column's property as written.
    :param path: its name.
    :param kind: its type.
    """
    while isinstance(kind, List):
        items = entry.get("items")
        if not isinstance(items, Mapping):  # told by the type alone
            return
        entry, kind = items, kind.element
    types = dict(kind.fields) if isinstance(kind, Struct) else {}
    fields = entry.get("properties")
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, Mapping) and field_name(field) in types:
            yield from _field(field, path, types[field_name(field)])


def _field(field: Mapping[str, Any], above: str, kind: ColumnType) -> Iterator[Column]:
    path = f"{above}.{field_name(field)}"
    yield Column(
        name=path,
        type=kind,
        required=field.get("required") is True,
        classification=classification_of(field),
        tags=tags_of(field),
        description=str(field.get("description") or ""),
    )
    yield from fields_of(field, path, kind)
