"""Checks of a third party, as its package would bring them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from airflow_gov.audit.check import DatasetCheck, LakeCheck
from airflow_gov.model.findings import Observation, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake

#: Datasets the check `rows` looked at since a test cleared it.
LOOKED: list[str] = []
#: What the check `acting` does when it looks at a dataset.
ACTS: list[Callable[[AuditedDataset], Any]] = []


class _Strange:
    severity = Severity.WARNING
    explanation = "A test wants it."
    remedy = "None."


class Rows(_Strange, DatasetCheck):
    """Finds datasets with more rows than they may have."""

    id = "rows"
    title = "Too many rows"

    def __init__(self, most: int = 2) -> None:
        self.most = most

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        LOOKED.append(str(audited.name))
        head = audited.head
        if head is not None and head.rows > self.most:
            yield self.found_in(audited, f"{audited.name} has {head.rows} rows.", rows=head.rows)

    def token(self, audited: AuditedDataset) -> str | None:
        return audited.state()


class Acting(_Strange, DatasetCheck):
    """Does what a test wants while an audit runs."""

    id = "acting"
    title = "Acts"

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        for act in ACTS:
            yield from act(audited) or ()


class Many(_Strange, LakeCheck):
    """Finds as much as a test wants."""

    id = "many"
    title = "Many"

    def __init__(self, number: int = 0) -> None:
        self.number = number

    @property
    def plan(self) -> str:
        return f"counts to {self.number}"

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        for number in range(self.number):
            yield self.found(f"thing {number}", f"Thing {number} is there.")


class Mended(_Strange, DatasetCheck):
    """Finds a mark in a folder until it is repaired."""

    id = "mended"
    title = "Mended"
    repairs = "removes the mark"
    mark: Path

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        if self.mark.exists():
            yield self.found_in(audited, "There is a mark.")

    def token(self, audited: AuditedDataset) -> str:
        return "whatever happens"

    def repair(self, finding: Any, governance: Any, actor: str) -> str:
        self.mark.unlink()
        return f"The mark is removed for {actor}."


def kill_this_process(_audited: Any) -> None:
    """As the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def install(folder: Path, **checks: str) -> None:
    """Lay down what pip does for a package with these entry points.

    :param folder: on ``sys.path``.
    :param checks: name of the entry point to the class, ``module:Class``.
    """
    info = folder / "strange_checks-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-checks\nVersion: 1.0\n")
    lines = "".join(f"{name} = {target}\n" for name, target in checks.items())
    (info / "entry_points.txt").write_text(f"[airflow_gov.audit_checks]\n{lines}")
