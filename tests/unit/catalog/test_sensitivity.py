"""Tags that travel down the column lineage, and the conflicts they meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.catalog import sensitivity as module
from airflow_gov.catalog.sensitivity import Conflict, ConflictKind, conflicts, sensitivity
from airflow_gov.contracts import parse_contract
from airflow_gov.model.column_lineage import Subtype
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.lineage import TagFacts
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from support import stores
from support.personal import Edge, contract, tell

IDENTITY, CHANGED, SUM = Subtype.IDENTITY, Subtype.TRANSFORMATION, Subtype.AGGREGATION
MAIL: dict[str, Any] = {"classification": "restricted", "tags": ["pii:email"]}
PUBLIC: dict[str, Any] = {"classification": "public"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(stores.ready(tmp_path / "governance.db"))
    yield made
    made.dispose()


def promise(store: Store, dataset: str, **columns: dict[str, Any]) -> None:
    store.contracts.put(contract(dataset, columns))


def copied(source: str, target: str, how: Subtype = IDENTITY, *, masked: bool = False) -> Edge:
    return (source, target, how, masked)


def unclassified(store: Store) -> list[Conflict]:
    return [each for each in conflicts(store) if each.kind is ConflictKind.UNCLASSIFIED]


def places(found: list[Conflict]) -> dict[str, tuple[str, ...]]:
    return {f"{each.dataset}.{each.column}": each.tags for each in found}


def chain(store: Store, *, first: Edge, second: Edge) -> None:
    """A personal column of preprocessed, through clean, into gold, which calls it public."""
    promise(store, "preprocessed.people", mail=MAIL)
    promise(store, "clean.people", contact={})
    promise(store, "gold.people", contact=PUBLIC)
    tell(store, [first])
    tell(store, [second])


@pytest.mark.parametrize("how", [IDENTITY, CHANGED, SUM])
def test_a_tag_travels_along_direct_transformations(store: Store, how: Subtype) -> None:
    chain(
        store,
        first=copied("preprocessed.people.mail", "clean.people.contact", how),
        second=copied("clean.people.contact", "gold.people.contact", how),
    )
    found = unclassified(store)
    assert places(found) == {"clean.people.contact": ("pii:email",), "gold.people.contact": ("pii:email",)}
    assert str(found[1].paths[0]) == "preprocessed.people.mail → clean.people.contact → gold.people.contact"
    assert str(found[1]) == (
        "gold.people.contact inherits pii:email unmasked from preprocessed.people.mail, "
        "and its contract does not say so"
    )


@pytest.mark.parametrize(
    "stopped",
    [
        {"masked": True},
        {"how": Subtype.JOIN},
        {"how": Subtype.FILTER},
        {"how": Subtype.GROUP_BY},
        {"how": Subtype.CONDITIONAL},
    ],
)
def test_it_stops_at_masking_and_at_what_only_decides(store: Store, stopped: dict[str, Any]) -> None:
    chain(
        store,
        first=copied("preprocessed.people.mail", "clean.people.contact", **stopped),
        second=copied("clean.people.contact", "gold.people.contact"),
    )
    assert unclassified(store) == []
    (found,) = sensitivity(store, "gold.people.contact")
    assert found.inherited == ()
    assert found.masked == (("pii:email",) if "masked" in stopped else ())


def test_it_survives_when_a_way_without_masking_remains(store: Store) -> None:
    promise(store, "preprocessed.people", mail=MAIL)
    promise(store, "gold.people", token=PUBLIC)
    tell(
        store,
        [
            copied("preprocessed.people.mail", "clean.tokens.token", CHANGED, masked=True),
            copied("clean.tokens.token", "gold.people.token"),
        ],
    )
    (found,) = sensitivity(store, "gold.people.token")
    assert (found.inherited, found.masked) == ((), ("pii:email",))
    tell(store, [copied("preprocessed.people.mail", "gold.people.token")])
    (found,) = sensitivity(store, "gold.people.token")
    assert (found.inherited, found.masked) == (("pii:email",), ())
    assert places(unclassified(store)) == {"gold.people.token": ("pii:email",)}


def test_contracts_that_call_zones_by_other_words_count(tmp_path: Path) -> None:
    aliases = {"production": "gold", "landing": "preprocessed"}
    store = Store(stores.ready(tmp_path / "governance.db"), zone_aliases=aliases)
    for dataset, word, column in (
        ("preprocessed.people", "landing", {"mail": MAIL}),
        ("gold.people", "production", {"contact": PUBLIC, "mail": {"tags": ["pii:email"]}}),
    ):
        text = contract(dataset, column).text.replace(f'"{dataset}"', f'"{word}.people"')
        store.contracts.put(parse_contract(text, DatasetName.parse(dataset), aliases=aliases))
    ends = ("gold.people.contact", "gold.people.mail")
    tell(store, [copied("preprocessed.people.mail", each) for each in ends])
    assert places(unclassified(store)) == {"gold.people.contact": ("pii:email",)}
    store.dispose()


BUYER: dict[str, Any] = {
    "logicalType": "object",
    "properties": [
        {"name": "mail", "logicalType": "string", "tags": ["pii:email"]},
        {"name": "note", "logicalType": "string"},
    ],
}
GUESTS: dict[str, Any] = {"logicalType": "array", "items": BUYER}
OTHERS: dict[str, Any] = BUYER | {"properties": [{"name": "mail", "logicalType": "string"}]}


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ("mail", "contact", "contact"),
        ("MAIL", "contact", "contact"),
        ("mail", "CONTACT", "CONTACT"),
        ("buyer", "contact", "contact"),
        ("buyer.mail", "contact", "contact"),
        ("Buyer.Mail", "contact", "contact"),
        ("guests._element.mail", "contact", "contact"),
        ("buyer.note", "contact", None),
        ("mail", "others.mail", "others.mail"),
        ("mail", "others.unknown", "others.unknown"),
        ("mail", "buyer.mail", None),
        ("mail", "gone", None),
    ],
)
def test_names_of_columns_and_fields_are_read_as_producers_write_them(
    store: Store, source: str, target: str, found: str | None
) -> None:
    promise(store, "preprocessed.people", mail=MAIL, buyer=BUYER, guests=GUESTS)
    promise(store, "gold.people", contact=PUBLIC, buyer=BUYER, others=OTHERS)
    tell(store, [copied(f"preprocessed.people.{source}", f"gold.people.{target}")])
    assert [each.column for each in unclassified(store)] == ([found] if found else [])


def test_a_wide_dataset_is_walked_a_few_times(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_gov.store.lineage.column_walking import ColumnWalks

    promise(store, "preprocessed.people", **{f"c{number}": MAIL for number in range(300)})
    ends = [(f"preprocessed.people.c{n}", f"clean.people.c{n}") for n in range(300)]
    tell(store, [copied(*each) for each in ends])
    starts: list[int] = []
    walk = ColumnWalks.columns

    def counted(self: ColumnWalks, start: list[Any], *args: Any, **more: Any) -> Any:
        starts.append(len(start))
        return walk(self, start, *args, **more)

    monkeypatch.setattr(ColumnWalks, "columns", counted)
    found = sensitivity(store, "clean.people")
    assert {each.inherited for each in found} == {("pii:email",)}
    assert (len(found), starts) == (300, [200, 100])


@pytest.mark.parametrize("masked", [(True, False), (False, True)])
def test_it_survives_when_one_way_of_several_between_two_columns_is_open(
    store: Store, masked: tuple[bool, bool]
) -> None:
    """As in ``md5(mail) || mail``: one column comes from the other in two ways."""
    promise(store, "preprocessed.people", mail=MAIL)
    promise(store, "gold.people", contact=PUBLIC)
    ends = ("preprocessed.people.mail", "gold.people.contact")
    tell(store, [copied(*ends, CHANGED, masked=each) for each in masked])
    assert places(unclassified(store)) == {"gold.people.contact": ("pii:email",)}
    (found,) = sensitivity(store, "gold.people.contact")
    assert (found.inherited, found.masked) == (("pii:email",), ())


def test_what_decides_which_masked_value_it_is_opens_nothing(store: Store) -> None:
    """As in ``CASE WHEN mail LIKE '%x' THEN md5(mail) END``."""
    promise(store, "preprocessed.people", mail=MAIL)
    promise(store, "gold.people", contact=PUBLIC)
    ends = ("preprocessed.people.mail", "gold.people.contact")
    tell(store, [copied(*ends, CHANGED, masked=True), copied(*ends, Subtype.CONDITIONAL)])
    assert unclassified(store) == []


def test_a_contract_that_says_so_is_no_conflict_and_the_next_to_say_so_is_the_origin(store: Store) -> None:
    chain(
        store,
        first=copied("preprocessed.people.mail", "clean.people.contact"),
        second=copied("clean.people.contact", "gold.people.contact"),
    )
    promise(store, "clean.people", contact={"tags": ["pii:email"]})
    (found,) = unclassified(store)
    assert str(found.paths[0].origin) == "clean.people.contact"
    (told,) = sensitivity(store, "gold.people.contact")
    assert [str(path.origin) for path in told.paths] == ["clean.people.contact", "preprocessed.people.mail"]
    promise(store, "gold.people", contact={"tags": ["pii:email"]})
    assert unclassified(store) == []


def test_what_is_personal_lies_in_sensitive_only(store: Store) -> None:
    promise(store, "gold.people", mail=MAIL, nick={"tags": ["pii:name"]}, id={})
    promise(store, "sensitive.people", mail=MAIL)
    promise(store, "preprocessed.people", mail=MAIL)
    found = list(conflicts(store))
    assert {(each.column, each.kind, each.restricted) for each in found} == {
        ("mail", ConflictKind.OUTSIDE, True),
        ("nick", ConflictKind.OUTSIDE, False),
    }
    assert str(found[0]) == "gold.people.mail is pii:email and lies in gold, not in sensitive"
    assert list(conflicts(store, [Zone.CLEAN])) == []


def test_restricted_without_a_tag_travels_as_its_classification(store: Store) -> None:
    promise(store, "sensitive.pay", salary={"classification": "confidential"})
    promise(store, "work.pay", salary={})
    tell(store, [copied("sensitive.pay.salary", "work.pay.salary")])
    assert places(unclassified(store)) == {"work.pay.salary": ("confidential",)}


def test_tags_of_events_travel_too(store: Store) -> None:
    tags = {"raw.vendor": {"tags": (TagFacts("pii", "phone", "tel"),)}}
    promise(store, "clean.vendor", phone={})
    tell(store, [copied("raw.vendor.tel", "clean.vendor.phone")], **tags)
    assert places(unclassified(store)) == {"clean.vendor.phone": ("pii:phone",)}


def test_several_tags_come_together_and_a_circle_ends(store: Store) -> None:
    promise(store, "sensitive.people", mail=MAIL, phone={"tags": ["pii:phone"]})
    promise(store, "gold.people", contact={})
    promise(store, "clean.people", contact={})
    tell(
        store,
        [
            copied("sensitive.people.mail", "clean.people.contact"),
            copied("sensitive.people.phone", "clean.people.contact"),
            copied("clean.people.contact", "gold.people.contact"),
            copied("gold.people.contact", "clean.people.contact"),
        ],
    )
    found = places(unclassified(store))
    assert {name: set(tags) for name, tags in found.items()} == {
        "clean.people.contact": {"pii:email", "pii:phone"},
        "gold.people.contact": {"pii:email", "pii:phone"},
    }


def test_a_dataset_without_a_contract_says_nothing_and_a_column_that_is_gone_is_no_conflict(
    store: Store,
) -> None:
    promise(store, "sensitive.people", mail=MAIL)
    promise(store, "gold.other", id={})
    tell(
        store,
        [
            copied("sensitive.people.mail", "gold.bare.mail"),
            copied("sensitive.people.mail", "gold.other.mail"),
        ],
    )
    assert places(unclassified(store)) == {"gold.bare.mail": ("pii:email",)}


def test_walks_that_find_too_much_at_once_are_parted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {f"c{number}": MAIL for number in range(7)}
    promise(store, "sensitive.people", **columns)
    promise(store, "gold.people", **{name: {} for name in columns})
    tell(store, [copied(f"sensitive.people.{name}", f"gold.people.{name}") for name in columns])
    monkeypatch.setattr(module, "MOST", 2)
    assert [each.column for each in unclassified(store)] == sorted(columns)


def test_names_with_html_and_sql_are_names(store: Store) -> None:
    name = "<b>'; DROP TABLE x; --</b>"
    promise(store, "sensitive.people", **{name: MAIL})
    promise(store, "gold.people", **{name: {}})
    tell(store, [copied(f"sensitive.people.{name}", f"gold.people.{name}")])
    assert places(unclassified(store)) == {f"gold.people.{name}": ("pii:email",)}


def test_each_column_of_a_dataset_is_told(store: Store) -> None:
    promise(store, "sensitive.people", mail=MAIL)
    promise(store, "gold.people", mail=PUBLIC, age={})
    edges = [copied("sensitive.people.mail", "gold.people.mail"), copied("clean.a.age", "gold.people.age")]
    tell(store, edges)
    found = {each.place.column: each for each in sensitivity(store, "gold.people")}
    assert {name: each.inherited for name, each in found.items()} == {"mail": ("pii:email",), "age": ()}
    assert (found["mail"].zone, found["mail"].classification, found["mail"].tags) == ("gold", "public", ())


def test_a_column_that_nobody_knows_is_refused(store: Store) -> None:
    promise(store, "sensitive.people", mail=MAIL)
    tell(store, [copied("sensitive.people.mail", "gold.people.mail")])
    with pytest.raises(GovernanceError) as caught:
        sensitivity(store, "gold.people.nothing")
    assert caught.value.reason is Reason.COLUMN_UNKNOWN


def test_an_empty_store_has_no_conflicts(store: Store) -> None:
    assert list(conflicts(store)) == []
