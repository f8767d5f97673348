"""YAML text to plain data with the line of every value; nothing in a file can run, hang or swell.

YAML is read as JSON's data model: string keys, no custom tags, dates stay text. Anchors, aliases
and merge keys work within a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import yaml

from airflow_gov.contracts.problems import Findings, JsonPath

#: Largest contract file, bytes. A contract of 1,000 columns takes about 200 KiB.
MAX_BYTES = 1024 * 1024
#: Deepest nesting of mappings and lists. The C parser recurses: without a bound a file can end the process.
MAX_DEPTH = 64
#: Most values in a file once its aliases are written out.
MAX_VALUES = 50_000

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_MERGE = _PREFIX + "merge"
_SCALARS = {_PREFIX + name for name in ("null", "bool", "int", "float", "str", "timestamp", "value")}


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file.

    :param data: dicts, lists, strings, numbers, booleans and None; None where it could not be read.
    :param findings: what is wrong so far, and where each path stands.
    :param readable: whether `data` is what the file says.
    """

    data: Any
    findings: Findings
    readable: bool


class _RefusedError(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def load_document(raw: bytes, file: str) -> Document:
    """Read a YAML file's bytes.

    :param raw: the file's bytes, UTF-8, with or without a byte order mark.
    :param file: its name, for the problems.
    """
    lines: dict[JsonPath, int] = {}
    findings = Findings(file, lines)
    try:
        builder = _Builder(findings, lines)
        data = builder.build(_compose(_text(raw)), ())
    except _RefusedError as refused:
        findings.add((), refused.reason, line=refused.line)
        return Document(None, findings, readable=False)
    return Document(data, findings, readable=True)


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise _RefusedError(1, f"the file has more than {MAX_BYTES:,} bytes, the most a contract may have")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise _RefusedError(
            line, f"the file is not UTF-8: byte 0x{byte:02x} at offset {error.start}; save it as UTF-8"
        ) from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise _RefusedError(1, "the file is empty; write an ODCS contract")
    return text


def _compose(text: str) -> yaml.Node:
    try:
        _check_shape(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise _malformed(error, text) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise _RefusedError(line, f"not valid YAML: character U+{code:04X} is not allowed") from error
    if node is None:
        raise _RefusedError(1, "the file holds nothing but comments; write an ODCS contract")
    return node


def _malformed(error: yaml.MarkedYAMLError, text: str) -> _RefusedError:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return _RefusedError(1, f"not valid YAML: {error.problem}")
    line = (text.splitlines() + [""] * 2)[mark.line]
    if "\t" in line[: mark.column + 1]:
        reason = "a tab stands where YAML wants spaces; indent with spaces"
    else:
        reason = f"{error.problem} ({error.context})" if error.context else str(error.problem)
    return _RefusedError(mark.line + 1, f"not valid YAML: {reason}")


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _check_shape(text: str) -> None:
    """Refuse what composing could not survive or would read half: deep nesting, several documents."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _RefusedError(_line(event), f"nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _RefusedError(
                    _line(event),
                    "a second YAML document begins here ('---'); one file holds one contract",
                )


class _Builder:
    """Nodes to values; counts them, since aliases can write out to more than memory holds."""

    def __init__(self, findings: Findings, lines: dict[JsonPath, int]) -> None:
        self._findings = findings
        self._lines = lines
        self._left = MAX_VALUES
        self._scalars = yaml.constructor.SafeConstructor()
        self._open: set[int] = set()

    def build(self, node: yaml.Node, path: JsonPath) -> Any:
        self._lines.setdefault(path, _line(node))
        self._left -= 1
        if self._left < 0:
            raise _RefusedError(_line(node), f"more than {MAX_VALUES:,} values once aliases are written out")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise _RefusedError(_line(node), "an alias contains itself")
        self._open.add(id(node))
        value = self._collection(node, path)
        self._open.discard(id(node))
        return value

    def _collection(self, node: yaml.Node, path: JsonPath) -> Any:
        if isinstance(node, yaml.SequenceNode) and node.tag == _PREFIX + "seq":
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == _PREFIX + "map":
            return self._mapping(node, path)
        self._findings.add(path, f"the YAML tag {node.tag} is not allowed; write plain YAML")
        return None

    def _mapping(self, node: yaml.MappingNode, path: JsonPath) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged = self._merge(value_node, path) | merged
                continue
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in own:
                first = self._findings.line(here)
                line = _line(key_node)
                self._lines[here] = line
                self._findings.add(here, f"the key {key!r} stands twice, in lines {first} and {line}")
            self._lines[here] = _line(key_node)
            own[key] = self.build(value_node, here)
        return merged | own

    def _merge(self, node: yaml.Node, path: JsonPath) -> dict[str, Any]:
        """What a merge key (``<<``) brings; where several bring the same key the first wins."""
        value = self.build(node, (*path, "<<"))
        merged: dict[str, Any] = {}
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                self._findings.add((*path, "<<"), "a merge key (<<) takes a mapping or a list of mappings")
                return {}
            merged = part | merged
        return merged

    def _key(self, node: yaml.Node, path: JsonPath) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == _PREFIX + "str":
            return str(node.value)
        shown = node.value if isinstance(node, yaml.ScalarNode) else "a collection"
        self._findings.add(path, f"the key {shown} is not text; put it in quotes", line=_line(node))
        return None

    def _scalar(self, node: yaml.ScalarNode, path: JsonPath) -> Any:
        if node.tag not in _SCALARS:
            self._findings.add(path, f"the YAML tag {node.tag} is not allowed; write plain YAML")
            return None
        if node.tag in (_PREFIX + "timestamp", _PREFIX + "value"):
            return node.value
        try:
            value = self._scalars.construct_object(node)
        except (ValueError, yaml.constructor.ConstructorError):
            self._findings.add(path, f"{node.value!r} is not a value of the YAML tag {node.tag}")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._findings.add(path, f"{node.value} is not a number that JSON has; put it in quotes")
            return None
        return value
