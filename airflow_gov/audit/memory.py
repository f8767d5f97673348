"""What earlier audits left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_gov.model.findings import Finding
    from airflow_gov.model.zones import Zone


@dataclass
class Memory:
    """What earlier audits left behind.

    :param looks: by check and scope (a dataset's name, or ``""`` for the whole lake): what the outcome of the
        last look depended on, None where it must be looked at again; and how many looks there were.
    :param findings: gives the findings of a check that are not fixed, of one scope or of all.
    :param looked_at: gives when a check last looked at a zone, in an audit that finished.
    """

    looks: Mapping[tuple[str, str], tuple[str | None, int]] = field(default_factory=dict)
    findings: Callable[[str, str | None], Sequence[Finding]] = lambda _check, _scope: ()
    looked_at: Callable[[str, Zone], datetime | None] = lambda _check, _zone: None

    def token(self, check: str, scope: str) -> str | None:
        """What the outcome of a check's last look depended on."""
        return self.looks.get((check, scope), (None, 0))[0]

    def times(self, check: str, scope: str) -> int:
        """How often a check has looked at something before."""
        return self.looks.get((check, scope), (None, 0))[1]
