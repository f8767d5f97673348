"""How good the recognisers are on the labelled set: less than this is a step back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow.parquet as pq
import pytest

from airflow_gov.catalog.classification.evaluating import (
    HELD_OUT,
    LABELLED,
    TUNED,
    Labelled,
    Score,
    classify_labelled,
    parts,
    scores,
)
from airflow_gov.catalog.classification.recognisers import TAGS
from airflow_gov.transform import DuckEngine


@pytest.fixture(scope="module")
def columns() -> Sequence[Labelled]:
    return classify_labelled(DuckEngine(memory_limit="256MB", threads=1))


@pytest.mark.parametrize(("part", "precision", "recall"), [(TUNED, 0.97, 0.97), (HELD_OUT, 0.95, 0.95)])
def test_precision_and_recall(
    columns: Sequence[Labelled], part: str, precision: float, recall: float
) -> None:
    total = scores(dict(parts(columns))[part])["all"]
    assert total.precision is not None
    assert total.recall is not None
    assert total.precision >= precision
    assert total.recall >= recall


@pytest.mark.parametrize("tag", TAGS)
def test_no_kind_is_left_behind(columns: Sequence[Labelled], tag: str) -> None:
    score = scores(columns)[tag]
    assert score.found + score.missed >= 4
    assert (score.recall or 0) >= 0.8
    assert (score.precision or 0) >= 0.8


def test_the_set_is_large_and_half_of_it_is_nothing_personal(columns: Sequence[Labelled]) -> None:
    assert len(columns) >= 2 * 125
    assert pq.read_metadata(LABELLED).num_rows == 200
    for _, some in parts(columns):
        personal = sum(each.tag is not None for each in some)
        assert 0.4 < personal / len(some) < 0.6
        assert len({each.language for each in some}) >= 5
    assert set(Counter(each.tag for each in columns)) == {*TAGS, None}


def test_the_parts_share_no_column_name(columns: Sequence[Labelled]) -> None:
    names = [{each.name for each in some} for _, some in parts(columns)]
    assert not names[0] & names[1]


def test_a_score_without_proposals_has_no_precision() -> None:
    assert (Score(0, 2, 0).precision, Score(0, 2, 0).recall, Score(0, 0, 1).recall) == (None, 0, None)
