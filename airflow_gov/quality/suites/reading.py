"""A contract's quality entries to a suite, with everything that is wrong with them told at once.

How entries are read, where the Open Data Contract Standard leaves it open:

* ``type: text`` is documentation. So is a rule of another engine (soda, dbt, …) that names a ``scheduler``:
  somebody else runs it. Without one it is refused, since nobody would know that it never runs; so is one
  whose engine is almost the name of one of ours.
* A property that the standard does not have for such a rule is refused.
* ``severity`` ``error`` (the default), ``critical`` and ``high`` block; ``warning``, ``info``, ``low`` tell.
* ``slaProperties`` ``freshness`` and ``latency`` whose ``element`` is a column of the dataset give a rule of
  severity warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts import Problem, is_great_expectations
from airflow_gov.contracts.document import load_document
from airflow_gov.model.contract import Contract, QualityEntry
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.rules import Rule, RuleKind, Suite
from airflow_gov.model.verdicts import Severity
from airflow_gov.quality.suites.arguments import argument_problems
from airflow_gov.quality.suites.engines import is_ours, meant_engine
from airflow_gov.quality.suites.entries import Entry, Reading, RefuseSql, columns_of, numbered
from airflow_gov.quality.suites.expectations import expectation_rules
from airflow_gov.quality.suites.library import METRICS, UNITS, metric_arguments
from airflow_gov.quality.suites.observed import CHECKS, FRESHNESS, check_arguments
from airflow_gov.quality.suites.planning import plan_of
from airflow_gov.quality.suites.properties import has_known_properties
from airflow_gov.quality.suites.relations import imagined
from airflow_gov.quality.suites.sql import sql_rule
from airflow_gov.quality.suites.thresholds import OPERATORS, threshold_problems
from airflow_gov.quality.suites.words import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Names of the rules that every dataset has.
STRUCTURE_RULES = frozenset({"columns", "exists", "primary_key", "required", "row_count", "size", "unique"})
_TYPES = ("library", "sql", "custom", "text")
_SLA = frozenset({"freshness", "latency", "ly"})
_SHOWN_PROBLEMS = 20


def suite_of(
    contract: Contract,
    parameters: Mapping[str, Any] | None = None,
    refuse_sql: RefuseSql | None = None,
) -> Suite:
    """The suite of a contract.

    :param contract: the contract, with the suite files it names.
    :param parameters: values of ``{"$PARAMETER": name}`` in expectations; None where they are not known yet.
    :param refuse_sql: looks at SQL rules, e.g. ``engine.refuse_sql``; None: they are not looked at.
    :raises GovernanceError: ``RULE_INVALID`` with every problem; ``DEPENDENCY_MISSING`` where that is all
        that is wrong.
    """
    reading = Reading(contract, parameters, refuse_sql)
    suite = _read(reading)
    if reading.missing is not None and len(reading.problems) == 1:
        raise reading.missing
    if reading.problems:
        raise rules_invalid(contract, _sorted(reading))
    return suite


def rule_problems(contract: Contract, refuse_sql: RefuseSql | None = None) -> list[Problem]:
    """Everything that is wrong with a contract's quality rules, before any parameter is known.

    :param contract: the contract, with the suite files it names.
    :param refuse_sql: looks at SQL rules; None: they are not looked at.
    """
    reading = Reading(contract, None, refuse_sql)
    _read(reading)
    return _sorted(reading)


def rules_invalid(contract: Contract, problems: Sequence[Problem]) -> GovernanceError:
    """The error that carries the problems of a contract's rules."""
    shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS])
    more = f"\n  … and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return GovernanceError(
        Reason.RULE_INVALID,
        f"The quality rules of {contract.dataset} cannot be run; mend them and check them with `airflow-gov "
        f"contracts validate`:\n{shown}{more}",
        dataset=str(contract.dataset),
        problems=[{"file": p.file, "line": p.line, "path": p.path, "reason": p.reason} for p in problems],
    )


