"""The words of a text, as they are searched: the same for what is looked for and for what is looked in."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters of a word that count.
LONGEST = 64
#: Bytes of all words of one text that are looked in: PostgreSQL keeps no more than a megabyte.
MOST_BYTES = 500_000

# Scripts that put no space between words: each of their characters is one.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
#: What is written together in a name: ``carrierPunctuality``, ``HTTPPort``, ``orders2026``.
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# The accents of Latin, Greek and Cyrillic; marks of other scripts are letters of theirs.
_ACCENT = re.compile("[\u0300-\u036f]")


def words_of(texts: Iterable[str], *, parts: bool = False) -> list[str]:
    """The words of some texts, each once, in lower case and without accents.

    Everything but letters and digits lies between words, so nothing in them means anything to a database.

    :param texts: whatever people wrote.
    :param parts: also the parts of what is written together in names.
    """
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(text if text.isascii() else unicodedata.normalize("NFKC", text)):
            found.update(dict.fromkeys(_folded(word)))
            if parts and word.isascii() and not (word.islower() and word.isalpha()):
                found.update(dict.fromkeys(part.lower() for part in _PART.findall(word)))
    return _bounded(found)


def _folded(word: str) -> list[str]:
    if word.isascii():
        return [word[:LONGEST].lower()]
    plain = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", word.casefold())))
    return [part[:LONGEST] for part in _WORD.findall(plain)]


def _bounded(words: Iterable[str]) -> list[str]:
    kept, left = [], MOST_BYTES
    for word in words:
        left -= len(word.encode()) + 4
        if left < 0:
            break
        kept.append(word[:LONGEST])
    return kept
