"""What a gate is asked to publish, cut into what must be published at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.flow.deciding import GateOptions
from airflow_gov.flow.gating import Gate
from airflow_gov.flow.publications import Publication, target_of, told_again
from airflow_gov.flow.reviewing import enforce_deadlines
from airflow_gov.flow.versions import require_current
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Load, LoadState, RowCounts
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance

__all__ = ["STRICT", "Publication", "publish"]

#: A gate that lets nothing through that breaks a rule.
STRICT = GateOptions()


def publish(
    governance: Governance,
    recording: Recording,
    loads: Sequence[Load],
    options: GateOptions = STRICT,
) -> list[Publication]:
    """Check the loads and publish them: per dataset in one commit, groups together or not at all.

    :param loads: candidates; loads that are published already are told again.
    :param options: what is done with candidates that do not keep their contracts.
    :raises VerdictFailedError: a candidate does not keep its contract; nothing of its group is published.
    :raises GovernanceError: ``CONTRACT_CHANGED``, ``STEWARD_REQUIRED`` and others: the candidates stay.
    """
    for dataset in sorted({load.dataset for load in loads}):
        enforce_deadlines(governance, dataset=dataset, actor=recording.execution.actor.os_user)
    done, waiting = [], []
    for load in loads:
        version = governance.store.versions.for_load(load.dataset, load.load_id)
        if load.state is LoadState.PUBLISHED and version is not None:
            require_current(governance, version)
            done.append(told_again(governance, version, (load.load_id,)))
        else:
            waiting.append(load)
    for load in waiting:
        options.require_unchanged(load)
    for dataset, together in _by_dataset(waiting).items():
        _require_one_contract(governance, dataset, together)
    for unit in _units(waiting):
        done.extend(Gate(governance, recording, options, unit).publish())
    for publication in done:
        recording.add(target_of(publication))
    recording.counts = RowCounts(
        read=sum(each.version.rows for each in done),
        quarantined=sum(each.quarantined for each in done if not each.republished) or None,
    )
    recording.action = f"Check and publish {', '.join(sorted({str(p.version.dataset) for p in done}))}"
    return done


def _require_one_contract(governance: Governance, dataset: DatasetName, loads: Sequence[Load]) -> None:
    """Refuse loads under different versions of a contract: one commit has one verdict under one contract.

    :raises GovernanceError: ``CONTRACT_CHANGED``; the candidates stay.
    """
    if len({load.contract_hash for load in loads}) == 1:
        return
    latest = governance.store.contracts.latest(dataset)
    older = [load.load_id for load in loads if latest is None or load.contract_hash != latest[0]]
    named = ", ".join(f"{load.load_id} (contract {load.contract_hash[:12]})" for load in loads)
    raise GovernanceError(
        Reason.CONTRACT_CHANGED,
        f"The contract of {dataset} changed between loads that are published in one commit: {named}. "
        f"Run the task of load {', '.join(older)} again, under the contract in use. The candidates stay.",
        dataset=str(dataset),
        load_ids=older,
    )


def _units(loads: Iterable[Load]) -> list[dict[DatasetName, list[Load]]]:
    """What must be published at once: the loads of a dataset, joined with those of their groups."""
    units: list[list[Load]] = []
    for load in loads:
        joined = [unit for unit in units if any(_belong(load, other) for other in unit)]
        units = [unit for unit in units if unit not in joined]
        units.append([*(other for unit in joined for other in unit), load])
    return [_by_dataset(unit) for unit in units]


def _belong(one: Load, other: Load) -> bool:
    return one.dataset == other.dataset or (one.group is not None and one.group == other.group)


def _by_dataset(loads: Iterable[Load]) -> dict[DatasetName, list[Load]]:
    found: dict[DatasetName, list[Load]] = {}
    for load in loads:
        found.setdefault(load.dataset, []).append(load)
    return found
