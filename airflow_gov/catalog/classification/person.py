"""The recognisers of who somebody is: names and birth dates."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from airflow_gov.catalog.classification.lexicon import names_somebody
from airflow_gov.catalog.classification.recogniser import (
    DAY,
    LETTER,
    MOMENT,
    TEXT,
    WHOLE,
    Form,
    Recogniser,
    phrases,
    words,
)

#: The oldest verified age of a person is 122 years.
_OLDEST = 125

#: Letters, and what may stand between those of a name.
_WORDS = LETTER + r"[^\x00-\x1f!-&*+/-@\[-_{-\x7f]*"

PERSON_NAME = Recogniser(
    id="person_name",
    tag="pii:name",
    source="word list of frequent names in Europe and the Americas",
    forms=(
        Form(_WORDS, names_somebody),
        Form(_WORDS, plain=True),
    ),
    names=phrases(
        "first name, last name, full name, middle name, given name, family name, surname, forename, maiden "
        "name, fname, lname, customer name, client name, person name, employee name, patient name, contact "
        "name, user full name, cardholder, card holder, holder name, account holder, passenger name, "
        "student name, guest name, owner name, recipient name, display name, nombre completo, nombre "
        "cliente, nombre del cliente, nombres, apellido, apellidos, primer apellido, segundo apellido, "
        "apellido paterno, apellido materno, vorname, nachname, familienname, geburtsname, kundenname, "
        "ansprechpartner, prenom, nom famille, nom de famille, nom complet, nom client, nome completo, "
        "sobrenome, cognome, achternaam, voornaam"
    ),
    hints=words(
        "name nombre nom nome naam customer client cliente kunde employee empleado mitarbeiter employe "
        "patient paciente passenger guest recipient author manager owner contact contacto titular inhaber "
        "person persona user driver teacher student"
    ),
    against=words(
        "city town ciudad stadt ville region state country pais land pays product producto produkt produit "
        "item company empresa firma entreprise brand marca marke file host table column field dag task job "
        "event airport airline street domain department abteilung category title store shop filiale school "
        "university team plan campaign segment code id model color colour"
    ),
    weight=0.85,
    shares=(0.2, 0.5),
    chance=0.1,
    proof=0.7,
)

#: The time of a day's beginning somewhere on earth, told in UTC.
_MIDNIGHT = r"[ T]\d{2}:(?:00|15|30|45)(?::00(?:\.0+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?"
_TIME = re.compile(r"[ T]\d{2}:.*$")
_MONTHS = words("jan feb mar apr may jun jul aug sep oct nov dec")


def is_birth_date(text: str) -> bool:
    """Whether a text is a day on which somebody who may live was born.

    :param text: a day as ISO 8601 writes it, or with the year last, or in words; a time only where it is
        midnight somewhere.
    """
    found = _day_of(text.strip())
    if found is None:
        return False
    today = datetime.now(UTC).date()
    return today.year - _OLDEST <= found.year and found <= today


def _day_of(text: str) -> date | None:
    numbers = [int(each) for each in re.findall(r"\d+", _TIME.sub("", text))]
    if len(numbers) == 1 and len(text) == 8:
        numbers = [int(text[:4]), int(text[4:6]), int(text[6:])]
    if len(numbers) == 2:
        named = next((place for place, each in enumerate(_MONTHS, 1) if each in text.lower()), 0)
        numbers = [numbers[1], named, numbers[0]]
    if len(numbers) != 3:
        return None
    year, month, day = numbers if numbers[0] > 31 else reversed(numbers)
    for first, second in ((month, day), (day, month)):
        try:
            return date(year, first, second)
        except ValueError:
            continue
    return None


BIRTH_DATE = Recogniser(
    id="birth_date",
    tag="pii:birth_date",
    source="ISO 8601 (calendar dates); a life is not longer than 125 years",
    forms=(
        Form(
            rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:{_MIDNIGHT})?"
            r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|(?:19|20)\d{6}"
            r"|(?i:\d{1,2} " + LETTER + r"+\.? \d{4}|" + LETTER + r"+\.? \d{1,2},? \d{4})",
            is_birth_date,
            plain=True,
        ),
    ),
    names=phrases(
        "birth date, date of birth, dob, birthday, birth day, born, born on, birth, birthdate, fecha "
        "nacimiento, fecha de nacimiento, fecha nac, fec nac, nacimiento, geburtsdatum, geburtstag, geb "
        "datum, geboren, gebdat, date naissance, date de naissance, naissance, ne le, data nascimento, data "
        "de nascimento, nascimento, data nascita, geboortedatum"
    ),
    against=("place", "lugar", "lieu", "ort", "city", "country", "rate", "weight"),
    kinds=frozenset({TEXT, DAY, MOMENT, WHOLE}),
    weight=0.0,
    shares=(0.5, 0.9),
)
