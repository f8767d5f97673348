"""Verdicts with everything a report shows: failures, warnings, examples, a past, rows set aside."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow_gov.model.contract import Column
from airflow_gov.model.types import Primitive
from airflow_gov.model.verdicts import Decision, RuleResult, Ruling, Severity, Verdict
from support import records

#: A value of a classified column: it may appear nowhere.
SECRET = "ada.lovelace@example.com"

CONTRACT = replace(
    records.contract("text of the contract"),
    columns=(
        Column("flight_id", Primitive("long"), required=True, primary_key=1),
        Column("carrier", Primitive("string"), required=True),
        Column("dep_delay", Primitive("double")),
        Column("email", Primitive("string"), classification="restricted", tags=("pii:email",)),
    ),
    version="2.1.0",
    description="Flights that departed, one row each.",
    owner="Flight operations",
    stewards=("grace@example.com",),
)


def held(rule: str, *columns: str, **changes: Any) -> RuleResult:
    """A rule that held."""
    return RuleResult(
        rule,
        passed=True,
        columns=columns,
        **{"expected": "no nulls", "observed": "no nulls", "failed_rows": 0, "rows": 327_346} | changes,
    )


def broke(rule: str, *columns: str, **changes: Any) -> RuleResult:
    """A rule that did not hold."""
    return replace(held(rule, *columns, failed_rows=12), **{"passed": False} | changes)


RESULTS = (
    held(
        "columns",
        "flight_id",
        "carrier",
        "dep_delay",
        "email",
        expected="the contract's 4 columns",
        rows=None,
    ),
    held("row_count", expected="327,346 rows", observed="327,346 rows", failed_rows=None),
    held("required", "flight_id"),
    held("required", "carrier"),
    held("primary_key", "flight_id", expected="a key in every row, no key twice", observed="as expected"),
    broke(
        "delay_is_plausible",
        "dep_delay",
        check="expect_column_values_to_be_between",
        expected="between -120 and 1440",
        observed="12 of 327,346 values (0.0037 %) are not",
        dimension="conformity",
        description="A flight leaves at most two hours early and a day late.",
        missing=8_255,
        examples=({"flight_id": 4711}, {"flight_id": 4712}, {"flight_id": 90_017}),
    ),
    broke(
        "carriers_are_known",
        "carrier",
        check="invalidValues",
        severity=Severity.WARNING,
        expected="one of 9E, AA, AS, B6, DL, EV, F9, FL, HA, MQ, OO, UA, US, VX, WN, YV",
        observed="2 values are not",
        failed_rows=2,
        dimension="consistency",
        engine="duckdb",
    ),
    held(
        "email_looks_like_one",
        "email",
        check="expect_column_values_to_match_regex",
        expected="matches ^[^@]+@[^@]+$",
        observed="all do",
        engine="great_expectations",
        dimension="conformity",
    ),
    held(
        "fresh",
        check="freshness",
        expected="at most 26 h old",
        observed="3 h old",
        engine="metadata",
        rows=None,
    ),
)


def verdict(**changes: Any) -> Verdict:
    """A verdict that refuses."""
    return records.verdict(**{"results": RESULTS, "rows": 327_346} | changes)


def decision(ruling: Ruling = Ruling.REFUSED, **changes: Any) -> Decision:
    """What a gate made of it."""
    about = verdict()
    made = Decision(
        about.dataset,
        about.snapshot_id,
        about.contract_hash,
        about.verdict_id,
        ruling,
        about.checked_at + timedelta(seconds=1),
        about.execution_id,
    )
    return replace(made, **changes)


def history(length: int = 40) -> list[Verdict]:
    """The verdicts before it, newest first."""
    now = verdict()
    return [
        replace(
            now,
            verdict_id=f"verdict-{days}",
            checked_at=now.checked_at - timedelta(days=days),
            snapshot_id=now.snapshot_id - days,
            rows=now.rows - 900 * days,
            results=RESULTS
            if days % 7 == 3
            else tuple(r for r in RESULTS if r.passed or (days % 3 == 0 and not r.blocks)),
        )
        for days in range(1, length)
    ]


def set_aside() -> list[dict[str, Any]]:
    """Rows as they lie in a quarantine."""
    return [
        {
            "file": "",
            "line": number,
            "column": "dep_delay",
            "reason": "delay_is_plausible",
            "content": json.dumps(
                {
                    "flight_id": 4711 + number,
                    "carrier": "UA",
                    "dep_delay": None if number else 9e9,
                    "email": SECRET,
                }
            ),
            "_load_id": "0123456789abcdef",
        }
        for number in range(4)
    ]
