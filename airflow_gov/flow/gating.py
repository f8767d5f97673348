"""One gate: rebase, judge, decide, publish; again until main stays where it was meanwhile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_gov.flow.acts import log_act
from airflow_gov.flow.deciding import GateOptions, Judged, OnFailure, Ruled, rule_on
from airflow_gov.flow.heads import version_at
from airflow_gov.flow.judging import verdict_on
from airflow_gov.flow.loading import SUMMARY_PREFIX
from airflow_gov.flow.promises import kept_contract
from airflow_gov.flow.publications import Publication, record_publication, told_again
from airflow_gov.flow.quarantining import SetAside, candidate_of, clear_aside, refuse_groups, set_aside
from airflow_gov.flow.refusing import decision_of, refuse
from airflow_gov.flow.reporting import keep_report
from airflow_gov.flow.stewardship import require_stewards, review_period
from airflow_gov.flow.taken_back import require_sources_kept
from airflow_gov.flow.versions import require_current
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason
from airflow_gov.model.verdicts import Ruling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Candidate, Load
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: How often a publication is rebased onto a main that moved before the gate gives up.
MAX_REBASES = 50
#: What a commit raises when another writer was faster: main moved, or the version's number is taken.
MOVED = frozenset({Reason.CANDIDATE_STALE, Reason.PUBLISH_REFUSED})


class Gate:
    """Publishes what must be published at once.

    :param unit: the loads by dataset.
    """

    def __init__(
        self,
        governance: Governance,
        recording: Recording,
        options: GateOptions,
        unit: Mapping[DatasetName, list[Load]],
    ) -> None:
        self._governance = governance
        self._recording = recording
        self._options = options
        self._unit = unit
        self._contracts = {
            dataset: kept_contract(governance, dataset, loads[-1].contract_hash)
            for dataset, loads in unit.items()
        }
        self._pending = {dataset: [candidate_of(load) for load in loads] for dataset, loads in unit.items()}

    def publish(self) -> list[Publication]:
        """Rebase, judge, decide and publish, until main stays where it was meanwhile."""
        self._refuse_unfit()
        for _ in range(MAX_REBASES):
            merged = [
                self._governance.lake.rebase(candidates, properties=_summary(self._recording))
                for candidates in self._pending.values()
            ]
            published = self._published_meanwhile(merged)
            if published is not None:
                return published
            rulings = self._rulings(merged)
            if rulings is None:
                continue
            require_sources_kept(self._governance, self._recording, self._unit)
            found = self._commit(rulings)
            if found is not None:
                return found
            self._pending = {candidate.dataset: [candidate] for candidate in merged}
        raise CandidateStaleError(
            Reason.CANDIDATE_STALE,
            f"{', '.join(map(str, self._unit))}: other writers published {MAX_REBASES} times while this "
            f"gate checked; run it again.",
        )

    def _refuse_unfit(self) -> None:
        """What would keep a gate from doing what it is asked to, said before there is anything to do."""
        if self._options.on_failure is OnFailure.REVIEW:
            for contract in self._contracts.values():
                require_stewards(contract)
                review_period(contract)
        if self._options.on_failure is OnFailure.QUARANTINE:
            refuse_groups(load for loads in self._unit.values() for load in loads)

    def _published_meanwhile(self, merged: Sequence[Candidate]) -> list[Publication] | None:
        """What another gate published while this one was on its way; None when anything is left to do."""
        versions = self._governance.store.versions
        found = [versions.by_snapshot(each.dataset, each.snapshot_id) for each in merged]
        known = [version for version in found if version is not None]
        if len(known) < len(merged):
            return None
        for version in known:
            require_current(self._governance, version)
        return [
            told_again(self._governance, version, candidate.load_ids)
            for version, candidate in zip(known, merged, strict=True)
        ]

    def _rulings(self, merged: Sequence[Candidate]) -> list[Ruled] | None:
        """What was decided; None when rows were set aside and what is left must be looked at again.

        :raises VerdictFailedError: something is refused.
        """
        rulings = [
            rule_on(self._governance, self._judge(candidate), self._options.on_failure)
            for candidate in merged
        ]
        refused = [ruled for ruled in rulings if ruled.ruling is Ruling.REFUSED]
        if refused and self._options.on_failure is OnFailure.QUARANTINE:
            self._quarantine(refused)
            return None
        if refused:
            raise self._refused(refused, {})
        for ruled in rulings:
            clear_aside(self._governance, ruled.judged)
        return rulings

    def _judge(self, candidate: Candidate) -> Judged:
        _require_published_base(self._governance, candidate)
        contract = self._contracts[candidate.dataset]
        verdict = verdict_on(
            self._governance, self._recording, contract, candidate, self._options.expectation_parameters
        )
        return Judged(candidate, tuple(self._unit[candidate.dataset]), contract, verdict)

    def _quarantine(self, refused: Sequence[Ruled]) -> None:
        """Set aside the rows that break rules; what is left of each dataset is to be judged next.

        :raises VerdictFailedError: it cannot be done, or too many rows would be.
        """
        for ruled in refused:
            dataset = ruled.judged.dataset
            try:
                found = set_aside(self._governance, self._recording, ruled.judged, self._options)
            except GovernanceError as error:
                if error.reason is not Reason.RULE_FAILED:
                    raise
                raise self._refused([ruled], {dataset: error.message}) from error
            if found is None:
                continue
            if found.candidates is None:
                raise self._refused([ruled], {dataset: _not_set_aside(found, self._options)})
            self._told_aside(found, ruled)
            self._pending[dataset] = list(found.candidates)
            self._unit = {**self._unit, dataset: self._reread(dataset)}
            keep_report(self._governance, ruled.judged.verdict, ruled.judged.contract)

    def _reread(self, dataset: DatasetName) -> list[Load]:
        loads = self._governance.store.loads
        return [loads.get(dataset, load.load_id) or load for load in self._unit[dataset]]

    def _told_aside(self, found: SetAside, ruled: Ruled) -> None:
        verdict = ruled.judged.verdict
        details = {"rows": found.aside, "of": found.rows, "verdict": verdict.verdict_id}
        log_act(self._governance, self._recording, "quarantine", found.dataset, details)

    def _refused(self, refused: Sequence[Ruled], notes: Mapping[DatasetName, str]) -> GovernanceError:
        error = refuse(self._governance, self._recording, refused, notes)
        for ruled in refused:
            decision = decision_of(self._governance, self._recording, ruled)
            keep_report(self._governance, ruled.judged.verdict, ruled.judged.contract, decision)
        return error

    def _commit(self, rulings: Sequence[Ruled]) -> list[Publication] | None:
        """Say what was decided, then publish; None when main moved in the meantime."""
        governance, recording = self._governance, self._recording
        decisions = [decision_of(governance, recording, ruled) for ruled in rulings]
        with governance.store.transaction():
            for decision in decisions:
                governance.store.decisions.record(decision)
        try:
            tags = _to_main(governance, [ruled.judged.candidate for ruled in rulings])
        except GovernanceError as error:
            if error.reason not in MOVED:
                raise
            log.info("Main moved while the candidate was checked: rebasing. (%s)", error)
            return None
        published = [
            record_publication(governance, recording, ruled, decision, tag)
            for ruled, decision, tag in zip(rulings, decisions, tags, strict=True)
        ]
        for ruled, decision in zip(rulings, decisions, strict=True):
            keep_report(governance, ruled.judged.verdict, ruled.judged.contract, decision)
        return published


def _not_set_aside(found: SetAside, options: GateOptions) -> str:
    """Why rows that were set aside make the gate fail after all."""
    if not found.aside:
        return "no row of these loads breaks these rules: rows that were published before do"
    told = (
        f"{found.all_aside:,} of {found.rows:,} rows break these rules and lie in {found.dataset.quarantine}"
    )
    if found.all_aside == found.rows:
        return f"{told}: nothing is left to publish"
    return f"{told}: more than quarantine_limit ({options.limit}) allows"


def _require_published_base(governance: Governance, candidate: Candidate) -> None:
    """Refuse to build on what somebody wrote around the gates: publishing would make it look checked.

    :raises GovernanceError: ``SOURCE_UNPUBLISHED``.
    """
    dataset, base = candidate.dataset, candidate.base_snapshot_id
    if version_at(governance, dataset, base) is not None or governance.lake.head(dataset) != base:
        return  # or main is elsewhere by now, and this is rebased
    facts = governance.lake.snapshot(dataset, base)
    if facts is None or (facts.rows == 0 and facts.parent_snapshot_id is None):
        return  # the empty first snapshot
    current = governance.store.versions.current(dataset)
    remedy = f"airflow-gov datasets rollback {dataset} {current.version}" if current else "remove it"
    raise GovernanceError(
        Reason.SOURCE_UNPUBLISHED,
        f"{dataset} is at snapshot {base}, where no gate and no rollback put it: somebody wrote around the "
        f"gates. Nothing is published on top of it; look at it, then {remedy}.",
        dataset=str(dataset),
        snapshot=base,
    )


def _to_main(governance: Governance, candidates: Sequence[Candidate]) -> list[str]:
    """Publish in one commit; gives the tags, also of candidates that a killed gate had published already."""
    tagged = [(candidate, governance.lake.next_tag(candidate.dataset)) for candidate in candidates]
    if len(tagged) == 1:
        return [governance.lake.publish(tagged[0][0], tag=tagged[0][1])]
    return governance.lake.publish_together(tagged)


def _summary(recording: Recording) -> dict[str, str]:
    return {SUMMARY_PREFIX + "gate-execution-id": recording.execution_id}
