"""Samples of columns in DuckDB, and how many of their values each recogniser's forms match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_gov.catalog.classification.leaves import Leaf, columns_of, known_type
from airflow_gov.catalog.classification.recogniser import Form, Recogniser, kind_of
from airflow_gov.catalog.classification.recognisers import RECOGNISERS
from airflow_gov.model.classification import Evidence
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.sql_text import identifier, literal

#: Rows that are looked at, unless told otherwise.
DEFAULT_SAMPLE = 10_000
#: The most rows that may be asked for.
MOST_SAMPLE = 100_000

#: Columns that are sampled in one pass over the table, and values that are held at once.
_COLUMNS_AT_ONCE, _VALUES_AT_ONCE = 16, 320_000
#: The same rows are drawn from the same snapshot every time.
_SEED = 20_240_229
_CHOSEN, _SAMPLE, _SEEN = '"__chosen"', '"__sample"', '"__seen"'

#: Runs one statement of DuckDB and gives its rows.
Run = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A column or a field inside one, and what each recogniser that its type allows found in it.

    :param name: its name, or its path from the column on.
    :param type: its type as contracts write it.
    :param found: by recogniser, without what the name says.
    """

    name: str
    type: str
    found: tuple[tuple[Recogniser, Evidence], ...]


def measure(run: Run, table: str, columns: Sequence[Leaf], *, rows: int, sample: int) -> Iterator[Measured]:
    """Draw a sample of a table and look at its columns, some at a time.

    :param run: runs statements in a session of its own.
    :param table: the table's name there.
    :param columns: the columns, and the fields inside of them.
    :param rows: rows of the table.
    :param sample: rows to look at.
    """
    threads = int(run("SELECT current_setting('threads')")[0][0])
    width = max(1, min(_COLUMNS_AT_ONCE, _VALUES_AT_ONCE // sample))
    # One thread draws the same rows again; several would not.
    run("SET threads = 1")
    run(
        f"CREATE OR REPLACE TEMP TABLE {_CHOSEN} AS SELECT row FROM range(1, {rows} + 1) numbers(row) "
        f"USING SAMPLE reservoir({sample} ROWS) REPEATABLE ({_SEED})"
    )
    for first in range(0, len(columns), width):
        some = columns[first : first + width]
        for part in _draw(run, table, some, whole=rows <= sample):
            run(f"SET threads = {threads}")
            run(_see(part))
            yield from _Looking(run, part).measured()


def count_sample(rows: int, sample: int) -> int:
    """How many rows are looked at."""
    return min(rows, sample)


def _draw(run: Run, table: str, columns: Sequence[Leaf], *, whole: bool) -> Iterator[Sequence[Leaf]]:
    """Draw the chosen rows of columns: of all at once, or of halves where that does not fit into memory.

    :returns: the columns of which the sample is there, until the next are asked for.
    """
    run("SET threads = 1")
    try:
        run(_drawing(table, columns, whole=whole))
    except GovernanceError:
        if len(columns) == 1:
            raise
        middle = len(columns) // 2
        yield from _draw(run, table, columns[:middle], whole=whole)
        yield from _draw(run, table, columns[middle:], whole=whole)
    else:
        yield columns


def _drawing(table: str, columns: Sequence[Leaf], *, whole: bool) -> str:
    # Numbers of rows were drawn and not rows: a reservoir of long texts would not fit into memory.
    items = ", ".join(f"{leaf.kept} AS c{place}" for place, leaf in enumerate(columns))
    source = identifier(table)
    if not whole:
        names = columns_of(columns)
        own = ", ".join(map(identifier, names))
        # Longer than every column's name, and so no column's.
        number = identifier("n" * (1 + max(map(len, names))))
        numbered = f"SELECT {own}, row_number() OVER () AS {number} FROM {source}"
        source = f"({numbered}) WHERE {number} IN (SELECT row FROM {_CHOSEN})"
    return f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS SELECT {items} FROM {source}"


def _see(columns: Sequence[Leaf]) -> str:
    """The different values of all columns in one table: so each pattern is translated once."""
    parts = " UNION ALL ".join(
        f"SELECT {place}::SMALLINT AS c, v, count(*) AS n "
        f"FROM (SELECT trim(CAST(each AS VARCHAR)) AS v FROM ({_each(leaf, place)})) WHERE v <> '' GROUP BY v"
        for place, leaf in enumerate(columns)
    )
    return f"CREATE OR REPLACE TEMP TABLE {_SEEN} AS {parts}"


def _each(leaf: Leaf, place: int) -> str:
    return f"SELECT {f'unnest(c{place})' if leaf.many else f'c{place}'} AS each FROM {_SAMPLE}"


class _Looking:
    """What the recognisers find in the values of some columns."""

    def __init__(self, run: Run, columns: Sequence[Leaf]) -> None:
        self._run = run
        self._columns = columns
        types = [known_type(leaf.type) for leaf in columns]
        kinds = [kind_of(type_) if type_ is not None else None for type_ in types]
        self._able = [[each for each in RECOGNISERS if kind in each.kinds] for kind in kinds]
        self._used = [each for each in RECOGNISERS if any(each in able for able in self._able)]
        self._values: dict[int, tuple[int, int]] = {}
        self._sure: Counter[tuple[int, str]] = Counter()
        self._plain: Counter[tuple[int, str]] = Counter()

    def measured(self) -> Iterator[Measured]:
        """Each column with what was found in it."""
        for recogniser, form in self._count():
            self._check(recogniser, form)
        for place, leaf in enumerate(self._columns):
            yield Measured(leaf.path, leaf.type, tuple(self._told(place, leaf.type)))

    def _told(self, place: int, type_: str) -> Iterator[tuple[Recogniser, Evidence]]:
        values, distinct = self._values.get(place, (0, 0))
        for recogniser in self._able[place]:
            sure = self._sure[place, recogniser.id]
            plain = max(sure, self._plain[place, recogniser.id])
            yield recogniser, Evidence((), (), type_, values, distinct, min(sure, values), min(plain, values))

    def _count(self) -> list[tuple[Recogniser, Form]]:
        """Count values and different ones, and those that forms match which need no further check.

        :returns: the forms with a check that match something.
        """
        checked = [(each, form) for each in self._used for form in each.forms if form.check is not None]
        items = ["c", "sum(n)", "count(*)"]
        for each in self._used:
            items += [_rows(_unchecked(each, plain=False)), _rows(_unchecked(each, plain=True))]
        items += [_rows(_matches(form)) for _, form in checked]
        matched = [0] * len(checked)
        counted = f"SELECT {', '.join(items)} FROM {_SEEN} GROUP BY c"
        for place, values, distinct, *found in self._run(counted):
            self._values[place] = (int(values), int(distinct))
            for number, each in enumerate(self._used):
                self._sure[place, each.id] += int(found[2 * number])
                self._plain[place, each.id] += int(found[2 * number]) + int(found[2 * number + 1])
            rest = found[2 * len(self._used) :]
            matched = [sofar + int(count) for sofar, count in zip(matched, rest, strict=True)]
        return [pair for pair, count in zip(checked, matched, strict=True) if count]

    def _check(self, recogniser: Recogniser, form: Form) -> None:
        """Count the values of a form whose check holds."""
        able = {place for place, some in enumerate(self._able) if recogniser in some}
        others = _unchecked(recogniser, plain=False)
        rows = self._run(f"SELECT c, v, n FROM {_SEEN} WHERE {_matches(form)} AND NOT ({others})")
        for place, value, count in rows:
            if place in able and form.check is not None and form.check(value):
                counts = self._plain if form.plain else self._sure
                counts[place, recogniser.id] += int(count)


def _unchecked(recogniser: Recogniser, *, plain: bool) -> str:
    """Which values forms match that need no further check."""
    forms = [each for each in recogniser.forms if each.check is None and each.plain is plain]
    return " OR ".join(_matches(each) for each in forms) or "false"


def _rows(condition: str) -> str:
    return f"sum(CASE WHEN {condition} THEN n ELSE 0 END)"


def _matches(form: Form) -> str:
    return f"(strlen(v) <= {form.longest} AND regexp_full_match(v, {literal(form.pattern)}))"
