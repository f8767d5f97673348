"""How the verdicts on a dataset went: bars of the last ones, drawn as SVG by the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_gov.model.verdicts import Verdict

#: How many verdicts a trend shows.
LENGTH = 30
#: Units of the drawing: a bar with its gap, a bar, and the highest bar.
STEP, BAR, HEIGHT = 20, 14, 40
#: A number that is not zero can be seen, however small it is beside the others.
_LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One verdict in one row of the trend.

    :param x: left edge.
    :param y: upper edge.
    :param height: its height; what is zero has none.
    :param current: whether it is the verdict the report is about.
    :param title: what it says, for who points at it.
    """

    x: int
    y: float
    height: float
    current: bool
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of all verdicts, oldest first.

    :param name: what is counted.
    :param kind: ``passed`` or ``failed``: how it is coloured.
    :param values: the numbers.
    :param bars: the same, drawn; their scale is the row's own.
    """

    name: str
    kind: str
    values: tuple[int, ...]
    bars: tuple[Bar, ...]

    @property
    def highest(self) -> int:
        """The number the highest bar stands for."""
        return max(self.values, default=0)


@dataclass(frozen=True, slots=True)
class Trend:
    """The last verdicts on a dataset.

    :param verdicts: oldest first, at most :data:`LENGTH`.
    :param current: id of the verdict the report is about.
    """

    verdicts: tuple[Verdict, ...]
    current: str

    @property
    def width(self) -> int:
        """Of the drawing."""
        return STEP * len(self.verdicts)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is drawn, one below the other."""
        return (
            self._row("Rules that held", "passed", [len(v.results) - len(v.failures) for v in self.verdicts]),
            self._row("Rules that failed", "failed", [len(v.failures) for v in self.verdicts]),
            self._row("Rows that broke them", "failed", [broken_rows(v) for v in self.verdicts]),
        )

    def _row(self, name: str, kind: str, values: Sequence[int]) -> Row:
        highest = max(values, default=0)
        bars = []
        for position, (verdict, value) in enumerate(zip(self.verdicts, values, strict=True)):
            height = max(_LEAST, round(HEIGHT * value / highest, 2)) if value else 0.0
            title = f"{verdict.checked_at:%Y-%m-%d %H:%M} UTC: {value:,}"
            bars.append(
                Bar(
                    STEP * position + (STEP - BAR) // 2,
                    round(HEIGHT - height, 2),
                    height,
                    verdict.verdict_id == self.current,
                    title,
                )
            )
        return Row(name, kind, tuple(values), tuple(bars))


def trend_of(verdict: Verdict, history: Iterable[Verdict]) -> Trend:
    """The trend up to a verdict: what came later is not part of its report.

    :param verdict: the verdict the report is about.
    :param history: verdicts on the same dataset, in any order, with or without it.
    """
    known = {each.verdict_id: each for each in history if each.checked_at <= verdict.checked_at}
    known[verdict.verdict_id] = verdict
    ordered = sorted(known.values(), key=lambda each: (each.checked_at, each is verdict, each.verdict_id))
    return Trend(tuple(ordered[-LENGTH:]), verdict.verdict_id)


def broken_rows(verdict: Verdict) -> int:
    """Rows that broke failed rules, a row once for each of them."""
    return sum(result.failed_rows or 0 for result in verdict.failures)
