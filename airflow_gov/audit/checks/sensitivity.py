"""Personal and restricted columns that are not where they belong, by what contracts and lineage say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck, LakeCheck
from airflow_gov.catalog.sensitivity import WATCHED, ConflictKind, conflicts
from airflow_gov.catalog.ways import personal
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.contract import Column
    from airflow_gov.model.findings import Observation

#: Steps of a way that are told.
_STEPS = 20


class PersonalOutsideSensitive(DatasetCheck):
    """A column that its contract calls personal or restricted, in a zone that many read."""

    id = "personal-outside-sensitive"
    title = "Personal column outside sensitive"
    severity = Severity.ERROR
    explanation = (
        "Personal and restricted columns lie in sensitive; clean, gold and work, which many read, carry "
        "tokens in their place. Raw and preprocessed are let be: data arrives there as it was delivered, and "
        "the split reads it from there. A column whose contract tags it as personal (pii) without "
        "restricting it is a warning: it may be a token that was tagged like its origin."
    )
    remedy = (
        "Split the column off into sensitive (SensitiveSplitOperator) and carry its token here; drop old "
        "versions by maintenance. Where the values say nothing of anybody, take the tag out of the contract."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By the contract in use."""
        if audited.zone not in WATCHED or audited.contract is None:
            return
        for column in audited.contract.columns:
            if column.classified:
                yield self.found_in(
                    audited,
                    f"{audited.name}.{column.name} is {_what(column)} by its contract and lies in "
                    f"{audited.zone}, not in sensitive.",
                    part=column.name,
                    severity=self.severity if column.restricted else Severity.WARNING,
                    classification=column.classification,
                    tags=list(column.tags),
                )

    def token(self, audited: AuditedDataset) -> str:
        """The contract's text."""
        return audited.contract_mark


class TagsInConflict(LakeCheck):
    """A column into which personal values flow unmasked, and whose contract does not say so."""

    id = "tags-in-conflict"
    title = "Personal data flows on unmasked"
    severity = Severity.ERROR
    explanation = (
        "Tags travel down the column lineage with the values and stop where they are masked (hashed, "
        "tokenised, counted). This column of clean, gold or work is reached by a way on which nothing masks "
        "them, and its contract calls it neither personal nor restricted: whoever reads it does not know."
    )
    remedy = (
        "Mask the column on the way that the finding names, or split it off before. Where its values say "
        "nothing of anybody, take the tag from the origin's contract; else classify the column here, too "
        "(airflow-gov catalog propose shows the patch)."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """All ways down from the columns that are said to be personal."""
        zones = [zone for zone in WATCHED if zone in audited.zones]
        for conflict in conflicts(audited.store, zones) if zones else ():
            if conflict.kind is ConflictKind.UNCLASSIFIED:
                yield self.found(
                    conflict.dataset,
                    f"{conflict}.",
                    part=conflict.column,
                    dataset=conflict.dataset,
                    tags=list(conflict.tags),
                    ways=[[str(place) for place in path.steps[:_STEPS]] for path in conflict.paths],
                )


def _what(column: Column) -> str:
    if column.restricted:
        return str(column.classification)
    return ", ".join(tag for tag in column.tags if personal(tag)) or "personal"
