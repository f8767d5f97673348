"""Dead letters: events that could not be taken in, with what was wrong."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from airflow_gov.model.intake import DeadLetter
from airflow_gov.model.lineage import Origin
from airflow_gov.store.lineage_tables import dead_letter as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.store.database import Database

#: Bytes that are kept of an event that was refused.
LONGEST_BODY = 64 * 1024


class Letters:
    """Events that were refused, so that nobody has to wonder where they went."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep events that were refused; of long ones the beginning."""
        if letters:
            with self._database.transaction() as connection:
                connection.execute(insert(table), [_row(letter) for letter in letters])

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Events that were refused, newest first."""
        query = select(table).order_by(table.c.letter_id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def dead_letter(self, letter_id: int) -> DeadLetter | None:
        """One of them."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.letter_id == letter_id)).mappings().first()
        return None if row is None else _read(row)

    def count(self) -> int:
        """How many events were refused and are kept."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _row(letter: DeadLetter) -> dict[str, Any]:
    return {
        "received_at": letter.received_at,
        "origin": letter.origin,
        "token_id": letter.token_id,
        "path": letter.path,
        "reason": letter.reason,
        "body": zlib.compress(letter.body[:LONGEST_BODY], 1),
        "size": letter.size or len(letter.body),
    }


def _read(row: Any) -> DeadLetter:
    return DeadLetter(
        received_at=row["received_at"],
        origin=Origin(row["origin"]),
        token_id=row["token_id"],
        path=row["path"],
        reason=row["reason"],
        body=zlib.decompress(row["body"]),
        size=row["size"],
        letter_id=row["letter_id"],
    )