def _read(reading: Reading) -> Suite:
    rules = [rule for entry in _entries(reading) for rule in _rules(entry)]
    rules += _promised(reading)
    return Suite(reading.contract.dataset, numbered(rules, STRUCTURE_RULES))


def _sorted(reading: Reading) -> list[Problem]:
    return sorted(dict.fromkeys(reading.problems))


def _entries(reading: Reading) -> Iterator[Entry]:
    file = _file(reading.contract)
    for at in reading.contract.quality:
        yield Entry(reading, at, None, file)
    for column in reading.contract.columns:
        for at in column.quality:
            yield Entry(reading, at, column, file)


def _file(contract: Contract) -> str:
    return contract.path or str(contract.dataset)


def _rules(entry: Entry) -> Iterable[Rule]:
    """The rules of one entry: none, one, or those of the suite it names."""
    kind = entry.data.get("type", "library")
    if kind not in _TYPES:
        entry.wrong(f"unknown type {kind!r}: write one of {', '.join(_TYPES)}", "type")
        return ()
    known = kind == "custom" or has_known_properties(entry, kind)
    if kind == "text" or not known:
        return ()
    if entry.column is not None and not entry.has_columns([entry.column.name]):
        return ()
    if kind == "custom":
        return _custom(entry)
    rule = _library(entry) if kind == "library" else sql_rule(entry)
    return () if rule is None else (_described(entry, rule),)


def _custom(entry: Entry) -> Iterable[Rule]:
    engine = entry.data.get("engine")
    if not is_great_expectations(engine) and not is_ours(engine):
        _refuse_unknown_engine(entry, engine)
        return ()
    if not has_known_properties(entry, "custom"):
        return ()
    if is_great_expectations(engine):
        return expectation_rules(entry)
    rule = _observed(entry)
    return () if rule is None else (_described(entry, rule),)


def _refuse_unknown_engine(entry: Entry, engine: Any) -> None:
    """Note that nobody would run the rule, unless it is another tool's that says who does."""
    meant = meant_engine(engine) if isinstance(engine, str) else None
    if meant is not None:
        entry.wrong(f"unknown engine {engine!r}; did you mean {meant!r}?", "engine")
    elif not entry.text("engine") or not entry.text("scheduler"):
        entry.wrong(
            f"rules of the engine {engine!r} are not run here, so that this one would never be checked: "
            "write it as library, sql, greatExpectations or airflow-gov, or name who runs it in `scheduler`",
            "engine",
        )


def _described(entry: Entry, rule: Rule) -> Rule:
    return replace(
        rule,
        name=entry.text("name") or rule.name,
        severity=entry.severity(entry.data.get("severity")),
        dimension=entry.text("dimension") or None,
        description=entry.text("description"),
    )


def _library(entry: Entry) -> Rule | None:
    key = "metric" if "metric" in entry.data else "rule"
    check = entry.data.get(key)
    metric = METRICS.get(check) if isinstance(check, str) else None
    if metric is None or not isinstance(check, str):
        reason = f"unknown metric {check!r}{nearest(str(check), METRICS)}" if check else "needs a metric"
        entry.wrong(f"{reason} ({', '.join(METRICS)})", key)
        return None
    if entry.column is not None and not metric.of_column:
        entry.wrong(f"{check} is about the whole dataset: put it beside the properties", key)
        return None
    if entry.column is None and not metric.of_table:
        entry.wrong(f"{check} is about one column: put it at that column", key)
        return None
    return _checked_library(entry, check)


