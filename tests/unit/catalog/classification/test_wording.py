"""What a column's name says."""

from __future__ import annotations

import pytest

from airflow_gov.catalog.classification.wording import said, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customer_email", ("customer", "email")),
        ("customerEMailAddress", ("customer", "e", "mail", "address")),
        ("HTTPServerIP", ("http", "server", "ip")),
        ("FECHA DE NACIMIENTO", ("fecha", "de", "nacimiento")),
        ("Straße", ("strasse",)),
        ("prénom", ("prenom",)),
        ("address2", ("address", "2")),
        ("'; DROP TABLE x; --", ("drop", "table", "x")),
        ("<b>email</b>", ("b", "email", "b")),
        ("電話番号", ("電話番号",)),
        ("", ()),
    ],
)
def test_a_name_is_its_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize("name", ["first_name", "firstname", "cust_first_name", "FirstName", "first name"])
def test_a_phrase_is_said_in_one_word_or_in_several(name: str) -> None:
    assert said(words_of(name), ("last name", "first name")) == ("first name",)


def test_a_part_of_a_word_says_nothing() -> None:
    assert said(words_of("shipment_zip"), ("ip",)) == ()


def test_a_name_of_a_million_letters_is_looked_at_in_part() -> None:
    assert len("".join(words_of("x" * 1_000_000))) == 300
