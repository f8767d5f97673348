"""The sensitive split: who gets which column, and tokens equal to Python's hmac."""

from __future__ import annotations

import hmac
from decimal import Decimal

import pytest

from airflow_gov.model.errors import GovernanceError, Reason

KEY = b"0123456789abcdef0123456789abcdef"
SOURCE = {"id": "long", "email": "string", "phone": "string", "seat": "string", "price": "decimal(8, 2)"}


@pytest.fixture
def passengers(make_table):
    select = """SELECT i AS id, '+' || i AS phone, i || 'A' AS seat, i * 1.5::DECIMAL(8, 2) AS price,
        CASE i WHEN 0 THEN '' WHEN 1 THEN 'zoë@example.org' END AS email, 'l' AS _load_id
        FROM range(3) t(i)"""
    return make_table("clean.passengers", select, **SOURCE)


@pytest.fixture
def source_contract(make_contract):
    return make_contract("clean.passengers", keys=("id",), restricted=("email", "phone"), **SOURCE)


@pytest.fixture
def split(engine, passengers, source_contract, tmp_path):
    folders = (tmp_path / "sensitive", tmp_path / "other")
    for path in folders:
        path.mkdir()

    def split(sensitive, target, *, key=KEY, source=source_contract):
        return engine.split(
            passengers,
            source,
            sensitive,
            target,
            key=key,
            load_id="l2",
            sensitive_folder=folders[0],
            target_folder=folders[1],
        )

    split.folders = folders
    return split


def token(text: str, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode(), "sha256").hexdigest()


@pytest.mark.parametrize("key", [b"k" * 16, b"k" * 64, b"k" * 65, bytes(range(256))])
def test_tokens_are_hmac_sha256_and_join_both_sides(split, make_contract, read_rows, key):
    sensitive = make_contract(
        "sensitive.passengers", id_token="string", email="string", phone="string", id="long"
    )
    target = make_contract(
        "gold.passengers", id_token="string", email_token="string", seat="string", price="decimal(8, 2)"
    )
    first, second = split(sensitive, target, key=key)

    assert (first.rows, first.rows_read, second.rows) == (3, 3, 3)
    restricted = dict(read_rows(split.folders[0], "id_token, email"))
    assert restricted == {token("0", key): "", token("1", key): "zoë@example.org", token("2", key): None}
    others = {
        row[0]: row[1:] for row in read_rows(split.folders[1], "id_token, email_token, seat, price, _load_id")
    }
    assert others[token("1", key)] == (token("zoë@example.org", key), "1A", Decimal("1.50"), "l2")
    assert others[token("0", key)][0] == token("", key)
    assert others[token("2", key)][0] is None


SENSITIVE = {"id_token": "string", "email": "string", "phone": "string"}
TARGET = {"id_token": "string", "seat": "string"}


@pytest.mark.parametrize(
    ("sensitive", "target", "told"),
    [
        (SENSITIVE, {**TARGET, "email": "string"}, "take email_token instead"),
        ({"id_token": "string", "email": "string"}, TARGET, "it lacks phone, restricted in clean.passengers"),
        ({"email": "string", "phone": "string"}, TARGET, "it lacks id_token"),
        (SENSITIVE, {"seat": "string"}, "it lacks id_token"),
        (SENSITIVE, {**TARGET, "nick": "string"}, "nick: no columns of clean.passengers"),
        (SENSITIVE, {**TARGET, "nick_token": "string"}, "nick_token: no columns of clean.passengers"),
    ],
)
def test_contracts_that_would_leak_lose_or_not_join_are_refused(
    split, make_contract, sensitive, target, told
):
    with pytest.raises(GovernanceError) as caught:
        split(make_contract("sensitive.passengers", **sensitive), make_contract("gold.passengers", **target))
    assert caught.value.reason is Reason.CONTRACT_INVALID
    assert told in str(caught.value)
    assert not any(list(folder.iterdir()) for folder in split.folders)


def test_a_source_without_a_primary_key_is_refused(split, make_contract):
    source = make_contract("clean.passengers", restricted=("email", "phone"), **SOURCE)
    with pytest.raises(GovernanceError, match="no primary key"):
        split(make_contract("sensitive.p", **SENSITIVE), make_contract("gold.p", **TARGET), source=source)


def test_a_failure_leaves_both_folders_empty_and_does_not_tell_the_key(split, make_contract):
    target = make_contract("gold.passengers", id_token="string", seat="int")
    with pytest.raises(GovernanceError) as caught:
        split(make_contract("sensitive.passengers", **SENSITIVE), target, key=b"top-secret-key-of-24-byt")
    assert caught.value.reason is Reason.TRANSFORM_FAILED
    told = f"{caught.value} {caught.value.__cause__} {caught.value.attributes}"
    assert "top-secret" not in told
    assert "746f702d" not in told.lower()
    assert not any(list(folder.iterdir()) for folder in split.folders)
