"""The Open Data Contract Standard's own JSON schema, and its findings in words.

The schema is the one that `open-data-contract-standard` ships (JSON Schema draft 2019-09).
"""

from __future__ import annotations

import difflib
import importlib.resources
import itertools
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import Draft201909Validator
    from jsonschema.exceptions import ValidationError

    from airflow_gov.contracts.document import Document
    from airflow_gov.contracts.problems import Findings, JsonPath

#: Versions of the standard that are read.
API_VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")

_UNEXPECTED = ("additionalProperties", "unevaluatedProperties")
#: Of these our own rules say which values are allowed: fewer than the standard has.
_OWN_CHOICES = (("apiVersion",), ("logicalType",))
#: Most properties of one mapping that are named as unknown.
_NAMED = 20
_KINDS = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}
_WANTED = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}


def check_standard(document: Document) -> None:
    """Add what the standard's schema finds to the document's findings."""
    if not isinstance(document.data, dict):
        document.findings.add(
            (), f"a contract is a mapping, this is {_KINDS.get(type(document.data), 'empty')}"
        )
        return
    version = document.data.get("apiVersion")
    if isinstance(version, str) and version not in API_VERSIONS:
        document.findings.add(
            ("apiVersion",),
            f"{version!r} is not a version that is read: write one of {', '.join(API_VERSIONS)}",
        )
    for piece in _pieces(document.data):
        if document.findings.full:
            return
        _check_piece(piece, document.findings)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a contract: a definition of the schema that it has to match ("" for the whole)."""

    path: JsonPath
    value: Any
    definition: str


def _pieces(data: Mapping[str, Any]) -> Iterator[_Piece]:
    """The document without its properties, then each property without those nested in it.

    In one go each level of nesting takes three times as long as the one above: a contract with ten
    levels would hang.
    """
    document = dict(data)
    inner: list[_Piece] = []
    if isinstance(data.get("schema"), list):
        elements = [_hollow(item, ("schema", index), inner) for index, item in enumerate(data["schema"])]
        document["schema"] = elements
    yield _Piece((), document, "")
    while inner:
        piece = inner.pop()
        yield _Piece(piece.path, _hollow(piece.value, piece.path, inner), piece.definition)


def _hollow(value: Any, path: JsonPath, inner: list[_Piece]) -> Any:
    """A schema element or property without the properties nested in it, which are put on a list."""
    if not isinstance(value, dict):
        return value
    hollow = dict(value)
    if isinstance(rules := value.get("quality"), list):
        hollow["quality"] = [_with_metric(rule) for rule in rules]
    if isinstance(nested := value.get("properties"), list):
        hollow["properties"] = []
        here = (*path, "properties")
        inner += [_Piece((*here, index), item, "SchemaProperty") for index, item in enumerate(nested)]
    if isinstance(nested := value.get("items"), dict):
        hollow["items"] = {}
        inner.append(_Piece((*path, "items"), nested, "SchemaItemProperty"))
    if isinstance(nested := value.get("map"), dict):
        hollow["map"] = {key: {} for key in nested}
        here = (*path, "map")
        inner += [_Piece((*here, key), item, "SchemaItemProperty") for key, item in nested.items()]
    return hollow


def _with_metric(rule: Any) -> Any:
    """A quality rule that has its metric under the deprecated name `rule`, as version 3.1 wants it."""
    if not isinstance(rule, dict) or "metric" in rule or "rule" not in rule:
        return rule
    return {("metric" if key == "rule" else key): value for key, value in rule.items()}


def _check_piece(piece: _Piece, findings: Findings) -> None:
    found = _validator(piece.definition).iter_errors(piece.value)
    errors = [leaf for error in found for leaf in _leaves(error)]
    failed = {_path(error) for error in errors if error.validator not in _UNEXPECTED}
    for error in errors:
        path = _path(error)
        if error.validator in _UNEXPECTED:
            _report_unexpected(error, piece.path, failed, findings)
        elif error.validator != "enum" or path[-1:] not in _OWN_CHOICES:
            findings.add((*piece.path, *path), _reason(error))


@cache
def _schema() -> dict[str, Any]:
    file = importlib.resources.files("open_data_contract_standard") / "schema.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for rule in schema["$defs"]["SchemaBaseProperty"]["allOf"]:
        _require_logical_type(rule.get("if", {}))
    return schema


def _require_logical_type(condition: dict[str, Any]) -> None:
    """Make "if logicalType is …" not hold where there is none.

    As published, a property without a logicalType meets every such condition at once, and version 3.2
    asks it for the `map` of a map.
    """
    for branch in condition.get("anyOf", [condition]):
        if "logicalType" in branch.get("properties", {}):
            branch["required"] = ["logicalType"]


@cache
def _validator(definition: str) -> Draft201909Validator:
    # Takes a fifth of a second to import, and is not wanted where nothing is validated.
    from jsonschema import Draft201909Validator

    if not definition:
        return Draft201909Validator(_schema())
    return Draft201909Validator({"$defs": _schema()["$defs"], "$ref": f"#/$defs/{definition}"})


@cache
def _known_names() -> frozenset[str]:
    """Every property name that the standard has anywhere."""

    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            properties = part.get("properties")
            yield from properties if isinstance(properties, dict) else ()
            for value in part.values():
                yield from walk(value)
        elif isinstance(part, list):
            for value in part:
                yield from walk(value)

    return frozenset(walk(_schema()))


def _path(error: ValidationError) -> JsonPath:
    return tuple(error.absolute_path)


def _leaves(error: ValidationError) -> Iterable[ValidationError]:
    """The errors that a person can mend: of a choice (oneOf, anyOf) those of the branch that was meant."""
    if not error.context:
        return [error]
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [inner for inner in branches.values() if not any(_other_kind(one, error) for one in inner)]
    if len(meant) != 1:
        return [error]
    return [leaf for inner in meant[0] for leaf in _leaves(inner)]


def _other_kind(inner: ValidationError, choice: ValidationError) -> bool:
    return inner.validator == "type" and _path(inner) == _path(choice)


def _report_unexpected(
    error: ValidationError, root: JsonPath, failed: set[JsonPath], findings: Findings
) -> None:
    path = _path(error)
    # A property that failed elsewhere also counts as "unevaluated": that one is told already.
    cascades = any(other[: len(path)] == path for other in failed)
    told = error.message.rpartition("(")[2]
    instance: Any = error.instance
    unknown = (n for n in instance if repr(n) in told and not (cascades and n in _known_names()))
    for name in itertools.islice(unknown, _NAMED):
        near = difflib.get_close_matches(name, _known_names(), n=1, cutoff=0.7)
        hint = f"; did you mean {near[0]!r}?" if near and near[0] != name else ""
        findings.add(
            (*root, *path, name),
            f"the standard has no property {name!r} here{hint} (own facts go into customProperties)",
        )


def _reason(error: ValidationError) -> str:
    rule: Any = error.validator_value
    value: Any = error.instance
    if error.validator == "required":
        return error.message.replace("is a required property", "is missing")
    if error.validator == "enum":
        return f"{_shown(value)} is not one of {', '.join(map(str, rule))}"
    if error.validator == "type":
        return _wrong_kind(value, _WANTED.get(str(rule), str(rule)))
    if error.context:
        return _choice(error)
    return _cut(error.message)


def _choice(error: ValidationError) -> str:
    inner = list(error.context or ())
    if all(one.validator == "required" for one in inner):
        rules: list[Any] = [one.validator_value for one in inner]
        names = sorted({name for rule in rules for name in rule})
        return f"exactly one of {', '.join(names)} must stand here"
    wanted = [_WANTED[str(one.validator_value)] for one in inner if str(one.validator_value) in _WANTED]
    if len(wanted) == len(inner):
        return _wrong_kind(error.instance, " or ".join(wanted))
    return f"{_shown(error.instance)} is not allowed here: " + _cut("; ".join(one.message for one in inner))


def _wrong_kind(value: Any, wanted: str) -> str:
    if value is None:
        return f"nothing is written here: write {wanted} or remove the key"
    return f"must be {wanted}, not {_KINDS[type(value)]} ({_shown(value)})"


def _shown(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else repr(value), 60)


def _cut(text: str, length: int = 300) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
