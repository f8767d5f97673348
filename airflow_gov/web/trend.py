"""The newest verdicts as bars of a drawing: attributes alone, since a strict policy allows no style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.verdicts import Verdict

#: Units of the drawing: what a bar takes of its width, and how high the highest one is.
STEP, HEIGHT = 10, 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One verdict.

    :param x: where it stands.
    :param y: where it begins, from above.
    :param height: how high it is: the share of its rules that held.
    :param passed: whether it let the dataset through.
    """

    x: int
    y: int
    height: int
    passed: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """The drawing.

    :param bars: oldest first.
    :param width: of the whole.
    :param height: of the whole.
    :param passed: how many let the dataset through.
    :param failed: how many did not.
    """

    bars: tuple[Bar, ...]
    width: int
    height: int
    passed: int
    failed: int


def trend(newest_first: Sequence[Verdict]) -> Trend | None:
    """Draw verdicts; fewer than two are no trend."""
    if len(newest_first) < 2:
        return None
    bars = tuple(_bar(number, verdict) for number, verdict in enumerate(reversed(newest_first)))
    passed = sum(bar.passed for bar in bars)
    return Trend(bars, STEP * len(bars), HEIGHT, passed, len(bars) - passed)


def _bar(number: int, verdict: Verdict) -> Bar:
    rules = len(verdict.results)
    held = sum(result.passed for result in verdict.results) / rules if rules else 1.0
    # One that failed throughout is seen as well.
    height = max(4, round(held * HEIGHT))
    return Bar(number * STEP, HEIGHT - height, height, verdict.passed)
