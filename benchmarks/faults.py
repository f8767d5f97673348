"""What a zone audit finds: faults planted in a healthy lake one at a time, and the findings of each.

    python benchmarks/faults.py [--json]

The lake and the faults are those of the tests (tests/support/healthy_lake.py and faults.py). Each fault is
planted in a fresh copy of a lake that was audited before; then an incremental audit runs, and a full one
beside it, which has to find the same. Exits with 1 where a fault is missed, or another check finds something.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.model.findings import Finding, FindingState, FindingsWanted
from support.faults import FAULTS, Fault
from support.healthy_lake import HealthyLake

OPEN = FindingsWanted(states=(FindingState.NEW, FindingState.REOPENED))


def findings(lake: HealthyLake, fault: Fault | None = None, *, full: bool = False) -> dict[str, Finding]:
    """What an audit finds, by its key."""
    lake.clock.move(seconds=1)
    run_audit(
        lake.governance, AuditRequest(full=full, settings=fault.settings if fault else {}), actor="bench"
    )
    return {found.key: found for found in lake.governance.store.audits.findings.each(OPEN)}


def main() -> int:
    """Print a line per fault."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    as_json = parser.parse_args().json
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        lake = HealthyLake.make(home)
        healthy = findings(lake) | findings(lake, full=True)
        lake.keep()
        for fault in FAULTS:
            lake = HealthyLake.restored(home)
            fault.plant(lake)
            found = findings(lake, fault)
            same = findings(lake, fault, full=True).keys() == found.keys()
            lake.close()
            right = same and {each.check for each in found.values()} == fault.found
            rows.append((fault.name, right, sorted(found.values(), key=lambda each: each.check)))
            if not as_json:
                print(f"{'found ' if right else 'WRONG '} {fault.name}")
                for each in rows[-1][2]:
                    print(f"         {each.severity:<8} {each.check}: {each.message}")
    right = sum(row[1] for row in rows)
    if as_json:
        told = [
            {"fault": name, "right": right, "findings": [[each.check, each.message] for each in found]}
            for name, right, found in rows
        ]
        print(json.dumps({"healthy": len(healthy), "faults": told}, indent=2))
    else:
        print(
            f"\n{right} of {len(rows)} faults found by the right checks; {len(healthy)} findings when healthy"
        )
    return 0 if right == len(rows) and not healthy else 1


if __name__ == "__main__":
    sys.exit(main())
