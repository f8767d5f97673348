"""From what a column's name, type and values say to one number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from airflow_gov.catalog.classification.recogniser import Recogniser
from airflow_gov.catalog.classification.wording import ABOUT, said, words_of
from airflow_gov.model.classification import Evidence

#: From this confidence on a tag is proposed.
THRESHOLD = 0.5

#: What a name counts that says so, and one that may say so.
_NAMED, _HINTED = 0.85, 0.4
#: What is left of a name that also speaks against it, and of values whose name does.
_NAME_AGAINST, _VALUES_AGAINST = 0.6, 0.55
#: What is left of a name where there are no values to look at.
_NAME_ALONE = 0.8
#: The part of values that must at least be written so for the name to count whole.
_SUPPORT = 0.5
#: What is proven is an accident less often than this.
_ACCIDENT = 0.02
#: Parts of values that two tags of one column may have in common.
_OVERLAP = 1.1


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a recogniser makes of a column.

    :param confidence: 0 to 1.
    :param by_values: confidence by the values alone.
    """

    recogniser: Recogniser
    evidence: Evidence
    confidence: float
    by_values: float

    @property
    def proven(self) -> bool:
        """Whether the values alone prove it, whatever the column is called."""
        enough = self.by_values >= THRESHOLD and self.evidence.share >= self.recogniser.proof
        return enough and self.recogniser.chance ** _matching(self.evidence) <= _ACCIDENT


def weigh(recogniser: Recogniser, name: str, evidence: Evidence) -> Weighed:
    """Put name and values together: each is a chance to be right that the other does not take away.

    :param evidence: of the values.
    """
    words = words_of(name)
    named, hinted = said(words, recogniser.names), said(words, recogniser.hints)
    against = said(words, recogniser.against)
    spoken = named or hinted
    about = _about(words, spoken)
    by_name = 0.0 if about else _NAMED if named else _HINTED if hinted else 0.0
    by_values = _by_values(recogniser, evidence)
    if against:
        by_name *= _NAME_AGAINST
        by_values *= 1.0 if named else _VALUES_AGAINST
    by_name *= _supported(evidence)
    told = replace(evidence, name=spoken, against=(*against, *about))
    return Weighed(recogniser, told, round(1 - (1 - by_values) * (1 - by_name), 3), by_values)


def _about(words: Sequence[str], spoken: Iterable[str]) -> tuple[str, ...]:
    """Words that make it something about the thing; those of what the name says are none."""
    own = {word for phrase in spoken for word in phrase.split()}
    return tuple(dict.fromkeys(word for word in words if word in ABOUT and word not in own)) if own else ()


def _by_values(recogniser: Recogniser, evidence: Evidence) -> float:
    if not evidence.matching:
        return 0.0
    low, high = recogniser.shares
    ramp = max(0.0, min(1.0, (evidence.share - low) / (high - low)))
    # A single value that passes a check may do so by accident.
    return float(recogniser.weight * ramp * (1 - recogniser.chance ** _matching(evidence)))


def _matching(evidence: Evidence) -> float:
    """How many different values match, about."""
    return max(1.0, evidence.distinct * evidence.share)


def _supported(evidence: Evidence) -> float:
    if not evidence.values:
        return _NAME_ALONE
    return min(1.0, evidence.plain_share / _SUPPORT)


def chosen(weighed: Iterable[Weighed]) -> list[Weighed]:
    """What is proposed of a column: the surest, and others that are about other values of it."""
    taken: list[Weighed] = []
    for each in sorted(weighed, key=lambda one: (-one.confidence, -one.evidence.share)):
        if each.confidence < THRESHOLD:
            break
        if any(each.recogniser.tag == other.recogniser.tag for other in taken):
            continue
        if all(each.evidence.share + other.evidence.share <= _OVERLAP for other in taken if taken) and (
            not taken or each.by_values > 0
        ):
            taken.append(each)
    return taken
