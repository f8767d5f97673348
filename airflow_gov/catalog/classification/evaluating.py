"""How good the recognisers are: precision and recall on columns that the project made and labelled.

The set is shipped (``labelled.parquet``) and has two parts: ``tuned``, which was in view when the recognisers
were written, and ``held out``. No person in it exists.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.catalog.classification.leaves import column_leaf
from airflow_gov.catalog.classification.measuring import measure
from airflow_gov.catalog.classification.recognisers import TAGS
from airflow_gov.catalog.classification.weighing import chosen, weigh
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from airflow_gov.transform import DuckEngine

LABELLED = Path(__file__).with_name("labelled.parquet")
#: The parts of the set.
TUNED, HELD_OUT = "tuned", "held out"

_TYPES = {"int64": "long", "double": "double", "bool": "boolean", "date32[day]": "date", "string": "string"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A column of the set.

    :param part: :data:`TUNED` or :data:`HELD_OUT`.
    :param tag: what it is; None: nothing personal.
    :param proposed: what the recognisers say.
    """

    part: str
    name: str
    language: str
    tag: str | None
    proposed: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether exactly what it is was proposed."""
        return self.proposed == ((self.tag,) if self.tag else ())


@dataclass(frozen=True, slots=True)
class Score:
    """How often proposals of a tag were right, and how many columns of it were found.

    :param found: columns of the tag that were proposed so.
    :param missed: columns of the tag that were not.
    :param wrong: columns that were proposed so and are none.
    """

    found: int
    missed: int
    wrong: int

    @property
    def precision(self) -> float | None:
        """The part of the proposals that are right; None without proposals."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else None

    @property
    def recall(self) -> float | None:
        """The part of the columns that were found; None where there are none."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None


@dataclass(frozen=True)
class _Table:
    """The set as the engine reads a table of the lake."""

    schema: Sequence[tuple[str, str]]
    rows: int
    load_id: str | None = None

    @property
    def dataset(self) -> DatasetName:
        return DatasetName(Zone.WORK, "labelled")

    @property
    def local_paths(self) -> Sequence[str]:
        return [str(LABELLED)]

    def to_dataset(self) -> Any:
        import pyarrow.dataset as ds

        return ds.dataset(LABELLED)


def classify_labelled(engine: DuckEngine) -> list[Labelled]:
    """What the recognisers say of each column of the set, by name, type and values as in a scan."""
    labels, table = _read()
    columns = [column_leaf(name, type_) for name, type_ in table.schema]
    with engine.query_tables({"labelled": table}) as session:
        measured = list(measure(session, "labelled", columns, rows=table.rows, sample=table.rows))
    found = []
    for label, column in zip(labels, measured, strict=True):
        weighed = [weigh(recogniser, label["name"], evidence) for recogniser, evidence in column.found]
        tags = tuple(each.recogniser.tag for each in chosen(weighed))
        found.append(Labelled(label["set"], label["name"], label["language"], label["tag"], tags))
    return found


def scores(columns: Sequence[Labelled]) -> Mapping[str, Score]:
    """By tag how right the proposals are; under ``all`` for all tags together."""
    found = {tag: _score(columns, tag) for tag in TAGS}
    total = [sum(getattr(each, part) for each in found.values()) for part in ("found", "missed", "wrong")]
    return found | {"all": Score(*total)}


def _score(columns: Sequence[Labelled], tag: str) -> Score:
    return Score(
        found=sum(each.tag == tag and tag in each.proposed for each in columns),
        missed=sum(each.tag == tag and tag not in each.proposed for each in columns),
        wrong=sum(each.tag != tag and tag in each.proposed for each in columns),
    )


def parts(columns: Sequence[Labelled]) -> Iterator[tuple[str, list[Labelled]]]:
    """The columns of each part of the set."""
    for part in (TUNED, HELD_OUT):
        yield part, [each for each in columns if each.part == part]


def _read() -> tuple[list[Mapping[str, Any]], _Table]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(LABELLED) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
    labels = json.loads(schema.metadata[b"labels"])
    return labels, _Table([(each.name, _TYPES.get(str(each.type), "timestamptz")) for each in schema], rows)
