"""The drill of a breach: where data lives, how it got there, who read it, whom to call."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy

from airflow_gov.catalog.incident import Asked, SubjectKey, gather, to_html
from airflow_gov.lineage.ingesting import Intake
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo, DataRef, Role, Status
from airflow_gov.model.lineage import Origin
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import lineage_graphs as shops
from support import records, stores
from support.healthy_lake import DELIVERY, OWNER, STEWARD, HealthyLake


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop whose lineage is known, without a lake."""
    home = tmp_path_factory.mktemp("shop")
    stores.ready(home / "airflow_gov" / "governance.db")
    governance = Governance(Settings.load({"AIRFLOW_HOME": str(home)}))
    shops.fill(governance.store)
    yield governance
    governance.close()


@pytest.fixture(scope="module")
def bookings(tmp_path_factory):
    """A lake in which guests book, with the lineage of their addresses."""
    lake = HealthyLake.make(tmp_path_factory.mktemp("bookings") / "home")
    intake = Intake(lambda: lake.governance.store, own_namespace="default")
    taken = intake.take([typing_event(), split_event()], origin=Origin.TRANSPORT)
    assert (taken.accepted, taken.refused) == (2, ())
    yield lake
    lake.close()


def dataset(name: str, *columns: str) -> dict[str, Any]:
    """A dataset of the lake as OpenLineage is told of it."""
    fields = [{"name": column, "type": "string"} for column in columns]
    same = {"namespace": "airflow-gov", "name": name, "type": "TABLE"}
    facets = {"schema": {"fields": fields}, "symlinks": {"identifiers": [same]}}
    return {"namespace": "file", "name": f"/lake/{name}", "facets": facets}


def derived(*, masking: bool) -> dict[str, Any]:
    """That a column comes from the address that was typed."""
    kind = {"type": "DIRECT", "subtype": "IDENTITY", "masking": masking}
    source = {"namespace": "file", "name": "/lake/preprocessed.bookings", "field": "email"}
    return {"inputFields": [{**source, "transformations": [kind]}]}


