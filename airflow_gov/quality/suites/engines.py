"""Whose rules of the type ``custom`` are: ours, Great Expectations', or another tool's that runs them."""

from __future__ import annotations

import difflib
import re
from typing import Any

#: The engines whose rules are run here, by their letters.
_RUN_HERE = {"greatexpectations": "greatExpectations", "airflowgov": "airflow-gov"}
_SHORT = {"gx": "greatExpectations", "ge": "greatExpectations"}
#: How much alike two names are that are meant to be the same.
_ALIKE = 0.85


def is_ours(engine: Any) -> bool:
    """Whether an ODCS `engine` is airflow-gov, however it is written."""
    return isinstance(engine, str) and _letters(engine) == "airflowgov"


def meant_engine(engine: str) -> str | None:
    """The engine whose rules are run here that a name must mean which is none; None for another tool's."""
    letters = _letters(engine)
    near = difflib.get_close_matches(letters, _RUN_HERE, n=1, cutoff=_ALIKE)
    return _RUN_HERE[near[0]] if near else _SHORT.get(letters)


def _letters(engine: str) -> str:
    return re.sub(r"[\s_-]+", "", engine).lower()
