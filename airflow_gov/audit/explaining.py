"""What findings mean, also those of checks that are not installed any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.audit.registry import built_in_checks, check_classes
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import CHECK_FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.audit.check import Check


@dataclass(frozen=True, slots=True)
class Explained:
    """A check in words.

    :param title: what it finds.
    :param explanation: what it looks at, and why that matters; empty where that is not known.
    :param remedy: what a person does about a finding; empty where that is not known.
    :param repairs: what ``--repair`` does; None where it repairs nothing.
    """

    title: str
    explanation: str = ""
    remedy: str = ""
    repairs: str | None = None


_CHECK_FAILED = Explained(
    "Check could not do its work",
    "A check that breaks finds nothing, and nothing of what it found before counts as fixed: what it "
    "would have found is not known.",
    "Mend what the message names, or the package that the check comes from, and audit again.",
)


def explain(check_id: str) -> Explained:
    """What a check's findings mean."""
    return explanations().get(check_id) or Explained(check_id)


def explanations() -> Mapping[str, Explained]:
    """What is known of every check.

    Who reads what was found does not need every package that found it: where one cannot be loaded, the
    checks of this package are explained all the same.
    """
    try:
        classes = check_classes()
    except GovernanceError:
        classes = built_in_checks()
    return {CHECK_FAILED: _CHECK_FAILED} | {name: _explained(check) for name, check in classes.items()}


def _explained(check: type[Check]) -> Explained:
    return Explained(check.title, check.explanation, check.remedy, check.repairs)