def event(task: str, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The end of a task."""
    return {
        "eventType": "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(),
        "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid4())},
        "job": {"namespace": "default", "name": f"bookings.{task}"},
        "inputs": inputs,
        "outputs": outputs,
    }


def typing_event() -> dict[str, Any]:
    """The file, typed."""
    return event("type", [dataset("raw.bookings")], [dataset("preprocessed.bookings", "email")])


def split_event() -> dict[str, Any]:
    """The addresses in sensitive, tokens of them in clean."""
    guests, clean = dataset("sensitive.guests", "email"), dataset("clean.bookings", "email_token")
    guests["facets"] |= {"columnLineage": {"fields": {"email": derived(masking=False)}}}
    clean["facets"] |= {"columnLineage": {"fields": {"email_token": derived(masking=True)}}}
    return event("split", [dataset("preprocessed.bookings", "email")], [guests, clean])


def homes(incident):
    return {home.dataset: ("masked" if home.masked else "readable", home.columns) for home in incident.homes}


def test_a_column_is_told_in_every_place_under_every_name(shop):
    found = gather(shop, Asked(column="preprocessed.customers.mail"))
    assert homes(found) == {
        "preprocessed.customers": ("readable", ("mail",)),
        "sensitive.customers_identity": ("readable", ("email",)),
        "clean.customers": ("masked", ("email_hash",)),
        "gold.customer_value": ("masked", ("email_hash",)),
        "raw.customers": ("readable", ()),
    }
    assert found.origins == ("s3://vendor-drop/crm/customers.csv",)
    assert {load.dataset for load in found.loads} == {"preprocessed.customers", "raw.customers"}
    assert {"features/customer_features", "work.ana_churn"} <= set(found.derived)
    assert {"clean_shop.customers", "clean_shop.customers_identity"} <= set(found.readers)
    assert [contact.roles for contact in found.contacts] == [("owner",), ("steward",)]


def test_reads_are_those_since_then_the_newest_first(shop):
    every = gather(shop, Asked(dataset="preprocessed.customers")).reads
    late = gather(shop, Asked(dataset="preprocessed.customers", since=datetime(2026, 3, 2, tzinfo=UTC))).reads
    assert len(every) == 2 * len(late) == 6
    assert [read.at for read in late] == sorted((read.at for read in late), reverse=True)
    assert {read.who for read in every} == {"airflow"}


def test_who_read_a_column_is_told_apart_from_who_may_have(shop):
    store, at = shop.store, datetime(2026, 3, 9, tzinfo=UTC)
    columns = (ColumnInfo("mail", "string"),)
    read = DataRef(Role.SOURCE, "preprocessed.customers", 1, 1, columns=columns, rows=3)
    looked_at = replace(read, columns=(), rows=None)
    for name, data in (("notebook", (read, replace(read, version=2))), ("sensor", (looked_at,))):
        own = records.finished(name, dag_id="adhoc", task_id=name, start=at, end=at, data=data)
        store.executions.finish(own)
    mail = gather(shop, Asked(column="preprocessed.customers.mail", since=at))
    assert mail.reads == ()
    assert [(each.task_id, each.version) for each in mail.possible_reads] == [("notebook", 2)]
    assert gather(shop, Asked(column="preprocessed.customers.mail")).reads
    whole = gather(shop, Asked(dataset="preprocessed.customers", since=at))
    assert [each.task_id for each in whole.reads] == ["notebook"]
    assert whole.possible_reads == ()
    assert ("Who may have read it" in to_html(mail), "Who may have read it" in to_html(whole)) == (
        True,
        False,
    )


def test_reads_by_tasks_that_use_other_columns_are_counted_and_not_told(bookings):
    found = gather(bookings.governance, Asked(column="preprocessed.bookings.email"))
    assert {each.dataset for each in found.reads} == {"preprocessed.bookings", "raw.bookings"}
    assert found.possible_reads == ()
    assert "Reads of these datasets by tasks that use other columns, as lineage tells: 1." in found.left_out


def test_many_reads_take_no_more_statements_than_few(shop):
    asked = Asked(dataset="preprocessed.customers")
    before = statements(lambda: gather(shop, asked))
    read = DataRef(Role.SOURCE, "preprocessed.customers", 1, 1, columns=(ColumnInfo("mail", "string"),))
    for number in range(30):
        shop.store.executions.finish(records.finished(f"many-{number}", task_id="many", data=(read,)))
    told = []
    assert statements(lambda: told.append(gather(shop, asked))) == before
    assert sum(each.task_id == "many" for each in told[0].reads) == 30


def statements(act):
    """How many statements something sends to databases."""
    sent = []

    def count(*arguments):
        sent.append(arguments)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
    try:
        act()
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", count)
    return len(sent)


def test_what_is_read_since_before_that_moment_counts(shop):
    """Also when it has not ended, unless it began so long before that it was killed."""
    since = datetime(2026, 4, 9, tzinfo=UTC)
    read = DataRef(Role.SOURCE, "clean.customers", 1, 1, columns=(ColumnInfo("id", "string"),))
    for name, days, end in (
        ("ended", 1, since),
        ("before", 1, since - timedelta(hours=1)),
        ("on", 1, None),
        ("lost", 30, None),
    ):
        start = since - timedelta(days=days)
        own = records.execution(name, task_id=name, start=start, data=(read,))
        ended = replace(own, status=Status.SUCCESS, end=end) if end is not None else own
        shop.store.executions.finish(ended)
    found = gather(shop, Asked(dataset="clean.customers", since=since))
    assert {each.task_id for each in found.reads} == {"ended", "on"}


def test_versions_are_those_that_could_be_read_since_then(shop):
    (home,) = gather(
        shop, Asked(dataset="gold.customer_value", since=datetime(2026, 3, 2, tzinfo=UTC))
    ).homes[:1]
    assert [version.version for version in home.versions] == [2, 1], (
        "the first one was current at that moment"
    )


def test_a_persons_rows_are_counted_where_they_can_be_seen(bookings):
    key = SubjectKey.parse("preprocessed.bookings.email=guest2@example.com")
    found = gather(bookings.governance, Asked(subject=key))
    told = {home.dataset: home.subject for home in found.homes}
    assert told["preprocessed.bookings"].rows == told["sensitive.guests"].rows == 1
    assert len(told["sensitive.guests"].load_ids) == 1
    assert (told["clean.bookings"].rows, told["clean.bookings"].why) == (None, "the key is masked there")
    assert told["raw.bookings"].why == "it lies in files as they were delivered"
    assert {contact.name for contact in found.contacts} == {OWNER, STEWARD}
    assert "guest2" not in str(found) + to_html(found) + repr(key)


def test_rows_that_were_set_aside_are_a_persons_rows_too(tmp_path):
    lake = HealthyLake.make(tmp_path / "home")
    unreadable = '5,"ana ""x"" guest5@example.com",mx,never\n'
    (lake.folder / "bookings.csv").write_text(DELIVERY + unreadable)
    lake.run()
    key = SubjectKey.parse("preprocessed.bookings.email=guest5@example.com")
    found = gather(lake.governance, Asked(subject=key))
    told = {home.dataset: home for home in found.homes}
    assert told["preprocessed.bookings"].subject.rows == 0
    aside = told["preprocessed.bookings__quarantine"]
    assert (aside.subject.rows, aside.columns, aside.masked) == (1, ("content",), False)
    assert (aside.owner, aside.stewards) == (OWNER, (STEWARD,))
    assert "guest5" not in str(found) + to_html(found)
    whole = gather(lake.governance, Asked(dataset="preprocessed.bookings"))
    assert homes(whole)["preprocessed.bookings__quarantine"] == ("readable", ())
    lake.close()


def test_a_dataset_that_no_event_told_of_is_told_from_the_store(bookings):
    bookings.governance.store.contracts.put(records.contract())
    found = gather(bookings.governance, Asked(dataset="clean.flights"))
    assert homes(found) == {"clean.flights": ("readable", ())}
    assert found.homes[0].owner == records.contract().owner
    assert "Lineage knows nothing of clean.flights" in found.left_out[0]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked(), Reason.PARAMETER_INVALID),
        (Asked(dataset="clean.customers", tag="pii"), Reason.PARAMETER_INVALID),
        (Asked(dataset="clean.nobody"), Reason.DATASET_UNKNOWN),
        (Asked(dataset="'; DROP TABLE gov_log; --"), Reason.DATASET_UNKNOWN),
        (Asked(column="nothing_is_called_so"), Reason.COLUMN_UNKNOWN),
        (Asked(tag="no:tag"), Reason.COLUMN_UNKNOWN),
    ],
)
def test_what_cannot_be_answered_is_refused(shop, asked, reason):
    with pytest.raises(GovernanceError) as refused:
        gather(shop, asked)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "text", ["", "email", "=x@example.com", "email=", "secret-1@example.com", "email=secret\udcff"]
)
def test_a_key_that_is_none_is_refused_and_not_repeated(text):
    with pytest.raises(GovernanceError) as refused:
        SubjectKey.parse(text)
    assert "secret" not in refused.value.message


def test_a_key_with_quotes_is_text(bookings):
    key = SubjectKey.parse("preprocessed.bookings.email=' OR 1=1 --")
    found = gather(bookings.governance, Asked(subject=key))
    assert {home.subject.rows for home in found.homes} == {0, None}


class Reader(HTMLParser):
    """The elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag, _attributes):
        self.tags.append(tag)


def test_the_page_is_one_file_in_which_names_are_text(shop):
    found = gather(shop, Asked(dataset="clean.customers"))
    page = to_html(replace(found, subject="<img src=x>", derived=("<img src=y>",)))
    reader = Reader()
    reader.feed(page)
    assert "img" not in reader.tags
    assert "script" not in reader.tags
    assert "&lt;img src=x&gt;" in page
    assert "default-src 'none'" in unescape(page)
