"""What somebody knows about a dataset, proposed as a patch to its contract: the file stays the only truth."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from airflow_gov.catalog.patches import relative_path, unified
from airflow_gov.contracts import editing, lengths, team
from airflow_gov.contracts.document import load_document
from airflow_gov.contracts.fields import places_in
from airflow_gov.contracts.reading import read_contract_file
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from datetime import date

    from airflow_gov.contracts.problems import JsonPath

#: Longest text of a proposal, characters.
LONGEST = 2000
#: What is no longer than contracts allow.
_NAMES = ("owner", "steward", "tag")
#: What a team's member says of the person: another owner has other ones.
_PERSONAL = ("name", "description", "dateIn")
#: Steps to a column from the element of `schema` that it is in: `properties`, and a number.
_TOP = 2


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed; None: stays as it is.

    :param column: the column that `description`, `classification` and `tag` are about, or the path of a field
        inside one (``buyer.email``).
    :param description: what the column means.
    :param classification: of the column.
    :param tag: one more, of the column where one is named, else of the dataset.
    :param dataset_description: what the dataset is.
    :param owner: who owns it from now on.
    :param steward: who looks after it too.
    """

    column: str | None = None
    description: str | None = None
    classification: str | None = None
    tag: str | None = None
    dataset_description: str | None = None
    owner: str | None = None
    steward: str | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A proposal as a change of the contract's file.

    :param dataset: the dataset.
    :param path: the file's path in its bundle.
    :param contract_hash: of the text that the patch is for.
    :param text: a unified diff.
    :param also: other datasets whose owner or steward it changes: those of the same file.
    """

    dataset: DatasetName
    path: str
    contract_hash: str
    text: str
    also: tuple[DatasetName, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A contract as the store keeps it.

    :param hash: of the contract.
    :param text: the file's.
    :param path: where the file was read.
    """

    hash: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class _Change:
    """One value of the document.

    :param path: of a mapping.
    :param key: the mapping's.
    :param value: what is written.
    :param item: whether it is one more of a list.
    """

    path: JsonPath
    key: str
    value: Any
    item: bool = False


def propose(
    kept: Kept,
    dataset: DatasetName,
    proposal: Proposal,
    *,
    today: date,
    folder: str = "contracts",
    aliases: Mapping[str, str] | None = None,
) -> Patch:
    """Make a patch; nothing is stored.

    :param kept: the contract.
    :param dataset: a dataset it declares.
    :param proposal: what is proposed.
    :param today: when an owner leaves whose successor is proposed.
    :param folder: where contracts lie in a bundle.
    :param aliases: other words for zones.
    :raises GovernanceError: ``PARAMETER_INVALID`` for a proposal that says nothing, or nothing new;
        ``COLUMN_UNKNOWN``; ``CONTRACT_INVALID`` where the contract cannot be read, or would not be valid.
    """
    _check(proposal)
    data = _data(kept.text, kept.path)
    changes = _changes(data, _element(data, dataset, aliases or {}), proposal, today)
    wanted, text = copy.deepcopy(data), kept.text
    for change in changes:
        text = (editing.with_item if change.item else editing.with_value)(
            text, change.path, change.key, change.value
        )
        _apply(wanted, change)
    if text == kept.text:
        raise _invalid("The contract says so already: nothing would change.")
    _verify(kept, text, wanted, aliases or {})
    path = relative_path(kept.path, folder)
    return Patch(
        dataset,
        path,
        kept.hash,
        unified(kept.text, text, path),
        _others(data, dataset, proposal, aliases or {}),
    )


def _check(proposal: Proposal) -> None:
    told = {each.name: getattr(proposal, each.name) for each in fields(proposal)}
    said = {name: value for name, value in told.items() if value is not None and name != "column"}
    if not said:
        raise _invalid("Nothing is proposed: say what the column means, or who owns the dataset.")
    for name, value in said.items():
        longest = lengths.LONGEST if name in _NAMES else LONGEST
        if not value.strip() or len(value) > longest:
            raise _invalid(f"{name}: 1 to {longest:,} characters are wanted.", parameter=name)
    for name in ("description", "classification"):
        if name in said and proposal.column is None:
            raise _invalid(f"{name}: name the column it is about.", parameter=name)


def _data(text: str, path: str) -> Any:
    document = load_document(text.encode(), path)
    if not isinstance(document.data, dict):
        problems = "; ".join(map(str, document.findings.problems[:3]))
        raise GovernanceError(Reason.CONTRACT_INVALID, f"The contract cannot be read: {problems}", path=path)
    return document.data


def _element(data: Any, dataset: DatasetName, aliases: Mapping[str, str]) -> int:
    """Which element of `schema` is the dataset's."""
    for place, element in enumerate(data.get("schema") or ()):
        if isinstance(element, Mapping) and _names(element.get("physicalName"), aliases) == dataset:
            return place
    raise GovernanceError(
        Reason.CONTRACT_INVALID, f"The contract does not declare {dataset}.", dataset=str(dataset)
    )


