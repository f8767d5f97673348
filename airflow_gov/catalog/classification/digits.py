"""Check digits that several kinds of numbers share."""

from __future__ import annotations

from collections.abc import Sequence

#: The dihedral group of order ten and its permutation, as Verhoeff's check digit uses them
#: (J. Verhoeff, Error Detecting Decimal Codes, 1969).
_TURN = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTATION = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def digits_of(text: str) -> list[int]:
    """The digits of a text, whatever stands between them."""
    return [int(letter) for letter in text if letter in "0123456789"]


def luhn(digits: Sequence[int]) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B): from the right, every second digit counts double."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def mod97(text: str) -> int:
    """The remainder by 97 of letters and digits, a letter being 10 to 35 (ISO/IEC 7064, MOD 97-10)."""
    return int("".join(str(int(letter, 36)) for letter in text)) % 97


def mod11_10(digits: Sequence[int]) -> bool:
    """The check of ISO/IEC 7064, MOD 11,10; the last digit is the check digit."""
    rest = 10
    for digit in digits[:-1]:
        total = (rest + digit) % 10 or 10
        rest = total * 2 % 11
    return (11 - rest) % 10 == digits[-1]


def weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    """The sum of digits times weights, as far as there are weights."""
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def verhoeff(digits: Sequence[int]) -> bool:
    """Verhoeff's check; the last digit is the check digit."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_TURN[state][int(_PERMUTATION[place % 8][digit])])
    return state == 0


def is_one_digit(digits: Sequence[int]) -> bool:
    """Whether all digits are the same, as in a placeholder."""
    return len(set(digits)) < 2
