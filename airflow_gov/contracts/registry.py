"""Contracts by dataset, and the problems of contract files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_gov.contracts.files import find_files, read_bytes
from airflow_gov.contracts.problems import Problem
from airflow_gov.contracts.reading import ContractFile, Declaration, read_contract_file
from airflow_gov.contracts.suite_files import read_suites, with_suites
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.zones import DatasetName

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of contract files came to.

    :param files: how many were read.
    :param datasets: how many they declare.
    :param problems: by file and line.
    """

    files: int
    datasets: int
    problems: tuple[Problem, ...]


@lru_cache(maxsize=4096)
def _read(raw: bytes, file: str, aliases: tuple[tuple[str, str], ...], standard: bool) -> ContractFile:
    # By content: time stamps are too coarse to tell two quick edits apart, and reading is cheap.
    return read_contract_file(raw, file, dict(aliases), standard=standard)


class ContractRegistry:
    """The contracts of a folder. Files are looked at anew at every call; what was parsed is kept.

    :param folder: holds the contract files, also in folders below.
    :param aliases: other words for zones, e.g. ``{"landing": "raw"}``.
    """

    def __init__(self, folder: Path, aliases: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._aliases = tuple(sorted((aliases or {}).items()))

    def resolve(self, dataset: DatasetName) -> Contract:
        """The contract of a dataset.

        :param dataset: the dataset.
        :raises GovernanceError: ``CONTRACT_MISSING`` naming the folder and datasets with like names;
            ``CONTRACT_INVALID`` with the problems of the file, or naming both files that declare it.
        """
        files, unreadable = self._load()
        # A file that does not hold the name's text does not declare it: most files need no parsing.
        mentions = {path: raw for path, raw in files.items() if f".{dataset.name}".encode() in raw}
        declared = self._declarations(mentions, dataset) or self._declarations(files, dataset)
        if not declared:
            raise self._missing(dataset, files, [*unreadable, *self._unparsed(mentions)])
        path = Path(declared[0].file)
        problems = [*self._parse(path, files[path], standard=True).problems]
        problems += [declared[0].again(other.file, other.line, other.path) for other in declared[1:]]
        contract = declared[0].contract
        if contract is not None:
            contract, lost = read_suites(contract, self.folder)
            problems += lost
        if problems or contract is None:
            raise contract_invalid(str(dataset), problems)
        return contract

    def all(self) -> list[Contract]:
        """Every contract, by dataset.

        :raises GovernanceError: ``CONTRACT_MISSING`` when there is no folder, ``CONTRACT_INVALID`` with
            the problems when any file has one.
        """
        report = self.check()
        if report.problems:
            raise contract_invalid(str(self.folder), report.problems)
        return self.readable()

    def readable(self) -> list[Contract]:
        """Every contract whose columns could be read, with the suites that could, whatever is wrong else."""
        declarations = self._declarations(self._load()[0])
        contracts = (read_suites(each.contract, self.folder)[0] for each in declarations if each.contract)
        return sorted(contracts, key=lambda contract: contract.dataset)

    def check(self) -> CheckReport:
        """Everything that is wrong in the folder. A folder without a contract file is wrong too.

        :raises GovernanceError: ``CONTRACT_MISSING`` when there is no folder.
        """
        paths = self._paths()
        if not paths:
            reason = "holds no contract file (*.yaml, *.yml)"
            return CheckReport(0, 0, (Problem(str(self.folder), 1, "$", reason),))
        return _check(paths, self.folder, self._aliases)

    def _paths(self) -> list[Path]:
        if not self.folder.is_dir():
            what = "is not a folder" if self.folder.exists() else "does not exist"
            raise GovernanceError(
                Reason.CONTRACT_MISSING,
                f"The contracts folder {self.folder} {what}: create it with one ODCS file (*.odcs.yaml) per "
                "data product, or set [airflow_gov] contracts_folder.",
                folder=str(self.folder),
            )
        return list(find_files(self.folder))

    def _load(self) -> tuple[dict[Path, bytes], list[Problem]]:
        """The files' bytes, and why some cannot be read."""
        contents = {path: read_bytes(path) for path in self._paths()}
        files = {path: raw for path, raw in contents.items() if isinstance(raw, bytes)}
        return files, [problem for problem in contents.values() if isinstance(problem, Problem)]

    def _parse(self, path: Path, raw: bytes, *, standard: bool) -> ContractFile:
        return _read(raw, str(path), self._aliases, standard)

    def _declarations(
        self, files: Mapping[Path, bytes], dataset: DatasetName | None = None
    ) -> list[Declaration]:
        return [
            declaration
            for path, raw in files.items()
            for declaration in self._parse(path, raw, standard=False).declarations
            if dataset in (None, declaration.dataset)
        ]

    def _unparsed(self, files: Mapping[Path, bytes]) -> Iterator[Problem]:
        for path, raw in files.items():
            parsed = self._parse(path, raw, standard=False)
            if not parsed.declarations:
                yield from parsed.problems

    def _missing(
        self, dataset: DatasetName, files: Mapping[Path, bytes], suspects: Sequence[Problem]
    ) -> GovernanceError:
        """Why there is no contract: a file that may hold it cannot be read, or there is none."""
        if suspects:
            return contract_invalid(str(dataset), suspects)
        known = sorted(str(declaration.dataset) for declaration in self._declarations(files))
        near = difflib.get_close_matches(str(dataset), known, n=3, cutoff=0.5)
        hint = f"there is {', '.join(near)}" if near else f"{len(known)} other datasets have one"
        return GovernanceError(
            Reason.CONTRACT_MISSING,
            f"No contract declares {dataset} in {self.folder} ({hint}): add an ODCS file with "
            f"`physicalName: {dataset}`.",
            dataset=str(dataset),
            folder=str(self.folder),
            nearest=near,
        )


def check(path: Path, aliases: Mapping[str, str] | None = None) -> CheckReport:
    """Check a contract file of any name, or a folder of them.

    :param path: the file or folder.
    :param aliases: other words for zones.
    :raises GovernanceError: ``CONTRACT_MISSING`` when there is nothing at `path`.
    """
    registry = ContractRegistry(path, aliases)
    if path.is_dir() or not (path.exists() or path.is_symlink()):
        return registry.check()
    return _check([path], path.parent, tuple(sorted((aliases or {}).items())))


def validate(path: Path, aliases: Mapping[str, str] | None = None) -> list[Problem]:
    """The problems that :func:`check` finds; none when all is well."""
    return list(check(path, aliases).problems)


def readable(path: Path, aliases: Mapping[str, str] | None = None) -> list[Contract]:
    """The contracts of a file of any name or of a folder, as far as they can be read.

    :param path: the file or folder; it is there.
    :param aliases: other words for zones.
    """
    if path.is_dir():
        return ContractRegistry(path, aliases).readable()
    raw = read_bytes(path)
    if isinstance(raw, Problem):
        return []
    parsed = _read(raw, str(path), tuple(sorted((aliases or {}).items())), False)
    return [read_suites(each.contract, path.parent)[0] for each in parsed.declarations if each.contract]


def parse_contract(
    text: str,
    dataset: DatasetName,
    path: str = "",
    aliases: Mapping[str, str] | None = None,
    *,
    suites: Mapping[str, str] | None = None,
) -> Contract:
    """The contract of a dataset from the text of a file that was validated before, e.g. the store's.

    The standard's schema is not checked again, and rules that came later do not matter.

    :param text: the file's text.
    :param dataset: the dataset.
    :param path: where the text came from, for people.
    :param aliases: other words for zones.
    :param suites: texts of the suite files it names, by name.
    :raises GovernanceError: ``CONTRACT_INVALID`` when the text does not say what the dataset's columns are.
    """
    parsed = _read(text.encode(), path, tuple(sorted((aliases or {}).items())), False)
    found = [entry for entry in parsed.declarations if entry.dataset == dataset]
    if found and found[0].contract is not None:
        return with_suites(found[0].contract, suites or {})
    undeclared = Problem(path, 1, "$.schema", f"does not declare {dataset}")
    raise contract_invalid(str(dataset), [undeclared, *parsed.problems] if not found else parsed.problems)


def _check(paths: Sequence[Path], folder: Path, aliases: tuple[tuple[str, str], ...]) -> CheckReport:
    problems: list[Problem] = []
    first: dict[DatasetName, Declaration] = {}
    for path in paths:
        raw = read_bytes(path)
        if isinstance(raw, Problem):
            problems.append(raw)
            continue
        parsed = _read(raw, str(path), aliases, True)
        problems += parsed.problems
        for entry in parsed.declarations:
            if entry.dataset in first:
                problems.append(first[entry.dataset].again(entry.file, entry.line, entry.path))
            first.setdefault(entry.dataset, entry)
            if entry.contract is not None:
                problems += read_suites(entry.contract, folder)[1]
    return CheckReport(len(paths), len(first), tuple(sorted(problems)))


def contract_invalid(subject: str, problems: Iterable[Problem]) -> GovernanceError:
    """The error that carries problems.

    :param subject: the dataset or folder that is refused.
    :param problems: why.
    """
    found = list(problems)
    shown = "\n".join(f"  {problem}" for problem in found[:_SHOWN_PROBLEMS])
    more = f"\n  … and {len(found) - _SHOWN_PROBLEMS} more" if len(found) > _SHOWN_PROBLEMS else ""
    return GovernanceError(
        Reason.CONTRACT_INVALID,
        f"The contract of {subject} is not valid; mend it and check it with `airflow-gov contracts "
        f"validate`:\n{shown}{more}",
        subject=subject,
        problems=[{"file": p.file, "line": p.line, "path": p.path, "reason": p.reason} for p in found],
    )
