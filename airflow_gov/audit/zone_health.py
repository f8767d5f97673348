"""The health of a zone from its open findings, and which of them to mend first.

It is 100 less what its open findings cost, on average over its datasets: a critical finding costs a dataset
100, an error 40, a warning 15, an information 2, and no dataset can cost more than 100. Findings of the zone
and of no dataset, and those of a table that the catalogue does not know, cost the same on top: what is wrong
never raises an average. It is rounded down: 100 means that nothing is open. What somebody acknowledged costs
nothing until that expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

from airflow_gov.model.findings import OPEN_STATES, FindingsWanted, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.model.findings import Finding
    from airflow_gov.model.zones import Zone
    from airflow_gov.store import Store
    from airflow_gov.store.health import Burden, ZoneCounts

_COSTS = {Severity.CRITICAL: 100, Severity.ERROR: 40, Severity.WARNING: 15, Severity.INFO: 2}
#: The most that a dataset can cost.
_MOST = 100
#: Findings that are proposed to be mended first, and the worst of a zone they are chosen from.
_STEPS, _CHOICE = 3, 200
#: Findings that are proposed where so few of them raise nothing: of a dataset with many.
_TOGETHER = 10


@dataclass(frozen=True, slots=True)
class Step:
    """A finding that should be mended early.

    :param key: the finding's.
    :param check: its check.
    :param message: what is wrong.
    :param score: the zone's health once this one and those before it are mended.
    """

    key: str
    check: str
    message: str
    score: int


@dataclass(frozen=True, slots=True)
class ZoneHealth:
    """The health of a zone.

    :param score: 0 to 100.
    :param datasets: how many it is the average of.
    :param findings: how many are open, by severity, the worst first.
    :param steps: what raises it most, in this order.
    """

    zone: Zone
    score: int
    datasets: int
    findings: Mapping[Severity, int]
    steps: tuple[Step, ...]

    @property
    def rises(self) -> bool:
        """Whether mending what is proposed raises the score: three of thousands do not."""
        return bool(self.steps) and self.steps[-1].score > self.score

    def __str__(self) -> str:
        told = f"{self.zone}: {self.score}"
        if not self.steps:
            return told
        if not self.rises:
            return f"{told}. Of {sum(self.findings.values()):,} open findings the worst"
        which = "this" if len(self.steps) == 1 else f"these {len(self.steps)}"
        return f"{told}. Fix {which} and it is {self.steps[-1].score}"


def health_of(store: Store, zone: Zone, counts: ZoneCounts, burden: Burden) -> ZoneHealth:
    """The health of a zone, and what raises it most.

    :param counts: its datasets.
    :param burden: its open findings.
    """
    datasets = counts.datasets
    totals = dict.fromkeys(_COSTS, 0)
    for told in (*burden.datasets.values(), burden.others):
        for severity, count in told.items():
            totals[severity] += count
    return ZoneHealth(
        zone=zone,
        score=score_of(cost_of(burden), datasets),
        datasets=datasets,
        findings={severity: count for severity, count in totals.items() if count},
        steps=_steps(store, zone, burden, datasets) if any(totals.values()) else (),
    )


def _steps(store: Store, zone: Zone, burden: Burden, datasets: int) -> tuple[Step, ...]:
    """The findings that together raise the score most, the worst first."""
    wanted = FindingsWanted(states=OPEN_STATES, zones=(zone,))
    worst = store.audits.findings.page(wanted, limit=_CHOICE).findings
    loads = {name: _load(told) for name, told in burden.datasets.items()}
    chosen = {finding.key for finding in _chosen(worst, loads) or _together(worst, loads) or worst[:_STEPS]}
    steps: list[Step] = []
    cost = cost_of(burden)
    for finding in worst:
        if finding.key in chosen:
            cost -= _gain([finding], loads)
            if finding.dataset is not None:
                loads[str(finding.dataset)] -= _COSTS[finding.severity]
            steps.append(Step(finding.key, finding.check, finding.message, score_of(cost, datasets)))
    return tuple(steps)


def _chosen(worst: Sequence[Finding], loads: Mapping[str, int]) -> Sequence[Finding]:
    """The few findings whose datasets cost least without them: of one dataset the worst ones first."""
    best: list[tuple[int, list[Finding]]] = [(0, [])] * (_STEPS + 1)
    for bundle in _bundles(worst):
        for room in range(_STEPS, 0, -1):
            for taken in range(1, min(room, len(bundle)) + 1):
                gain, others = best[room - taken]
                gain += _gain(bundle[:taken], loads)
                if gain > best[room][0]:
                    best[room] = (gain, [*others, *bundle[:taken]])
    return best[_STEPS][1]


def _together(worst: Sequence[Finding], loads: Mapping[str, int]) -> Sequence[Finding]:
    """The fewest findings of one dataset that raise something only together."""
    for count in range(_STEPS + 1, _TOGETHER + 1):
        for bundle in _bundles(worst):
            if len(bundle) >= count and _gain(bundle[:count], loads):
                return bundle[:count]
    return ()


def _bundles(worst: Sequence[Finding]) -> Sequence[list[Finding]]:
    """Findings by dataset; one of no dataset is alone."""
    bundles: dict[str, list[Finding]] = {}
    for finding in worst:
        place = str(finding.dataset) if finding.dataset is not None else finding.key
        bundles.setdefault(place, []).append(finding)
    return tuple(bundles.values())


def _gain(mended: Sequence[Finding], loads: Mapping[str, int]) -> int:
    """What a dataset costs less without some of its findings; a zone, without one of its own."""
    own = sum(_COSTS[finding.severity] for finding in mended)
    if mended[0].dataset is None:
        return own
    load = loads.get(str(mended[0].dataset), own)
    return min(_MOST, load) - min(_MOST, load - own)


def cost_of(burden: Burden) -> int:
    """What open findings cost, no dataset more than all it has."""
    return sum(min(_MOST, _load(told)) for told in burden.datasets.values()) + _load(burden.others)


def _load(told: Mapping[Severity, int]) -> int:
    return sum(_COSTS[severity] * count for severity, count in told.items())


def score_of(cost: int, datasets: int) -> int:
    """What is left of 100 on average."""
    return max(0, floor(100 - cost / max(1, datasets)))