def _checked_library(entry: Entry, check: str) -> Rule | None:
    before = len(entry.problems)
    unit = entry.data.get("unit", UNITS[0])
    if unit not in UNITS:
        entry.wrong(f"unknown unit {unit!r}: write {' or '.join(UNITS)}", "unit")
    for problem in threshold_problems(entry.data, truth=False):
        entry.wrong(problem)
    own = entry.data.get("arguments") or {}
    if not isinstance(own, Mapping):
        entry.wrong("arguments are a mapping", "arguments")
        return None
    declared = metric_arguments(check)
    taken = declared.pop("column", None)
    if entry.column is not None:
        declared.pop("properties", None)
    for problem in argument_problems(own, declared):
        entry.wrong(f"{check}: {problem}", "arguments")
    if len(entry.problems) > before:
        return None
    columns = [entry.column.name] if entry.column is not None else list(own.get("properties") or ())
    if entry.column is not None and taken is not None:
        own = {"column": entry.column.name, **own}
    limits = {name: entry.data[name] for name in OPERATORS if name in entry.data}
    return _tried(entry, RuleKind.LIBRARY, check, columns, {**own, **limits, "unit": unit}, "arguments")


def _observed(entry: Entry) -> Rule | None:
    """The rule of an ``engine: airflow-gov`` entry."""
    before = len(entry.problems)
    given = entry.data.get("implementation")
    check = given.get("check") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(check, str) or check not in CHECKS:
        reason = f"unknown check {check!r}{nearest(str(check), CHECKS)}" if check else "needs `check`"
        entry.wrong(f"{reason} ({', '.join(CHECKS)})", "implementation")
        return None
    own = {key: value for key, value in given.items() if key != "check"}
    declared = check_arguments(check)
    if check == FRESHNESS and "column" not in own and entry.column is not None:
        own = {"column": entry.column.name, **own}
    for problem in argument_problems(own, declared):
        entry.wrong(f"{check}: {problem}", "implementation")
    if len(entry.problems) > before:
        return None
    columns = [own["column"]] if "column" in own else []
    return _tried(entry, RuleKind.OBSERVED, check, columns, own, "implementation")


def _tried(
    entry: Entry, kind: RuleKind, check: str, columns: list[str], arguments: Mapping[str, Any], key: str
) -> Rule | None:
    """A rule whose plan can be made on the dataset's columns; None where it cannot, which is noted."""
    if not entry.has_columns(columns, key):
        return None
    rule = Rule(
        name=f"{check}({', '.join(columns)})" if columns else check,
        kind=kind,
        check=check,
        columns=tuple(columns),
        arguments=arguments,
        place=entry.place,
    )
    plan = plan_of(rule, imagined(str(entry.contract.dataset), columns_of(entry.contract)))
    try:
        next(plan, None)
    except GovernanceError as error:
        entry.wrong(f"{check}: {error.message}", key)
        return None
    finally:
        plan.close()
    return rule


def _promised(reading: Reading) -> Iterator[Rule]:
    """Rules that follow from what the contract promises about freshness."""
    contract = reading.contract
    known = {name for name, _ in columns_of(contract)}
    for index, item in enumerate(contract.sla):
        if str(item.get("property", "")).lower() not in _SLA:
            continue
        for table, column in _elements(item.get("element"), contract):
            if column not in known and not table:  # of another dataset of the same file
                continue
            line = load_document(contract.text.encode(), contract.path).findings.line(
                ("slaProperties", index)
            )
            at = QualityEntry(item, line, f"$.slaProperties[{index}]")
            entry = Entry(reading, at, None, _file(contract))
            if not entry.has_columns([column], "element"):
                continue
            unit = item.get("unit")
            age = f"{item.get('value')} {unit}" if unit else str(item.get("value"))
            arguments = {"column": column, "maxAge": age}
            rule = _tried(entry, RuleKind.OBSERVED, FRESHNESS, [column], arguments, "value")
            if rule is not None:
                words = str(item.get("description") or "")
                yield replace(rule, severity=Severity.WARNING, dimension="timeliness", description=words)


def _elements(element: Any, contract: Contract) -> Iterator[tuple[str, str]]:
    """The columns of this dataset that an SLA's `element` names, e.g. ``clean.flights.departed_at``.

    :returns: each with what stands before it; nothing, where it may be another dataset's of the file.
    """
    for part in str(element or "").split(","):
        table, _, column = part.strip().rpartition(".")
        if table in ("", contract.dataset.name, str(contract.dataset)):
            yield table, column
