"""Who stands behind a contract: ODCS `team`, a list of members (3.0) or an object with `members` (3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts.columns import mappings

if TYPE_CHECKING:
    from airflow_gov.contracts.problems import Findings

_OWNER = frozenset({"owner", "data owner"})
_STEWARD = frozenset({"steward", "data steward"})


def owner(team: Any, findings: Findings) -> str | None:
    """The owner's user name. That there is one is a rule.

    :param team: `team` as written.
    :param findings: gets what is wrong.
    """
    members = _with_role(team, _OWNER)
    name = next(_current(members), None)
    if name is None:
        reason = (
            "the owner has a dateOut: name who follows, with the role owner"
            if members
            else "nobody owns this: `team` needs a member with a username and the role owner"
        )
        findings.add(("team",), reason)
    return name


def stewards(team: Any) -> tuple[str, ...]:
    """The stewards' user names, in order, each once.

    :param team: `team` as written.
    """
    return tuple(dict.fromkeys(_current(_with_role(team, _STEWARD))))


def member_names(text: str) -> tuple[str, ...]:
    """The user names of everybody in the team who has not left, in order, each once.

    :param text: a contract's file.
    """
    team = _team(text)
    members = team.get("members") if isinstance(team, Mapping) else team
    return tuple(dict.fromkeys(_current([member for _, member in mappings(members, ())])))


def team_name(text: str) -> str:
    """What the team is called; empty where it has no name.

    :param text: a contract's file.
    """
    team = _team(text)
    return str(team.get("name") or "") if isinstance(team, Mapping) else ""


def members_path(team: Any) -> tuple[str, ...]:
    """Where the list of members stands from the document's root.

    :param team: `team` as written.
    """
    return ("team", "members") if isinstance(team, Mapping) else ("team",)


def owner_place(team: Any) -> int | None:
    """Which member is the owner, counted from 0; None where nobody is.

    :param team: `team` as written.
    """
    members = team.get("members") if isinstance(team, Mapping) else team
    for (place,), member in mappings(members, ()):
        if _role(member) in _OWNER and next(_current([member]), None) is not None:
            return int(place)
    return None


def _team(text: str) -> Any:
    from airflow_gov.contracts.document import load_document

    data = load_document(text.encode("utf-8", "surrogatepass"), "contract").data
    return data.get("team") if isinstance(data, Mapping) else None


def _with_role(team: Any, roles: frozenset[str]) -> list[Mapping[str, Any]]:
    members = team.get("members") if isinstance(team, Mapping) else team
    return [member for _, member in mappings(members, ()) if _role(member) in roles]


def _role(member: Mapping[str, Any]) -> str:
    return " ".join(str(member.get("role") or "").lower().replace("_", " ").replace("-", " ").split())


def _current(members: list[Mapping[str, Any]]) -> Iterator[str]:
    """Those who stay. A planned leave counts: a contract does not change with the date."""
    names = (member.get("username") for member in members if not member.get("dateOut"))
    return (name for name in names if isinstance(name, str) and name)
