from __future__ import annotations

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.store import Store
from airflow_gov.store.url import StoreUrl

SECRET = "s3cr/et@:%"
QUOTED = "s3cr%2Fet%40%3A%25"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgresql_means_psycopg2(scheme: str) -> None:
    parsed = StoreUrl.parse(f"{scheme}://ana:{QUOTED}@db.example.org:5433/gov?sslmode=require")
    assert parsed.url.drivername == "postgresql+psycopg2"
    assert parsed.url.password == SECRET
    assert parsed.url.query["sslmode"] == "require"
    assert str(parsed) == "postgresql://db.example.org:5433/gov"


def test_another_driver_may_be_named() -> None:
    assert StoreUrl.parse("postgresql+psycopg://h/d").url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:////srv/gov.db", "sqlite:////srv/gov.db"),
        ("sqlite:///gov.db", "sqlite:///gov.db"),
        (f"postgresql://u:{QUOTED}@/gov?host=/var/run&password=other", "postgresql:///var/run/gov"),
        ("postgresql://u@/gov?host=a:1&host=b:2", "postgresql://a:1,b:2/gov"),
        ("postgresql:///gov", "postgresql://localhost/gov"),
    ],
)
def test_people_see_where_it_is_and_nothing_else(text: str, shown: str) -> None:
    assert str(StoreUrl.parse(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "/var/lib/gov.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u:s3cret-word@h/d",
        "postgresql://u:s3cret-word/x@h:port/d",
        "postgresql://u:p@s3cret-word:nan/d",
    ],
)
def test_what_is_no_store_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(GovernanceError, match=r"\[airflow_gov\] sql_alchemy_conn") as caught:
        Store(text)
    assert caught.value.reason is Reason.CONFIGURATION_INVALID
    assert "s3cret-word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_is_taken_out_of_what_a_driver_says() -> None:
    url = StoreUrl.parse("postgresql://u:hunter2@h/d?sslpassword=topsecret")
    assert url.redact("bad dsn u:hunter2 topsecret") == "bad dsn u:*** ***"
