"""How checks are let look: one dataset after the other, each in its own right."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_gov.audit.check import Check, DatasetCheck, LakeCheck
from airflow_gov.audit.failures import Failures
from airflow_gov.audit.standing import Stamp, Standing, Tokens, digest, digest_of_all
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Observation
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.audit_looks import WHOLE, Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake

#: How often a table is looked at again that somebody committed to meanwhile; then it is told what is seen.
_LOOKS_AGAIN = 3
#: Observations of one check that are kept before they are written.
_BATCH = 1_000
#: What no check can go on after.
_FATAL = frozenset({Reason.AUDIT_IN_PROGRESS, Reason.STORE_SCHEMA, Reason.STORE_UNAVAILABLE})


class _OutdatedError(Exception):
    """What was looked at is not any more as it was when it was listed."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What need not be looked at again in a dataset, by one stamp of all looks at it.

    :param checks: ids of the checks: mostly all of them, or none.
    :param stamp: the stamp; None where it does not count.
    """

    checks: frozenset[str] = frozenset()
    stamp: str | None = None


_NOTHING = Unchanged()


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
        self._of_quarantines = [check for check in self._of_datasets if check.quarantines]
        self._tokens = Tokens(settings)
        self._full = full
        self._again = frozenset(again)
        self._scopes_again = frozenset(scope for _, scope in again)
        self.failures = Failures()

    def due(
        self, names: Sequence[DatasetName], remembered: Mapping[str, str]
    ) -> dict[DatasetName, Unchanged]:
        """The datasets of some at which a check must look, and what need not be looked at there.

        :param remembered: by dataset the stamp of all looks at it.
        """
        with suppress(GovernanceError):  # of a lake that is down each check says that it could not look
            self._lake.look_at_files(names)
        found = {name: self._unchanged(name, remembered.get(str(name))) for name in names}
        return {
            name: unchanged
            for name, unchanged in found.items()
            if len(unchanged.checks) < len(self._checks(name))
        }

    def dataset(self, name: DatasetName, unchanged: Unchanged = _NOTHING) -> Iterator[Seen]:
        """What the checks of datasets see in one; nothing where nothing changed.

        :param unchanged: what need not be looked at.
        """
        audited, standing, whole = self._lake.dataset(name), Standing(), True
        try:
            for check in self._checks(name):
                if check.id in unchanged.checks:
                    continue
                try:
                    yield from self._seen(check, audited, standing)
                    continue
                except _OutdatedError:
                    pass
                except Exception as error:  # noqa: BLE001 - a stranger's check: becomes a finding
                    raise_fatal(error)
                    if not self._changed(audited):
                        whole = False
                        self.failures.add(check, name.zone, str(name), error)
                        continue
                if name not in self._lake.tables and not audited.in_store:
                    return  # dropped since the audit began
                whole = False
                audited = yield from self._seen_again(check, audited)
            if whole:
                yield Seen(WHOLE, str(name), token=unchanged.stamp or str(standing.whole(self._lake.now)))
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
        except Exception as error:  # noqa: BLE001 - a stranger's check: becomes a finding
            raise_fatal(error)
            self.failures.add(check, None, "the lake", error)
            return
        for scope in ("", *zones):
            yield Seen(check.id, str(scope))

    def _unchanged(self, name: DatasetName, remembered: str | None) -> Unchanged:
        if remembered is None or self._full or str(name) in self._scopes_again:
            return _NOTHING
        audited = self._lake.dataset(name)
        try:
            tokens = self._tokens.all_of(self._checks(name), audited)
        except Exception as error:  # noqa: BLE001 - a stranger's check: asked once more, it becomes a finding
            raise_fatal(error)
            return _NOTHING
        finally:
            with suppress(GovernanceError, OSError):
                audited.close()
        stands = Stamp.parse(remembered).counts(digest_of_all(tokens), self._lake.now)
        return Unchanged(frozenset(tokens), remembered) if stands else _NOTHING

    def _checks(self, name: DatasetName) -> Sequence[DatasetCheck]:
        return self._of_quarantines if name.is_quarantine else self._of_datasets

    def _seen(
        self, check: DatasetCheck, audited: AuditedDataset, standing: Standing, *, at_last: bool = False
    ) -> Iterator[Seen]:
        """What a check sees, or that nothing changed.

        :param standing: where it is put down what stands.
        :param at_last: whether it is told even if somebody commits meanwhile.
        :raises _OutdatedError: something was found, in a table that is another one by now.
        """
        scope = str(audited.name)
        token = self._tokens.of(check, audited)
        earlier = self._earlier(check, scope, token)
        if token is not None and earlier is not None:
            standing.add(check.id, token, earlier)
            return
        for number, batch in enumerate(_batches(check.observe(audited))):
            # Lists are as old as the audit and the store is not: what was published in between is no fault.
            if not (number or at_last) and self._changed(audited):
                raise _OutdatedError
            own = tuple(_of_dataset(check, audited.name, each) for each in batch)
            yield Seen(check.id, scope, own, complete=False)
        if token is None:
            yield Seen(check.id, scope)
            return
        stamp = Stamp(digest(token), self._lake.now, check.stands_until(audited))
        standing.add(check.id, token, stamp)
        yield Seen(check.id, scope, token=str(stamp))

    def _earlier(self, check: DatasetCheck, scope: str, token: str | None) -> Stamp | None:
        """The stamp of the last look, where that stands."""
        remembered = self._lake.memory.token(check.id, scope)
        if token is None or remembered is None or self._full or (check.id, scope) in self._again:
            return None
        stamp = Stamp.parse(remembered)
        return stamp if stamp.counts(digest(token), self._lake.now) else None

    def _seen_again(
        self, check: DatasetCheck, audited: AuditedDataset
    ) -> Generator[Seen, None, AuditedDataset]:
        """Look at the table as somebody just left it, and some times again where somebody is busy with it.

        :returns: the dataset as it was looked at last.
        """
        for left in reversed(range(_LOOKS_AGAIN)):
            audited.close()
            audited = self._lake.dataset(audited.name)
            try:
                yield from self._seen(check, audited, Standing(), at_last=not left)
                break
            except _OutdatedError:
                continue
            except Exception as error:  # noqa: BLE001 - a stranger's check: becomes a finding
                raise_fatal(error)
                self.failures.add(check, audited.zone, str(audited.name), error)
                break
        return audited

    def _changed(self, audited: AuditedDataset) -> bool:
        """Whether a table is another one than was looked at; while the lake is down that fails."""
        return self._lake.refresh(audited.name, audited.seen)


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
    """Raise what no check can go on after; of everything else the others go on.

    A time-out or Ctrl-C that comes while DuckDB runs a query surfaces as an interrupted query.
    """
    if isinstance(error, GovernanceError) and error.reason in _FATAL:
        raise error
    if isinstance(error, RuntimeError) and "query interrupted" in str(error).lower():
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
