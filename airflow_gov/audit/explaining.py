"""What findings mean, also those of checks that are not installed any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.audit.check_settings import Setting, settings_of
from airflow_gov.audit.registry import check_classes
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
    :param settings: what can be set of it.
    """

    title: str
    explanation: str = ""
    remedy: str = ""
    repairs: str | None = None
    settings: tuple[Setting, ...] = ()


_CHECK_FAILED = Explained(
    "Check could not do its work",
    "A check that breaks finds nothing, and nothing of what it found before counts as fixed: what it "
    "would have found is not known.",
    "Mend what the message names, or the package that the check comes from, and audit again.",
)


def explain(check_id: str) -> Explained:
    """What a check's findings mean."""
    return explanations().get(check_id) or unknown(check_id)


def unknown(check_id: str) -> Explained:
    """What findings mean whose check nobody has any more."""
    return Explained(
        check_id,
        "No package that is installed has this check: nobody looks whether what it found is still so.",
        "Install the package that it comes from again; else the next audit closes what it found.",
    )


def explanations() -> Mapping[str, Explained]:
    """What is known of every check that is installed."""
    every = check_classes().items()
    return {CHECK_FAILED: _CHECK_FAILED} | {name: _explained(check) for name, check in every}


def _explained(check: type[Check]) -> Explained:
    return Explained(check.title, check.explanation, check.remedy, check.repairs, settings_of(check))
