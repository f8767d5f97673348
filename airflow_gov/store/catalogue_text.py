"""The words of datasets in the database's own full-text index: FTS5 on SQLite, ``tsvector`` on PostgreSQL.

Both are given words and not texts, and are asked for words: what is a word is decided here alike for both
(:mod:`airflow_gov.model.words`), so both find the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from airflow_gov.model.words import words_of
from airflow_gov.store.catalogue_tables import catalogue, words_index
from airflow_gov.store.catalogue_tables import catalogue_text as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.zones import DatasetName

#: Where words are looked for, from the name alone to everything that is told: a place's number is the rank of
#: what is found there first.
PLACES = ("named", "titled", "told")

_MODULE = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'gov_catalogue_words'")
_FORGET = text(
    "INSERT INTO gov_catalogue_words (gov_catalogue_words, rowid, named, titled, told) "
    "VALUES ('delete', :rowid, :named, :titled, :told)"
)


def write_words(connection: Connection, dataset: DatasetName, contract: Contract | None) -> int:
    """Let a dataset be found by what its contract tells, and by its name alone where it has none.

    :param contract: its contract, where that is brought into use; None: what was told stays.
    :returns: the number of its words. Its row of the catalogue is there, and locked.
    """
    known = connection.execute(select(table).where(table.c.dataset == str(dataset))).mappings().first()
    if known is not None and contract is None:
        return int(known["text_id"])
    values = _words(connection, dataset, contract)
    if known is None:
        told = insert(table).values(dataset=str(dataset), **values).returning(table.c.text_id)
        text_id = int(connection.execute(told).scalar_one())
    else:
        text_id = int(known["text_id"])
        connection.execute(update(table).where(table.c.text_id == text_id).values(values))
    if has_index(connection):
        if known is not None:
            connection.execute(_FORGET, {"rowid": text_id} | {place: known[place] for place in PLACES})
        connection.execute(
            insert(words_index).values(rowid=text_id, **{place: values[place] for place in PLACES})
        )
    return text_id


def has_index(connection: Connection) -> bool:
    """Whether SQLite's full-text index is there. Without it all words are read at every search."""
    return connection.dialect.name == "sqlite" and connection.execute(_MODULE).first() is not None


def found_in(connection: Connection, place: str, words: Sequence[str]) -> ColumnElement[bool]:
    """Whether each of the words begins a word of a dataset of the catalogue.

    :param place: one of :data:`PLACES`.
    :param words: as :func:`~airflow_gov.model.words.words_of` gives them.
    """
    if connection.dialect.name == "postgresql":
        wanted = " & ".join(f"'{word}':*" for word in words)
        matches: ColumnElement[bool] = table.c[place].op("@@")(cast(literal(wanted), TSQUERY))
        return catalogue.c.text_id.in_(select(table.c.text_id).where(matches))
    if has_index(connection):
        asked = " AND ".join(f'"{word}" *' for word in words)
        matches = column("gov_catalogue_words").op("MATCH")(bindparam(None, f"{{{place}}} : ({asked})"))
        return catalogue.c.text_id.in_(select(words_index.c.rowid).where(matches))
    within = [func.instr(table.c[place], literal(f" {word}")) > 0 for word in words]
    return catalogue.c.text_id.in_(select(table.c.text_id).where(and_(*within)))


def written(dialect: str, words: Sequence[str]) -> str:
    """Words as the database's column takes them."""
    return " ".join(f"'{word}'" for word in words) if dialect == "postgresql" else " " + " ".join(words)


def _words(connection: Connection, dataset: DatasetName, contract: Contract | None) -> dict[str, Any]:
    named = words_of([str(dataset)], parts=True)
    if contract is None:
        titles, told, undescribed = [], [], []
    else:
        parts = [part for column in contract.columns for part in (column, *column.fields)]
        titles = words_of([part.name for part in parts], parts=True)
        tags = [*contract.tags, *(tag for part in parts for tag in part.tags)]
        meanings = [part.description for part in parts]
        people = [contract.owner or "", *contract.stewards]
        told = words_of([contract.description, *people, *tags, *meanings])
        undescribed = [column.name for column in contract.columns if not column.description.strip()]
    titled = list(dict.fromkeys([*named, *titles]))
    everything = list(dict.fromkeys([*titled, *told]))
    dialect = connection.dialect.name
    return {
        "named": written(dialect, named),
        "titled": written(dialect, titled),
        "told": written(dialect, everything),
        "undescribed": undescribed,
    }
