"""What a graph is about, as an address says it: ``dag:<dag_id>``, ``run:<dag_id>:<run_id>`` …"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from airflow_gov.store.lineage.reading import Reading

#: Kind of focus → the names of its parts.
_PARTS = {
    "dag": ("dag_id",),
    "run": ("dag_id", "dag_run_id"),
    "task": ("dag_id", "task_id"),
    "ti": ("dag_id", "dag_run_id", "task_id", "map_index"),
    "dataset": ("dataset",),
    "job": ("job",),
}
#: Dots at which a text is read as a dataset and a column of it.
_MOST_DOTS = 30
_ID = re.compile(r"([dj])([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Focus:
    """What a graph is about; the parts that its kind has."""

    kind: str
    dag_id: str | None = None
    dag_run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    dataset: str | None = None
    job: str | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        mapped = f"[{self.map_index}]" if self.map_index is not None and self.map_index >= 0 else ""
        parts = (self.dataset, self.job, self.dag_id, self.dag_run_id, self.task_id and self.task_id + mapped)
        return " · ".join(part for part in parts if part)


def parse_focus(text: str) -> Focus:
    """Read a focus; each part is URL-encoded, so that a colon in it is none of ours.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    kind, *words = text.split(":")
    names = _PARTS.get(kind)
    if names is None or len(words) != len(names):
        _refuse(text)
    parts: dict[str, str | int] = dict(zip(names, map(unquote, words), strict=True))
    if not all(parts.values()):
        _refuse(text)
    if "map_index" in parts:
        parts["map_index"] = _map_index(str(parts["map_index"]), text)
    return Focus(kind, **parts)  # type: ignore[arg-type]


def node_number(text: str, kind: str) -> int | None:
    """The number in an id such as ``d12`` or ``j5``; None when it is no such id.

    :param kind: ``d`` or ``j``.
    """
    match = _ID.fullmatch(text)
    return int(match[2]) if match and match[1] == kind else None


def splits_at_dots(text: str) -> list[tuple[str, str]]:
    """A text parted at each of its last dots, the longest beginning first: the names of both may have dots.

    Each part is a question to the store, so of a text that is all dots only some are asked.
    """
    dots = [place for place, letter in enumerate(text) if letter == "."]
    return [(text[:dot], text[dot + 1 :]) for dot in reversed(dots[-_MOST_DOTS:])]


def find_dataset(reading: Reading, text: str, dags: frozenset[str] | None) -> int:
    """The dataset of an id or a whole name.

    :raises GovernanceError: ``DATASET_UNKNOWN`` when there is none, or none for the caller.
    """
    number = node_number(text, "d")
    if number is not None and reading.nodes.datasets([number], dags=dags):
        return number
    found = reading.names.exact(text, dags=dags, limit=1) if number is None else []
    if found:
        return found[0].number
    raise GovernanceError(
        Reason.DATASET_UNKNOWN, "There is no such dataset in the lineage, or you may not see it."
    )


def find_job(reading: Reading, text: str, dags: frozenset[str] | None) -> int:
    """The job of an id or a whole name.

    :raises GovernanceError: ``DATASET_UNKNOWN`` when there is none, or none for the caller.
    """
    number = node_number(text, "j")
    if number is not None and reading.nodes.jobs([number], dags=dags):
        return number
    found = reading.names.jobs(text, dags=dags, limit=1) if number is None else []
    if found:
        return found[0].number
    raise GovernanceError(Reason.JOB_UNKNOWN, "There is no such job in the lineage, or you may not see it.")


def _map_index(text: str, whole: str) -> int:
    if not re.fullmatch(r"-1|[0-9]{1,9}", text):
        _refuse(whole)
    return int(text)


def _refuse(text: str) -> NoReturn:
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"focus={shown!r} is none: write dag:<dag_id>, run:<dag_id>:<run_id>, task:<dag_id>:<task_id>, "
        "ti:<dag_id>:<run_id>:<task_id>:<map_index>, dataset:<id or name> or job:<id>; encode each part "
        "as in a URL.",
        parameter="focus",
    )
