"""How checks are let look: one dataset after the other, each in its own right."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.audit.check import Check, DatasetCheck, LakeCheck
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import CHECK_FAILED, Observation, Severity
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store.audit_looks import Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake

#: Observations of one check that are kept before they are written.
_BATCH = 1_000
#: What no check can go on after.
_FATAL = frozenset({Reason.AUDIT_IN_PROGRESS, Reason.STORE_SCHEMA, Reason.STORE_UNAVAILABLE})


class _OutdatedError(Exception):
    """What was looked at is not any more as it was when it was listed."""


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

    @property
    def by_check(self) -> dict[str, str]:
        """Why, by the check's id."""
        return {check: why for (check, _), why in reversed(self.why.items())}

    def seen(self, checks: Sequence[Check], zones: Collection[Zone]) -> Iterator[Seen]:
        """A finding for each check and zone; and for the others, that there is none."""
        for check in checks:
            places = [None] if isinstance(check, LakeCheck) else list(zones)
            for zone in places:
                found = (check.id, zone)
                observations = (self._observation(check, zone),) if found in self.at else ()
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


class Looker:
    """Lets checks look.

    :param lake: what they look at.
    :param checks: the checks.
    :param settings: of the checks, by id: another outcome may come of other settings.
    :param full: whether everything is looked at, changed or not.
    :param again: pairs of check and dataset that are looked at whatever is remembered.
    """

    def __init__(
        self,
        lake: AuditedLake,
        checks: Sequence[Check],
        *,
        settings: Mapping[str, Mapping[str, Any]],
        full: bool = False,
        again: Collection[tuple[str, str]] = (),
    ) -> None:
        self._lake = lake
        self._of_datasets = [check for check in checks if isinstance(check, DatasetCheck)]
        self._settings = settings
        self._full = full
        self._again = frozenset(again)
        self.failures = Failures()

    def dataset(self, name: DatasetName) -> Iterator[Seen]:
        """What the checks of datasets see in one; nothing where nothing changed."""
        audited = self._lake.dataset(name)
        try:
            for check in self._of_datasets:
                if name.is_quarantine and not check.quarantines:
                    continue
                try:
                    yield from self._seen(check, audited)
                    continue
                except _OutdatedError:
                    pass
                except Exception as error:  # noqa: BLE001 - a stranger's check: becomes a finding
                    raise_fatal(error)
                    if not self._changed(name):
                        self.failures.add(check, name.zone, str(name), error)
                        continue
                if name not in self._lake.tables and not audited.in_store:
                    return  # dropped since the audit began
                audited.close()
                audited = self._lake.dataset(name)
                yield from self._seen_at_last(check, audited)
        finally:
            with suppress(GovernanceError, OSError):
                audited.close()

    def lake(self, check: LakeCheck) -> Iterator[Seen]:
        """What a check of the lake as a whole sees in the audited zones."""
        zones = self._lake.zones
        try:
            for batch in _batches(check.observe(self._lake)):
                for each in batch:
                    _require_own(check, each)
                    if each.zone is None or each.zone in zones:
                        yield Seen(check.id, _scope(each), (each,), complete=False)
        except Exception as error:  # noqa: BLE001 - as above
            raise_fatal(error)
            self.failures.add(check, None, "the lake", error)
            return
        for scope in ("", *zones):
            yield Seen(check.id, str(scope))

    def _seen(self, check: DatasetCheck, audited: AuditedDataset, *, at_last: bool = False) -> Iterator[Seen]:
        """What a check sees, or that nothing changed.

        :param at_last: whether it is told even if somebody commits meanwhile.
        :raises _OutdatedError: something was found, in a table that is another one by now.
        """
        scope = str(audited.name)
        token = self._token(check, audited)
        must = self._full or (check.id, scope) in self._again
        if not must and self._stands(self._lake.memory.token(check.id, scope), token):
            return
        for number, batch in enumerate(_batches(check.observe(audited))):
            # Lists are as old as the audit and the store is not: what was published in between is no fault.
            if not (number or at_last) and self._changed(audited.name):
                raise _OutdatedError
            own = tuple(_of_dataset(check, audited.name, each) for each in batch)
            yield Seen(check.id, scope, own, complete=False)
        until = check.stands_until(audited) if token is not None else None
        yield Seen(check.id, scope, token=token and _remembered(token, self._lake.now, until))

    def _seen_at_last(self, check: DatasetCheck, audited: AuditedDataset) -> Iterator[Seen]:
        """Look once more, at the table as somebody just left it."""
        try:
            yield from self._seen(check, audited, at_last=True)
        except Exception as error:  # noqa: BLE001 - as above
            raise_fatal(error)
            self.failures.add(check, audited.zone, str(audited.name), error)

    def _changed(self, name: DatasetName) -> bool:
        """Whether a table is another one than when the audit began; while the lake is down that fails."""
        return self._lake.refresh(name)

    def _stands(self, remembered: str | None, token: str | None) -> bool:
        """Whether what was seen then is so now: nothing changed, and it is neither too late nor too early."""
        if remembered is None or token is None:
            return False
        known, since, until = remembered.split(" ")
        if known != token or self._lake.now < datetime.fromisoformat(since):
            return False
        return not until or self._lake.now < datetime.fromisoformat(until)

    def _token(self, check: DatasetCheck, audited: AuditedDataset) -> str | None:
        token = check.token(audited)
        if token is None:
            return None
        parts = [check.edition, self._settings.get(check.id, {}), token]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _remembered(token: str, now: datetime, until: datetime | None) -> str:
    """A token, and between which moments it counts: a clock may be set back."""
    return f"{token} {now.isoformat()} {until.isoformat() if until is not None else ''}"


def _scope(observation: Observation) -> str:
    return observation.zone.value if observation.zone is not None else ""


def _of_dataset(check: Check, name: DatasetName, observation: Observation) -> Observation:
    _require_own(check, observation)
    if observation.dataset is None:
        return replace(observation, dataset=name, zone=name.zone)
    if observation.dataset != name:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The check {check.id} said something about {observation.dataset} when it looked at {name}. "
            "A check of one dataset after the other tells of that dataset.",
            check=check.id,
        )
    return observation


def _require_own(check: Check, observation: object) -> None:
    if not isinstance(observation, Observation) or observation.check != check.id:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The check {check.id} gave something else than observations of its own. Make them with its "
            "methods found and found_in.",
            check=check.id,
        )


def raise_fatal(error: Exception) -> None:
    """Raise what no check can go on after; of everything else the others go on."""
    if isinstance(error, GovernanceError) and error.reason in _FATAL:
        raise error


def _batches(observations: Iterator[Observation]) -> Iterator[list[Observation]]:
    batch: list[Observation] = []
    for each in observations:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
