"""How a proposal stands against what the contract says of the column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from airflow_gov.catalog.classification.recognisers import RECOGNISERS, TAGS
from airflow_gov.catalog.classification.weighing import Weighed
from airflow_gov.model.classification import Agreement, Evidence, Proposal

if TYPE_CHECKING:
    from airflow_gov.model.classification import Classification
    from airflow_gov.model.contract import Column, Contract

_NATIONAL = ("pii:national_id", "pii:ssn", "pii:curp", "pii:rfc")
#: Other words that contracts have for the tags.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "pii:email": ("e-mail", "mail", "email_address"),
    "pii:phone": ("telephone", "mobile", "phone_number", "fax", "tel"),
    "pii:card": ("credit_card", "card_number", "payment_card", "pan"),
    "pii:iban": ("bank_account", "account"),
    "pii:national_id": ("dni", "nie", "cpf", "nino", "tax_id", "national_identifier"),
    "pii:ip": ("ip_address",),
    "pii:name": ("first_name", "last_name", "full_name", "person_name", "person", "surname"),
    "pii:address": ("postal_address", "street", "street_address", "home_address"),
    "pii:birth_date": ("dob", "date_of_birth", "birthday", "birthdate"),
}
#: Tags that say no more than that somebody is meant.
_GENERAL = frozenset({"pii", "pii:personal", "pii:other", "pii:any"})
#: Tags of numbers that somebody has, be they a state's or a company's.
_NUMBERS = frozenset({"pii:id", "pii:identifier"})
_MEANING: Mapping[str, str] = {f"pii:{word}": tag for tag, words in _WORDS.items() for word in words}


def meant(tag: str) -> str:
    """The tag of ours that a contract's tag means; itself where none does."""
    plain = tag.strip().lower().replace(" ", "_")
    return _MEANING.get(plain, plain)


def agreement(found: Weighed, column: Column | None) -> Agreement:
    """How what was found stands against the contract.

    :param column: the contract's; None where there is none.
    """
    if column is None:
        return Agreement.PROPOSED
    tags = {meant(each) for each in column.tags if each.lower().startswith("pii")}
    if any(_same(tag, found.recogniser.tag) for tag in tags):
        return Agreement.AGREES
    seen = found.proven
    if seen and tags & set(TAGS):
        return Agreement.CONTRADICTS
    open_to_all = column.classification is not None and not column.classified
    return Agreement.CONTRADICTS if seen and open_to_all else Agreement.PROPOSED


def _same(tag: str, other: str) -> bool:
    return (
        tag == other
        or tag in _GENERAL
        or (tag in (_NATIONAL[0], *_NUMBERS) and other in _NATIONAL)
        or (other == _NATIONAL[0] and tag in _NATIONAL)
    )


def unsaid(scan: Classification, contract: Contract | None) -> Iterator[Proposal]:
    """What a scan saw, and the contract in use does not say: what it has learnt since the scan counts.

    :param contract: None where there is none that can be read.
    """
    changed = contract is not None and contract.hash != scan.contract_hash
    for proposal in scan.proposals:
        if proposal.agreement not in (Agreement.PROPOSED, Agreement.CONTRADICTS):
            continue
        if not (changed and contract is not None and _learnt(proposal, contract.find(proposal.column))):
            yield proposal


def _learnt(proposal: Proposal, column: Column | None) -> bool:
    """Whether a later contract calls a column what it was seen to be, or has it no more."""
    if column is None:
        return True
    tags = {meant(tag) for tag in column.tags if tag.lower().startswith("pii")}
    return any(_same(tag, proposal.tag) for tag in tags) or (column.restricted and not tags)


def against_contract(
    name: str,
    weighed: Iterable[Weighed],
    proposed: Iterable[Weighed],
    column: Column | None,
) -> list[Proposal]:
    """The proposals for a column, and the contract's tags that nothing in it looks like.

    :param weighed: what every recogniser says.
    :param proposed: those of it that are sure enough.
    :param column: the contract's; None where there is none.
    """
    found = [_proposal(name, each, agreement(each, column)) for each in proposed]
    # A field that the contract does not tell apart from its column does not lack the column's tags.
    own = column is not None and column.name.casefold() == name.casefold()
    weighed = list(weighed)
    if not any(each.evidence.values for each in weighed):
        return found  # nothing to look at, nothing to miss
    declared = {meant(each) for each in column.tags} if column is not None and own else set()
    best = {each.recogniser.tag: each.evidence for each in sorted(weighed, key=lambda one: one.confidence)}
    for tag in TAGS:
        if tag in declared and not any(_same(tag, each.tag) for each in found):
            evidence = best.get(tag, Evidence(type=str(column.type) if column else ""))
            found.append(Proposal(name, tag, 0.0, Agreement.UNSEEN, evidence, source=_source(tag)))
    return found


def _proposal(name: str, found: Weighed, how: Agreement) -> Proposal:
    return Proposal(
        column=name,
        tag=found.recogniser.tag,
        confidence=found.confidence,
        agreement=how,
        evidence=found.evidence,
        recogniser=found.recogniser.id,
        source=found.recogniser.source,
    )


def _source(tag: str) -> str:
    return next(each.source for each in RECOGNISERS if each.tag == tag)
