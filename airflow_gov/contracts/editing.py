"""Writes a value into a contract's text and leaves every other letter of it as it stands.

Places are those the YAML parser tells; what is written is one line of flow style, which YAML and JSON share.
Whoever calls it reads the result again: a layout that is not foreseen here must be noticed, not guessed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import yaml

from airflow_gov.contracts.problems import json_path
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_gov.contracts.problems import JsonPath

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Text that means itself without quotes, also between brackets; what else it may mean is asked of YAML.
_PLAIN = re.compile(r"[^\W\d_][\w ()./+;@'-]*[\w).;']|[^\W\d_]")
#: What YAML refuses between quotes unless it is escaped, and what JSON does not escape.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


class _Text:
    """A text with its nodes.

    :param text: a YAML document.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:  # what was written into it before has letters that YAML has not
            raise _by_hand((), "cannot be written with such letters") from error
        self._uses = Counter(id(child) for node in _all_nodes(self._root) for child in _children(node))

    def node(self, path: JsonPath) -> Any:
        """What stands at a path, in this place alone.

        :raises GovernanceError: ``CONTRACT_INVALID`` where it is written elsewhere too, or only there.
        """
        node = self._root
        for step in path:
            found = _child(node, step)
            if found is None or self._uses[id(found)] > 1:
                raise _by_hand(path, "is written through an anchor or a merge key")
            node = found
        return node

    def with_value(self, node: Any, value: Any) -> str:
        """Put another value in place of a node."""
        written = self.text[node.start_mark.index : node.end_mark.index]
        rest = written[len(written.rstrip()) :]
        told = _flow(value, node.style if isinstance(node, yaml.ScalarNode) else None)
        if not written:  # nothing but a key and a colon
            told = f" {told}"
        return self._spliced(node.start_mark.index, node.end_mark.index, told + rest)

    def with_key(self, node: Any, key: str, value: Any) -> str:
        """Add a key to a mapping that has some."""
        keys = [each for each, _ in node.value]
        style = keys[0].style
        told = f"{_flow(key, style)}: {_flow(value, style)}"
        if node.flow_style:
            return self._in_flow(keys[-1], node.value[-1][1], told)
        single = [(each, kept) for each, kept in node.value if _one_line(kept)]
        if not single:
            raise _by_hand((key,), "has no line beside which it could be written")
        # Before rules and nested fields, where there are any.
        nested = next((place for place, (_, kept) in enumerate(node.value) if not _one_line(kept)), None)
        before = [pair for pair in node.value[:nested] if _one_line(pair[1])]
        each, kept = (before or single)[-1]
        return self._on_new_line(kept.end_mark.index, each.start_mark.column, told)

    def with_item(self, node: Any, value: Any) -> str:
        """Add an item to a list."""
        last = node.value[-1] if node.value else None
        if node.flow_style or last is None:
            told = _flow(value, _style(self._root if last is None else last))
            if last is None:
                inside = node.start_mark.index + 1
                return self._spliced(inside, inside, told)
            return self._in_flow(last, last, told)
        column = node.start_mark.column
        if isinstance(value, dict) and not getattr(last, "flow_style", True):
            lines = [f"{key}: {_flow(each, None)}" for key, each in value.items()]
            gap = " " * (last.start_mark.column - column - 1)
            told = f"-{gap}" + f"\n{' ' * last.start_mark.column}".join(lines)
        else:
            told = f"- {_flow(value, _style(last))}"
        return self._on_new_line(_end(last), column, told)

    def _in_flow(self, before: Any, last: Any, told: str) -> str:
        """After the last of what stands between brackets, on a line of its own where that has one."""
        start = self.text.rfind("\n", 0, before.start_mark.index) + 1
        indent = self.text[start : before.start_mark.index]
        gap = f",{self._newline}{indent}" if start and not indent.strip() else ", "
        return self._spliced(last.end_mark.index, last.end_mark.index, gap + told)

    def _on_new_line(self, index: int, column: int, told: str) -> str:
        end = self.text.find("\n", len(self.text[:index].rstrip()))
        end = len(self.text) if end < 0 else end
        if self.text[:end].endswith("\r"):
            end -= 1
        lines = f"\n{' ' * column}{told}"
        return self._spliced(end, end, lines.replace("\n", self._newline))

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def _spliced(self, start: int, end: int, told: str) -> str:
        return self.text[:start] + told + self.text[end:]


def with_value(text: str, path: JsonPath, key: str, value: Any) -> str:
    """A contract's text with another value of a key.

    :param text: a YAML document, read before without problems.
    :param path: of a mapping in it.
    :param key: a key of the mapping, there or not.
    :param value: plain data.
    :raises GovernanceError: ``CONTRACT_INVALID`` where it cannot be written there.
    """
    return _edited(text, lambda it: _set(it, path, key, value))


def with_item(text: str, path: JsonPath, key: str, value: Any) -> str:
    """A contract's text with one more item in a list.

    :param path: of the mapping that has the list.
    :param key: the list's; made where it is missing.
    :param value: plain data.
    :raises GovernanceError: ``CONTRACT_INVALID`` where it cannot be written there.
    """
    return _edited(text, lambda it: _append(it, path, key, value))


def _edited(text: str, edit: Callable[[_Text], str]) -> str:
    bare = text.removeprefix("\ufeff")
    return text[: len(text) - len(bare)] + edit(_Text(bare))


def _set(it: _Text, path: JsonPath, key: str, value: Any) -> str:
    if _child(it.node(path), key) is None:
        return it.with_key(it.node(path), key, value)
    return it.with_value(it.node((*path, key)), value)


def _append(it: _Text, path: JsonPath, key: str, value: Any) -> str:
    found = _child(it.node(path), key)
    if isinstance(found, yaml.SequenceNode):
        return it.with_item(it.node((*path, key)), value)
    return _set(it, path, key, [value])


def _flow(value: Any, style: str | None) -> str:
    """A value in one line; texts as the neighbours are quoted, where they can be."""
    if isinstance(value, str):
        return _scalar(value, style)
    if style == '"':
        return _escaped(json.dumps(value, ensure_ascii=False))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each, style)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each, style) for each in value) + "]"
    return json.dumps(value)


def _scalar(value: str, style: str | None) -> str:
    if style is None or style in "|>":
        if _PLAIN.fullmatch(value) and yaml.load(value, Loader=_LOADER) == value:  # noqa: S506 - a safe loader
            return value
    elif style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _style(node: Any) -> str | None:
    """How the texts of a node are quoted: as its first one is, so that JSON stays JSON."""
    while not isinstance(node, yaml.ScalarNode):
        if not node.value:
            return None
        first = node.value[0]
        node = first[0] if isinstance(first, tuple) else first
    style: str | None = node.style
    return style


def _one_line(node: Any) -> bool:
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        return False
    return bool(node.start_mark.line == node.end_mark.line)


def _end(node: Any) -> int:
    """Where the last letter of a node is: a block's own end mark lies somewhere behind it."""
    while not isinstance(node, yaml.ScalarNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _child(node: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return node.value[step] if isinstance(node, yaml.SequenceNode) else None
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in reversed(node.value) if key.value == step), None)


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair


def _all_nodes(root: Any) -> Iterator[Any]:
    """Every node once, however often it is used."""
    seen, left = set(), [root]
    while left:
        node = left.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            left += _children(node)


def _by_hand(path: JsonPath, why: str) -> GovernanceError:
    where = json_path(path)
    return GovernanceError(
        Reason.CONTRACT_INVALID, f"{where} {why}: change the contract's file by hand.", path=where
    )
