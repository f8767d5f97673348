"""What a column's name says: its words, whatever way they are put together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from airflow_gov.catalog.classification.recogniser import words

#: Words after which a column holds something about the thing, and not the thing.
ABOUT = frozenset(
    words(
        "hash hashed sha sha1 sha256 sha512 md5 hmac digest token tokenized tokenised masked redacted "
        "encrypted cipher anonymized anonymised pseudonym pseudonymized count cnt flag is has verified "
        "valid validated confirmed domain type typ tipo status state length len format regex pattern "
        "template opt optin consent sent opened clicked bounced provider version score rank quality missing "
        "present required enabled subscribed subscription updated created label category prefix suffix area "
        "code codigo kode id"
    )
)

_WORD = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: The longest name that is looked at, in characters.
_LONGEST = 300


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name in lower case, without accents: ``custEMailAddr`` is cust, e, mail, addr.

    :param name: the name, of any script and with anything in it.
    """
    parted = _HUMP.sub(" ", name[:_LONGEST])
    plain = unicodedata.normalize("NFKD", parted.replace("ß", "ss"))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(_WORD.findall(bare.lower()))


def said(words: tuple[str, ...], phrases: Iterable[str]) -> tuple[str, ...]:
    """Which of the phrases the words say: ``first name`` is said by first, name and by firstname.

    :param phrases: words in lower case, parted by blanks.
    """
    spoken = f" {' '.join(words)} "
    found: dict[str, str] = {}
    for each in phrases:
        together = each.replace(" ", "")
        if f" {each} " in spoken or f" {together} " in spoken:
            found.setdefault(together, each)
    return tuple(found.values())
