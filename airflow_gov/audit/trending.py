"""What was open after each of the last audits, as bars of a drawing: attributes alone, no style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.audits import AuditRun

#: Audits that are drawn at most.
LENGTH = 60
#: Units of the drawing: what a bar takes of its width, a bar, and how high the highest one is.
STEP, BAR, HEIGHT = 12, 9, 48
#: A number that is not zero can be seen, however small it is beside the others.
_LEAST = 2.0
_SERIOUS = (Severity.CRITICAL, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Bar:
    """One audit.

    :param run: the audit.
    :param x: left edge.
    :param serious: errors and worse that were open when it ended.
    :param other: the other open findings.
    :param serious_height: how high the part of the serious ones is; it stands on the ground.
    :param other_height: how high the part above it is.
    """

    run: AuditRun
    x: int
    serious: int
    other: int
    serious_height: float
    other_height: float

    @property
    def title(self) -> str:
        """What it says, for who points at it."""
        at = self.run.ended_at or self.run.started_at
        return f"{at:%Y-%m-%d %H:%M} UTC: {self.serious:,} error or worse, {self.other:,} below"


@dataclass(frozen=True, slots=True)
class Trend:
    """The drawing.

    :param bars: oldest first.
    :param highest: how many findings the highest bar stands for.
    """

    bars: tuple[Bar, ...]
    highest: int

    @property
    def width(self) -> int:
        """Of the whole."""
        return STEP * len(self.bars)

    @property
    def height(self) -> int:
        """Of the whole."""
        return HEIGHT

    @property
    def label(self) -> str:
        """The same in words."""
        first, last = self.bars[0], self.bars[-1]
        return (
            f"Open findings after the last {len(self.bars)} audits, oldest first: "
            f"{first.serious + first.other:,} after the first of them, {last.serious + last.other:,} after "
            f"the last, {self.highest:,} at most"
        )


def trend_of(runs: Sequence[AuditRun]) -> Trend | None:
    """Draw audits; fewer than two are no trend.

    :param runs: audits that finished, oldest first.
    """
    shown = runs[-LENGTH:]
    if len(shown) < 2:
        return None
    highest = max(_open(run) for run in shown)
    return Trend(tuple(_bar(number, run, highest) for number, run in enumerate(shown)), highest)


def _open(run: AuditRun) -> int:
    return sum(run.by_severity.values())


def _bar(number: int, run: AuditRun, highest: int) -> Bar:
    serious = sum(run.by_severity.get(severity.value, 0) for severity in _SERIOUS)
    other = _open(run) - serious
    return Bar(
        run, number * STEP + (STEP - BAR) // 2, serious, other, _high(serious, highest), _high(other, highest)
    )


def _high(count: int, highest: int) -> float:
    # Two parts that are each at least that high still fit.
    return max(_LEAST, round((HEIGHT - 2 * _LEAST) * count / highest, 2)) if count else 0.0
