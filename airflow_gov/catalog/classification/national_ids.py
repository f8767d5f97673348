"""Numbers that states give to persons, where a check digit or an impossible range tells them from others.

A function takes a text that its recogniser's pattern matched already.
"""

from __future__ import annotations

import re
from datetime import date

from airflow_gov.catalog.classification.digits import (
    digits_of,
    is_one_digit,
    luhn,
    mod11_10,
    verhoeff,
    weighted,
)
from airflow_gov.catalog.classification.recogniser import words

_CURP_LETTERS = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_RFC_LETTERS = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
#: The federal entities as CURP writes them; NE: born abroad.
_STATES = frozenset(
    words(
        "AS BC BS CC CL CM CS CH DF DG GT GR HG JC MC MN MS NT NL OC PL QT QR SP SL SR TC TS TL VZ YN ZS NE"
    )
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
#: Numbers that advertisements used (SSA, "Social Security numbers that are not valid").
_ADVERTISED_SSN = frozenset({"078051120", "219099999", "457555462"})
#: What an odd place of the codice fiscale counts, for 0 to 9 and for A to Z (D.M. 23 December 1976).
_ODD_DIGITS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_ODD_LETTERS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_NINO_REFUSED = frozenset(words("BG GB KN NK NT TN ZZ"))


def is_ssn(text: str) -> bool:
    """US Social Security number: no area 000, 666 or 900 and above, no group 00, no serial 0000."""
    number = re.sub(r"\D", "", text).zfill(9)
    area, group, serial = number[:3], number[3:5], number[5:]
    if area in ("000", "666") or area >= "900" or group == "00" or serial == "0000":
        return False
    return number not in _ADVERTISED_SSN and not is_one_digit(digits_of(number))


def is_curp(text: str) -> bool:
    """Mexico's Clave Única de Registro de Población: a birth date, a state, and the check digit."""
    code = text.strip().upper()
    if code[11:13] not in _STATES or not _is_day(code[4:10]):
        return False
    total = sum(_CURP_LETTERS.index(letter) * (18 - place) for place, letter in enumerate(code[:17]))
    return (10 - total % 10) % 10 == int(code[17])


def is_rfc(text: str) -> bool:
    """Mexico's Registro Federal de Contribuyentes: a date, and the check digit of the homoclave."""
    code = re.sub(r"[ -]", "", text.upper()).rjust(13)
    if not _is_day(code[4:10]) or code.strip() in ("XAXX010101000", "XEXX010101000"):
        return False
    total = sum(_RFC_LETTERS.index(letter) * (13 - place) for place, letter in enumerate(code[:12]))
    return "0123456789A"[-total % 11] == code[12]


def is_dni(text: str) -> bool:
    """Spain's DNI and NIE: the letter is the number's remainder by 23."""
    code = re.sub(r"[ .-]", "", text.upper())
    number = {"X": "0", "Y": "1", "Z": "2"}.get(code[0], code[0]) + code[1:-1]
    return _DNI_LETTERS[int(number) % 23] == code[-1] and not is_one_digit(digits_of(number))


def is_cpf(text: str) -> bool:
    """Brazil's CPF: two check digits by 11."""
    digits = digits_of(text)
    if is_one_digit(digits):
        return False
    return all(
        weighted(digits, range(length + 1, 1, -1)) * 10 % 11 % 10 == digits[length] for length in (9, 10)
    )


def is_nino(text: str) -> bool:
    """The United Kingdom's National Insurance number: prefixes that are never given are refused."""
    return text.replace(" ", "").upper()[:2] not in _NINO_REFUSED


def is_nir(text: str) -> bool:
    """France's NIR: the key is 97 less the number's remainder; Corsica's 2A and 2B count as 19 and 18."""
    code = re.sub(r"[ .-]", "", text.upper()).replace("2A", "19").replace("2B", "18")
    return len(code) == 15 and 97 - int(code[:13]) % 97 == int(code[13:])


def is_codice_fiscale(text: str) -> bool:
    """Italy's codice fiscale: the last letter is the sum of the others, odd places by their own table."""
    code = text.upper()
    total = 0
    for place, letter in enumerate(code[:15]):
        value = int(letter) if letter.isdigit() else ord(letter) - ord("A")
        odd = _ODD_DIGITS if letter.isdigit() else _ODD_LETTERS
        total += value if place % 2 else odd[value]
    return chr(ord("A") + total % 26) == code[15]


def is_bsn(text: str) -> bool:
    """The Netherlands' BSN: the test by 11 whose last weight is -1."""
    digits = digits_of(text)
    return not is_one_digit(digits) and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def is_pesel(text: str) -> bool:
    """Poland's PESEL: a birth date whose month tells the century, and the check digit."""
    digits = digits_of(text)
    month = int(text[2:4]) % 20
    if not 1 <= month <= 12 or not 1 <= int(text[4:6]) <= 31:
        return False
    return weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def is_steuer_id(text: str) -> bool:
    """Germany's tax number: MOD 11,10, and one digit of the first ten there twice or thrice."""
    digits = digits_of(text)
    counts = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    return digits[0] != 0 and counts[-1] in (2, 3) and counts[-2] == 1 and mod11_10(digits)


def is_cuit(text: str) -> bool:
    """Argentina's CUIL and CUIT: the check digit by 11."""
    digits = digits_of(text)
    rest = 11 - weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return {11: 0, 10: 9}.get(rest, rest) == digits[10] and not is_one_digit(digits)


def is_rut(text: str) -> bool:
    """Chile's RUT: the check character by 11, 2 to 7 from the right."""
    code = re.sub(r"[ .-]", "", text.upper())
    digits = digits_of(code[:-1])[::-1]
    return "0123456789K"[-weighted(digits, (2, 3, 4, 5, 6, 7, 2, 3)) % 11] == code[-1]


def is_sin(text: str) -> bool:
    """Canada's Social Insurance number: Luhn's check, no 0 and no 8 in front."""
    digits = digits_of(text)
    return digits[0] not in (0, 8) and luhn(digits) and not is_one_digit(digits)


def is_aadhaar(text: str) -> bool:
    """India's Aadhaar number: Verhoeff's check."""
    return verhoeff(digits_of(text))


def _is_day(text: str) -> bool:
    """Whether six digits are a day, whatever the century."""
    try:
        date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return text[2:] == "0229"
    return True
