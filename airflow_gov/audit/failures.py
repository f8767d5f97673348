"""Checks that could not do their work: each becomes a finding of its own, and the others go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import CHECK_FAILED, Observation, Severity
from airflow_gov.model.zones import Zone
from airflow_gov.store.audit_looks import Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from airflow_gov.audit.check import Check


@dataclass
class Failures:
    """Checks that could not do their work, and where: by check and zone, None for the lake as a whole."""

    at: dict[tuple[str, Zone | None], list[str]] = field(default_factory=dict)
    why: dict[tuple[str, Zone | None], str] = field(default_factory=dict)

    def add(self, check: Check, zone: Zone | None, subject: str, error: Exception) -> None:
        """Remember one; of many of the same check the first tells why."""
        key = (check.id, zone)
        self.at.setdefault(key, []).append(subject)
        self.why.setdefault(key, told(error))

    def plan_of(self, check: Check, zones: Collection[Zone] = tuple(Zone)) -> str | None:
        """What a check says about what it looked at; one that cannot say it has failed.

        :param zones: those that are audited.
        """
        if check.looks_at is not None and not set(check.looks_at).intersection(zones):
            return None
        try:
            plan = check.plan
            return None if plan is None else str(plan)
        except Exception as error:  # noqa: BLE001 - a stranger's check: becomes a finding
            self.add(check, None, "its plan", error)
            return None

    @property
    def by_check(self) -> dict[str, str]:
        """Why, by the check's id."""
        return {check: why for (check, _), why in reversed(self.why.items())}

    def seen(
        self, checks: Sequence[Check], zones: Collection[Zone], scanned: Collection[Zone] = ()
    ) -> Iterator[Seen]:
        """A finding for each check and zone; and for the others, that there is none.

        :param zones: those that were audited.
        :param scanned: those of them in which every scan that was due was tried.
        """
        for check in checks:
            # Whatever its kind: it may have been of the other one when it failed.
            places = scanned if check.reads_scans else zones
            failing = [zone for failed, zone in self.at if failed == check.id]
            for zone in dict.fromkeys([None, *failing, *places]):
                observations = (self._observation(check, zone),) if zone in failing else ()
                yield Seen(CHECK_FAILED, f"{check.id}/{zone or ''}", observations)

    def _observation(self, check: Check, zone: Zone | None) -> Observation:
        where, why = self.at[check.id, zone], self.why[check.id, zone]
        others = f" and {len(where) - 1:,} more" if len(where) > 1 else ""
        return Observation(
            check=CHECK_FAILED,
            subject=check.id,
            part=zone.value if zone is not None else "",
            zone=zone,
            severity=Severity.ERROR,
            message=f"The check {check.id} could not look at {where[0]}{others}: {why}",
            details={"error": why, "failed_at": where[:20], "times": len(where)},
        )


def told(error: Exception) -> str:
    """An error without anything that may be a value of the data."""
    if isinstance(error, GovernanceError):
        return error.message
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}."
