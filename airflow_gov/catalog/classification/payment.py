"""Numbers with which one pays: cards and bank accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_gov.catalog.classification.digits import digits_of, luhn, mod97

#: First digits (from, to) and lengths of the card schemes' numbers: ISO/IEC 7812-1 and the schemes' own
#: published ranges (Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay, Maestro, Mir).
_ISSUERS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (13, 16, 19)),
    (51, 55, (16,)),
    (2221, 2720, (16,)),
    (34, 34, (15,)),
    (37, 37, (15,)),
    (6011, 6011, (16, 19)),
    (644, 649, (16, 19)),
    (65, 65, (16, 19)),
    (36, 36, (14, 16, 19)),
    (38, 39, (14, 16, 19)),
    (300, 305, (14, 16, 19)),
    (3528, 3589, (16, 17, 18, 19)),
    (62, 62, (16, 17, 18, 19)),
    (5018, 5018, (12, 13, 14, 15, 16, 17, 18, 19)),
    (5020, 5020, (12, 13, 14, 15, 16, 17, 18, 19)),
    (5038, 5038, (12, 13, 14, 15, 16, 17, 18, 19)),
    (5893, 5893, (12, 13, 14, 15, 16, 17, 18, 19)),
    (6304, 6304, (12, 13, 14, 15, 16, 17, 18, 19)),
    (6759, 6759, (12, 13, 14, 15, 16, 17, 18, 19)),
    (6761, 6763, (12, 13, 14, 15, 16, 17, 18, 19)),
    (2200, 2204, (16, 17, 18, 19)),
)

#: Lengths of an IBAN by country: the registry of ISO 13616 that SWIFT keeps.
IBAN_LENGTHS: Mapping[str, int] = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD FK",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ TL OM SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_BETWEEN = re.compile(r"[ -]")


def is_card(text: str) -> bool:
    """Whether a text is the number of a payment card: an issuer's first digits and length, and Luhn's check.

    :param text: digits, in groups or not.
    """
    digits = digits_of(text)
    if not luhn(digits):
        return False
    number = "".join(map(str, digits))
    return any(
        len(number) in lengths and low <= int(number[: len(str(low))]) <= high
        for low, high, lengths in _ISSUERS
    )


def is_iban(text: str) -> bool:
    """Whether a text is an international bank account number: its country's length, and MOD 97.

    :param text: letters and digits, in groups or not.
    """
    number = _BETWEEN.sub("", text).upper()
    if len(number) != IBAN_LENGTHS.get(number[:2]) or not number.isascii():
        return False
    return mod97(number[4:] + number[:4]) == 1
