"""Which values each recogniser takes, as DuckDB and its check decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from airflow_gov.catalog.classification.leaves import column_leaf
from airflow_gov.catalog.classification.measuring import Measured, measure
from airflow_gov.catalog.classification.recognisers import RECOGNISERS, TAGS
from airflow_gov.catalog.classification.weighing import Weighed, chosen, weigh
from airflow_gov.model.classification import Evidence
from airflow_gov.model.zones import DatasetName
from airflow_gov.transform import DuckEngine

TAKEN: Mapping[str, list[str]] = {
    "email": [
        "ana@example.com",
        "O'Neil+tag@mail.example.co.uk",
        "ANA@EXAMPLE.COM",
        "jörg@münchen.example",
        "mailto:ana@example.com",
        "Ana Pérez <ana@example.com>",
        "please write to ana@example.com, thank you",
        "Ask (bob@example.org) first.\nThen wait",
        "  ana@example.com ",
    ],
    "phone": [
        "+49 30 901820",
        "+34 612 34 56 78",
        "0049-30-901820",
        "(212) 555-0187",
        "212.555.0187 x12",
        "06 12 34 56 78",
        "55 1234 5678",
        "030/901820123",
        "(11) 91234-5678",
    ],
    "card": ["4111111111111111", "5555 5555 5555 4444"],
    "iban": ["DE89370400440532013000", "de89 3704 0044 0532 0130 00"],
    "us_ssn": ["123-45-6780"],
    "mx_curp": ["HEGG560427MVZRRL04", "hegg560427mvzrrl04"],
    "mx_rfc": ["GODE561231GR8", "GODE-561231-GR8"],
    "national_id.es_dni": ["12345678Z", "X1234567L"],
    "national_id.br_cpf": ["529.982.247-25"],
    "national_id.gb_nino": ["AB 12 34 56 C", "AB123456C"],
    "national_id.fr_nir": ["255081416802538", "2 55 08 14 168 025 38"],
    "national_id.it_cf": ["RSSMRA85T10A562S"],
    "national_id.nl_bsn": ["111222333"],
    "national_id.pl_pesel": ["44051401359"],
    "national_id.de_steuer_id": ["86 095 742 719"],
    "national_id.ar_cuil": ["20-17254359-7"],
    "national_id.cl_rut": ["12.345.678-5"],
    "national_id.ca_sin": ["130 692 544"],
    "national_id.in_aadhaar": ["2341 2341 2346"],
    "ip": ["192.168.0.1", "8.8.200.8", "10.0.0.7", "2001:db8::1", "fe80::1%eth0", "192.168.0.0/24"],
    "person_name": [
        "Maria",
        "María José García López",
        "MÜLLER, JÜRGEN",
        "Jean-Pierre Dupont",
        "Dr. Anna Schmidt",
    ],
    "address": [
        "123 Main Street",
        "9 Elm Ave., Springfield, IL 62701",
        "P.O. Box 12",
        "Hauptstraße 5a, 10115 Berlin",
        "Goethestr. 12",
        "Calle Mayor 3, 2º B",
        "Av. Insurgentes Sur 1602",
        "12 bis, rue de la Paix",
        "Via Roma, 7",
        "Rua Augusta, 100",
        "Keizersgracht 12",
        "123 Main Street\nSpringfield, IL 62701",
    ],
}
#: Values that look like it and are not: for all recognisers.
NOTHING = [
    "4111111111111112",
    "1234567812345678",
    "9780306406157",
    "1.2.3.4",
    "10.15.7",
    "2024-01-31T12:30:00Z",
    "12:30:59",
    "icon@2x.png",
    "lodash@4.17.21",
    "git@github.com:ana/repository.git",
    "@handle",
    "550e8400-e29b-41d4-a716-446655440000",
    "d41d8cd98f00b204e9800998ecf8427e",
    "https://example.com/a?b=c",
    "SKU-12345",
    "Garden Hose",
    "San José",
    "Fort Charlotte",
    "\U0001f170",
    "3.14159",
    "-7",
    "'; DROP TABLE gov_log; --",
    "<script>alert(1)</script>",
    "https://ana@example.com/x",
    "000-12-3456",
]


def look(*columns: list[str | None], sample: int = 10_000) -> list[Measured]:
    """Measure columns of text, named c0, c1 … in a table with a name that must be quoted."""
    names = [f"c{place}" for place in range(len(columns))]
    table = pa.table([pa.array(column, pa.string()) for column in columns], names)
    with duckdb.connect() as connection:
        connection.register("given", table)
        connection.execute("""CREATE TABLE "a ""table" AS SELECT * FROM given""")

        def run(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        leaves = [column_leaf(name, "string") for name in names]
        return list(measure(run, 'a "table', leaves, rows=table.num_rows, sample=sample))


@pytest.fixture(scope="module")
def found() -> Mapping[str, Mapping[str, Evidence]]:
    """By recogniser whose examples stand in a column, what each recogniser finds there."""
    most = max(map(len, [*TAKEN.values(), NOTHING]))
    columns = [[*values, *[None] * (most - len(values))] for values in (*TAKEN.values(), NOTHING)]
    told = look(*columns)
    return {
        name: {recogniser.id: evidence for recogniser, evidence in measured.found}
        for name, measured in zip([*TAKEN, "nothing"], told, strict=True)
    }


@pytest.mark.parametrize("recogniser", list(TAKEN))
def test_its_values_are_taken(recogniser: str, found: Mapping[str, Mapping[str, Evidence]]) -> None:
    evidence = found[recogniser][recogniser]
    assert (evidence.values, evidence.matching) == (len(TAKEN[recogniser]),) * 2


def test_what_only_looks_like_it_is_taken_by_none(found: Mapping[str, Mapping[str, Evidence]]) -> None:
    taken = {name: evidence.matching for name, evidence in found["nothing"].items() if evidence.matching}
    assert taken == {}


def test_every_recogniser_but_those_of_plain_forms_has_examples_here() -> None:
    assert {each.id for each in RECOGNISERS} - set(TAKEN) == {"birth_date"}
    assert len({each.id for each in RECOGNISERS}) == len(RECOGNISERS)


def test_every_recogniser_names_the_source_of_its_rule() -> None:
    assert all(len(each.source) > 10 and each.tag in TAGS for each in RECOGNISERS)


def _weighed(name: str, values: list[str | None]) -> Iterator[Weighed]:
    for recogniser, evidence in look(values)[0].found:
        yield weigh(recogniser, name, evidence)


CARDS: list[str | None] = ["4111111111111111", "4012888888881881", "5555555555554444", "378282246310005"]
BORN = ["pii:birth_date"]
DAYS: list[str | None] = ["1971-03-04", "1980-12-31", "1999-01-01", "2001-07-09"]


#: Name of a column, its values, what is proposed.
CASES: list[tuple[str, list[str | None], list[str]]] = [
    ("x", ["ana@example.com", "bob@example.org", "n/a", "-"], ["pii:email"]),
    ("email", ["n/a", "unknown", "-", "?"], []),
    ("email", [None, None, "", "  "], ["pii:email"]),
    ("email_hash", [None, None], []),
    ("email_hash", ["9f86d081884c7d65", "2c26b46b68ffc68f"], []),
    ("email_hash", ["ana@example.com", "bob@example.org"], ["pii:email"]),
    ("x", CARDS, ["pii:card"]),
    ("note", [*CARDS[:2], "9999999999999995", "1", "2", "3", "4", "5", "6", "7"], []),
    ("birth_date", DAYS, ["pii:birth_date"]),
    ("order_date", DAYS, []),
    ("date_of_birth", ["1.2.1990", "3.4.1855", "31.12.1999", "29.02.2000"], ["pii:birth_date"]),
    ("dob", ["1980-03-04 23:00:00+00", "1999-07-01T22:00:00Z", "2001-07-09 18:30:00", "1971-01-01"], BORN),
    ("dob", ["1980-03-04 23:12:45", "1999-07-01T22:07:00Z", "2001-07-09 18:31:00"], []),
    ("email", ["a***@example.com", "j*n@example.org", "***@example.com"], []),
    ("birth_city", ["Berlin", "Essen", "Ulm"], []),
    (
        "contact",
        [*["ana@example.com", "bob@example.org"], *["+49 30 901820", "+34 612 345 678"]],
        ["pii:email", "pii:phone"],
    ),
    ("name", ["Oak Table", "Steel Kettle", "LED Lamp", "Garden Hose"], []),
    ("name", ["Maria Lopez", "Peter Schmidt", "Anne Dupont", "Xu Qwertz"], ["pii:name"]),
    ("first_name", ["Xóchitl", "Ngozi", "Þórdís", "Aoife"], ["pii:name"]),
    ("city", ["San Antonio", "Charlotte", "Austin", "Boston"], []),
    ("phone_type", ["home", "work", "mobile", "home"], []),
    ("ssn", ["123456780", "219456789", "345678901", "401234567"], ["pii:ssn"]),
    ("serial", ["123456780", "219456789", "345678901", "401234567"], []),
    ("IP", ["1.2.3.4", "10.0.0.1", "192.168.0.7", "172.16.4.9"], ["pii:ip"]),
    ("version", ["1.2.3.4", "1.2.3.5", "2.0.0.1", "10.0.0.1"], []),
]


@pytest.fixture(scope="module")
def decided() -> list[list[str]]:
    """What is proposed for each case, all looked at together."""
    most = max(len(values) for _, values, _ in CASES)
    told = look(*[[*values, *[None] * (most - len(values))] for _, values, _ in CASES])
    return [
        [
            each.recogniser.tag
            for each in chosen(weigh(recogniser, name, evidence) for recogniser, evidence in measured.found)
        ]
        for (name, _, _), measured in zip(CASES, told, strict=True)
    ]


@pytest.mark.parametrize("place", range(len(CASES)), ids=lambda place: f"{place}-{CASES[place][0]}")
def test_name_and_values_together_decide(place: int, decided: list[list[str]]) -> None:
    assert decided[place] == CASES[place][2]


def test_a_value_that_passes_its_check_by_accident_proves_less_than_four() -> None:
    one, four = (
        max(each.confidence for each in _weighed("x", list(values)) if each.recogniser.id == "card")
        for values in (CARDS[:1], CARDS)
    )
    assert 0.5 < one < four


def test_nothing_is_found_in_no_rows() -> None:
    assert all(evidence.values == 0 for _, evidence in look([])[0].found)


def test_a_huge_text_is_looked_at_in_part() -> None:
    (measured,) = look(["x" * 3_000_000, "ana@example.com " + "y" * 2_000_000, "ana@example.com"])
    evidence = {recogniser.id: each for recogniser, each in measured.found}["email"]
    assert (evidence.values, evidence.matching) == (3, 2)


def test_many_columns_are_sampled_some_at_a_time() -> None:
    measured = look(*[["ana@example.com"]] * 40)
    assert [each.name for each in measured] == [f"c{place}" for place in range(40)]
    assert all({r.id: e.matching for r, e in each.found}["email"] == 1 for each in measured)


def test_a_sample_is_as_large_as_was_said_and_the_same_each_time() -> None:
    values: list[str | None] = [f"u{number}@example.com" if number % 3 else "x" for number in range(20_000)]
    found = [{r.id: e for r, e in look(values, sample=500)[0].found}["email"] for _ in range(2)]
    assert found[0].values == 500
    assert found[0] == found[1]


@dataclass
class _File:
    """A table of one Parquet file, as the engine reads it."""

    path: Path
    schema: list[tuple[str, str]]
    rows: int
    dataset: DatasetName = field(default_factory=lambda: DatasetName.parse("clean.wide"))
    load_id: str | None = None

    @property
    def local_paths(self) -> list[str]:
        return [str(self.path)]

    def to_dataset(self) -> None:
        raise AssertionError("It is read from its file.")


def test_columns_that_do_not_fit_into_memory_together_are_read_apart(tmp_path: Path) -> None:
    columns, rows = 12, 20_000
    texts = ", ".join(f"repeat(chr({97 + n}), 400) || hash(i + {n}) AS c{n}" for n in range(columns))
    duckdb.sql(f"SELECT {texts} FROM range({rows}) t(i)").write_parquet(str(tmp_path / "wide.parquet"))
    table = _File(tmp_path / "wide.parquet", [(f"c{n}", "string") for n in range(columns)], rows)
    with DuckEngine(memory_limit="64MB", threads=1).query_tables({"wide": table}) as session:
        drawn: list[str] = []

        def run(sql: str) -> list[tuple[object, ...]]:
            drawn.extend([sql] if '"__sample" AS' in sql else [])
            return session(sql)

        leaves = [column_leaf(name, type_) for name, type_ in table.schema]
        measured = list(measure(run, "wide", leaves, rows=rows, sample=1_000))
    assert [each.name for each in measured] == [name for name, _ in table.schema]
    assert all(evidence.values == 1_000 for each in measured for _, evidence in each.found)
    assert len(drawn) > 1
