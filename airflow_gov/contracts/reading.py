"""An ODCS document to contracts, one per dataset, with our rules on top of the standard's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts import team
from airflow_gov.contracts.columns import mappings, quality, read_columns, texts
from airflow_gov.contracts.document import Document, load_document
from airflow_gov.contracts.lengths import check_lengths
from airflow_gov.contracts.problems import Findings, JsonPath, Problem, json_path
from airflow_gov.contracts.standard import check_standard
from airflow_gov.model.contract import Column, Contract, QualityEntry
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where a file declares a dataset.

    :param dataset: the dataset.
    :param file: the file's name.
    :param line: line from 1 of its `physicalName`.
    :param path: JSONPath of its `physicalName`.
    :param contract: what it promises; None where a column could not be read.
    """

    dataset: DatasetName
    file: str
    line: int
    path: str
    contract: Contract | None

    def again(self, file: str, line: int, path: str) -> Problem:
        """The problem of a second place that declares the same dataset."""
        reason = f"the dataset {self.dataset} is declared twice, first in {self.file}:{self.line}; keep one"
        return Problem(file, line, path, reason)


@dataclass(frozen=True, slots=True)
class ContractFile:
    """One contract file as read.

    :param file: its name.
    :param declarations: the datasets it declares.
    :param problems: what is wrong with it, in the file's order.
    """

    file: str
    declarations: tuple[Declaration, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What holds for every dataset of a file."""

    hash: str
    text: str
    data: Mapping[str, Any]
    owner: str | None
    stewards: tuple[str, ...]


def read_contract_file(
    raw: bytes, file: str, aliases: Mapping[str, str], *, standard: bool = True
) -> ContractFile:
    """Read a contract file.

    :param raw: its bytes.
    :param file: its name.
    :param aliases: other words for zones.
    :param standard: check it against the standard's JSON schema too, about 1 ms a column.
    """
    document = load_document(raw, file)
    declarations: tuple[Declaration, ...] = ()
    if document.readable and standard:
        check_standard(document)
        check_lengths(document.data, document.findings)
    if isinstance(document.data, dict):
        declarations = _declarations(document, raw, aliases)
    return ContractFile(file, declarations, tuple(document.findings.problems))


def _declarations(document: Document, raw: bytes, aliases: Mapping[str, str]) -> tuple[Declaration, ...]:
    data, findings = document.data, document.findings
    shared = _Shared(
        hash=hashlib.sha256(raw).hexdigest(),
        text=raw.decode("utf-8"),
        data=data,
        owner=team.owner(data.get("team"), findings),
        stewards=team.stewards(data.get("team")),
    )
    found: dict[DatasetName, Declaration] = {}
    for path, element in mappings(data.get("schema"), ("schema",)):
        dataset = _dataset(element, path, aliases, findings)
        columns = _columns(dataset, element, path, findings)
        if dataset is None:
            continue
        rules = quality(element.get("quality"), (*path, "quality"), findings)
        contract = (
            None if columns is None else _contract(dataset, columns, element, rules, shared, findings.file)
        )
        here = (*path, "physicalName")
        entry = Declaration(dataset, findings.file, findings.line(here), json_path(here), contract)
        if dataset in found:
            findings.note(found[dataset].again(entry.file, entry.line, entry.path))
        found.setdefault(dataset, entry)
    if not data.get("schema"):
        findings.add(("schema",), "no dataset is declared: `schema` needs an element for each")
    return tuple(found.values())


def _dataset(
    element: Mapping[str, Any], path: JsonPath, aliases: Mapping[str, str], findings: Findings
) -> DatasetName | None:
    here, name = (*path, "physicalName"), element.get("physicalName")
    if name is None:
        findings.add(here, "physicalName is missing: write the dataset, e.g. clean.flights")
    if not isinstance(name, str):
        return None
    try:
        dataset = DatasetName.parse(name, aliases)
    except GovernanceError as error:
        findings.add(here, error.message)
        return None
    if dataset.is_quarantine:
        findings.add(here, f"{name!r} names a quarantine: names ending in {QUARANTINE_SUFFIX} are taken")
        return None
    return dataset


def _columns(
    dataset: DatasetName | None, element: Mapping[str, Any], path: JsonPath, findings: Findings
) -> tuple[Column, ...] | None:
    here, zone = (*path, "properties"), dataset.zone if dataset else None
    columns = read_columns(element.get("properties"), here, zone, findings)
    if columns == () and zone is not Zone.RAW:
        findings.add(here, "there are no columns; only raw datasets may leave them open")
    return columns


def _contract(
    dataset: DatasetName,
    columns: tuple[Column, ...],
    element: Mapping[str, Any],
    rules: tuple[QualityEntry, ...],
    shared: _Shared,
    file: str,
) -> Contract:
    data = shared.data
    return Contract(
        dataset=dataset,
        columns=columns,
        hash=shared.hash,
        text=shared.text,
        path=file,
        contract_id=str(data.get("id") or ""),
        version=str(data.get("version") or ""),
        description=str(element.get("description") or ""),
        owner=shared.owner,
        stewards=shared.stewards,
        tags=tuple(dict.fromkeys((*texts(data.get("tags")), *texts(element.get("tags"))))),
        quality=rules,
        sla=tuple(item for _, item in mappings(data.get("slaProperties"), ())),
        roles=tuple(item for _, item in mappings(data.get("roles"), ())),
    )