def _names(name: Any, aliases: Mapping[str, str]) -> DatasetName | None:
    try:
        return DatasetName.parse(name, aliases) if isinstance(name, str) else None
    except GovernanceError:  # another element's, and told of by whoever reads the contract
        return None


def _changes(data: Any, element: int, proposal: Proposal, today: date) -> list[_Change]:
    about: JsonPath = ("schema", element)
    changes: list[_Change] = []
    if proposal.dataset_description is not None:
        changes.append(_Change(about, "description", proposal.dataset_description.strip()))
    if proposal.column is not None:
        about = (*about, *_property(data["schema"][element], proposal.column))
    for key, value in (("description", proposal.description), ("classification", proposal.classification)):
        if value is not None:
            changes.append(_Change(about, key, value.strip()))
    if proposal.tag is not None:
        kept = _at(data, about).get("tags")
        if proposal.tag.strip() not in (kept or ()):
            changes.append(_Change(about, "tags", proposal.tag.strip(), item=True))
    return [*changes, *_people(data, proposal, today)]


def _property(element: Mapping[str, Any], column: str) -> JsonPath:
    """Where a column stands in an element of `schema`, or a field inside a column by its path."""
    places = places_in(element)
    if column in places:
        return places[column]
    names = [name for name, here in places.items() if len(here) == _TOP]
    near = difflib.get_close_matches(column, places, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"It has: {', '.join(names[:20]) or 'none'}."
    raise GovernanceError(
        Reason.COLUMN_UNKNOWN, f"The contract has no column {column!r}. {hint}", column=column
    )


def _people(data: Any, proposal: Proposal, today: date) -> list[_Change]:
    members = team.members_path(data.get("team"))
    changes: list[_Change] = []
    if proposal.owner is not None:
        changes += _owner(data, members, proposal.owner.strip(), today)
    if proposal.steward is not None:
        name = proposal.steward.strip()
        if name not in team.stewards(data.get("team")):
            changes.append(_member(data, members, {"username": name, "role": "steward"}))
    return changes


def _owner(data: Any, members: tuple[str, ...], name: str, today: date) -> list[_Change]:
    place = team.owner_place(data.get("team"))
    if place is None:
        return [_member(data, members, {"username": name, "role": "owner"})]
    here: JsonPath = (*members, place)
    member = _at(data, here)
    if member["username"] == name or not set(_PERSONAL) & set(member):
        return [_Change(here, "username", name)]
    # The contract says more of who owned it until now: they leave, and the next one comes.
    return [
        _Change(here, "dateOut", today.isoformat()),
        _Change(here, "replacedByUsername", name),
        _member(data, members, {"username": name, "role": "owner"}),
    ]


def _member(data: Any, members: tuple[str, ...], member: dict[str, str]) -> _Change:
    if data.get("team"):
        return _Change(members[:-1], members[-1], member, item=True)
    listed = str(data.get("apiVersion") or "").startswith("v3.0")
    return _Change((), "team", [member] if listed else {"members": [member]})


def _at(data: Any, path: JsonPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _apply(data: Any, change: _Change) -> None:
    holder = _at(data, change.path)
    if change.item:
        holder[change.key] = [*(holder.get(change.key) or ()), change.value]
    else:
        holder[change.key] = change.value


def _verify(kept: Kept, text: str, wanted: Any, aliases: Mapping[str, str]) -> None:
    """That the text says what is wanted and nothing else, and is a contract as much as it was before."""
    if load_document(text.encode(), kept.path).data != wanted:
        raise GovernanceError(
            Reason.CONTRACT_INVALID,
            "The contract is written in a way that this cannot be added to without changing more of it: "
            "change the file by hand.",
        )
    told = [
        {(problem.path, problem.reason): problem for problem in read.problems}
        for read in (read_contract_file(each.encode(), kept.path, aliases) for each in (kept.text, text))
    ]
    new = [problem for key, problem in told[1].items() if key not in told[0]]
    if new:
        why = "; ".join(f"{problem.path}: {problem.reason}" for problem in new[:3])
        raise GovernanceError(Reason.CONTRACT_INVALID, f"The contract would not be valid: {why}")


def _others(
    data: Any, dataset: DatasetName, proposal: Proposal, aliases: Mapping[str, str]
) -> tuple[DatasetName, ...]:
    if proposal.owner is None and proposal.steward is None:
        return ()
    elements = (each for each in data["schema"] if isinstance(each, Mapping))
    names = (_names(each.get("physicalName"), aliases) for each in elements)
    return tuple(name for name in names if name is not None and name != dataset)


def _invalid(message: str, **attributes: Any) -> GovernanceError:
    return GovernanceError(Reason.PARAMETER_INVALID, message, **attributes)
