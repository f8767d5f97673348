"""The recognisers of how and where somebody is reached: e-mail, telephone, postal and network addresses."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from airflow_gov.catalog.classification.digits import digits_of, is_one_digit
from airflow_gov.catalog.classification.recogniser import (
    LETTER,
    TEXT,
    WHOLE,
    Form,
    Recogniser,
    phrases,
    words,
)

#: Endings of files, which are no domains: ``icon@2x.png``.
_FILES = frozenset(
    words("png jpg jpeg gif svg webp bmp ico pdf css js ts json html htm xml txt csv zip mp3 mp4")
)
# Without the asterisk, which the RFC allows: in practice it stands for letters that were masked.
_LOCAL = r"[\w!#$%&'+/=?^`{|}~.-]{1,64}"
_DOMAIN = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}"
_MAILBOX = re.compile(rf"(?:mailto:)?{_LOCAL}@{_DOMAIN}")
_MAILBOXES = re.compile(rf"(?<![\w<@/:]){_LOCAL}@{_DOMAIN}(?![\w@:-])")
_NAMED_MAILBOX = re.compile(rf"[^<>]+<{_LOCAL}@{_DOMAIN}>")


def is_mailbox(text: str) -> bool:
    """Whether a text is an e-mail address, with a name before it or not, and no file for a sharp screen."""
    if _NAMED_MAILBOX.fullmatch(text):
        return True
    return _MAILBOX.fullmatch(text) is not None and _is_domain(text)


def has_mailbox(text: str) -> bool:
    """Whether an e-mail address stands in a text."""
    return any(_is_domain(found[0]) for found in _MAILBOXES.finditer(text))


def _is_domain(mailbox: str) -> bool:
    return mailbox.rpartition(".")[2].lower() not in _FILES and ".." not in mailbox


EMAIL = Recogniser(
    id="email",
    tag="pii:email",
    source="RFC 5321 (Mailbox), RFC 6531",
    forms=(
        Form(r"[^@]+@[^@\s]+\.[^@\s]+", is_mailbox, longest=400),
        Form(r"(?s).*\s.*@.*\..*|.*@.*\..*\s.*", has_mailbox, longest=2000),
    ),
    names=phrases(
        "email, e mail, mail, mail address, emailaddress, correo, correo electronico, courriel, mel, "
        "adresse electronique, emailadresse, mailadresse"
    ),
    hints=("contact", "contacto", "kontakt", "login", "username", "user name"),
    against=("message id", "messageid", "package", "asset", "mail carrier", "mailing"),
    weight=0.97,
    shares=(0.01, 0.1),
)


_NANP = r"(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}"
_EXTENSION = r"(?: ?(?:x|ext\.?) ?\d{1,6})?"
#: Groups of digits as they are written after a national or an area prefix.
_NATIONAL = (
    r"0[1-9](?:[ .-]\d{2}){4}",  # France
    r"[6-9]\d{2}(?:[ .-]\d{3}){2}|[6-9]\d{2}(?:[ .-]\d{2}){3}",  # Spain
    r"\(?0\d{2,5}\)?(?: ?[/-] ?| )\d{3,8}(?:[ -]?\d{1,5})?",  # Germany, Austria
    r"\(?0\d{2,4}\)? \d{3,4} ?\d{3,4}",  # United Kingdom, the Netherlands, Italy
    r"\(?\d{2,3}\)?[ -]\d{3,4}[ -]\d{4}",  # Mexico
    r"\(\d{2}\) ?9?\d{4}-\d{4}",  # Brazil
)


def is_international_phone(text: str) -> bool:
    """Whether a text with a plus sign is a number of E.164: a country's code, 8 to 15 digits in all."""
    digits = digits_of(re.sub(r"(?i)^(?:tel:)?00|\(0\)|(?:x|ext\.?) ?\d+$", "", text))
    return 8 <= len(digits) <= 15 and digits[0] != 0 and not is_one_digit(digits)


def is_national_phone(text: str) -> bool:
    """Whether the groups of a text have as many digits as a national number."""
    digits = digits_of(re.sub(r"(?i)(?:x|ext\.?) ?\d+$", "", text))
    return 9 <= len(digits) <= 12 and not is_one_digit(digits)


PHONE = Recogniser(
    id="phone",
    tag="pii:phone",
    source="ITU-T E.164, E.123; national numbering plans (NANP, FR, ES, DE, UK, MX, BR)",
    forms=(
        Form(
            rf"(?:tel:)?(?:\+|00) ?[1-9](?:[ ()./-]{{0,2}}\d){{6,16}}{_EXTENSION}",
            is_international_phone,
        ),
        Form(rf"(?:{'|'.join((_NANP, *_NATIONAL))}){_EXTENSION}", is_national_phone),
        Form(r"\+?\(?\d(?:[ ()./-]{0,2}\d){6,14}" + _EXTENSION, plain=True),
    ),
    names=phrases(
        "phone, phone number, telephone, tel, telefono, telefon, telefonnummer, telephone number, mobile, "
        "mobile number, movil, celular, handy, handynummer, rufnummer, mobil, portable, numero telephone, "
        "cell, cellphone, msisdn, fax, whatsapp, telefone, festnetz"
    ),
    hints=("contact", "contacto", "kontakt", "caller", "callback", "number to call"),
    against=words(
        "order invoice isbn ean sku part serial tracking model version fecha date datum price amount id ssn "
        "dni account iban card range time timestamp device os app"
    ),
    kinds=frozenset({TEXT, WHOLE}),
    weight=0.85,
    shares=(0.15, 0.6),
)


def is_ipv4(text: str) -> bool:
    """Whether a text is an IPv4 address that is hardly a version: private by 10, or with a part above 31."""
    try:
        address = IPv4Address(text.strip().partition("/")[0])
    except AddressValueError:
        return False
    return address.packed[0] == 10 or max(address.packed) > 31


def is_ipv6(text: str) -> bool:
    """Whether a text is an IPv6 address."""
    try:
        IPv6Address(text.strip().partition("/")[0].partition("%")[0])
    except AddressValueError:
        return False
    return True


IP = Recogniser(
    id="ip",
    tag="pii:ip",
    source="RFC 791 (IPv4), RFC 4291 (IPv6); personal by GDPR recital 30",
    forms=(
        Form(r"(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?", is_ipv4),
        Form(
            r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\d{1,3}\.){3}\d{1,3})?(?:[/%]\w+)?",
            is_ipv6,
        ),
        Form(r"(?:\d{1,3}\.){3}\d{1,3}", plain=True),
    ),
    names=phrases(
        "ip, ip address, ipaddr, ip addr, ipv4, ipv6, remote addr, client ip, direccion ip, adresse ip, "
        "clientip, remoteaddr"
    ),
    hints=("host", "client address", "source address", "peer"),
    against=phrases("version, release, build, firmware, oid, subnet, mask, mac, time, duration, section"),
    weight=0.9,
    shares=(0.05, 0.5),
)

_STREET = (
    # English: the number first, or a box.
    r"\d{1,6}[a-z]?(?:-\d{1,5})?,? (?:[^\s,]+ )+(?:street|st|avenue|ave|road|rd|boulevard|"
    r"blvd|lane|ln|drive|dr|court|ct|square|sq|place|pl|parkway|pkwy|terrace|ter|way|highway|hwy|circle|"
    r"cir|crescent|close|grove|mews|row|trail|trl|alley|plaza|loop|ridge|run|path|turnpike|gardens|"
    r"hill|walk)\b.*",
    r"(?:p\.? ?o\.? box|apartado(?: de correos)?|postfach|boite postale|bp) \d.*",
    # German, Dutch, Scandinavian: the street in one word, the number after it.
    r"[^\d,;:!?\n]+(?:stra(?:ß|ss)e|str\.?|weg|platz|allee|gasse|ring|damm|ufer|chaussee|straat|"
    r"laan|plein|gracht|kade|dijk|singel|gatan|vägen|vej|gade)\.? ?\d{1,5} ?[a-z]?(?:[ ,/\n-].*)?",
    # Spanish, Portuguese, Italian, French: what it is first.
    r"(?:c/|c\.|calle|avenida|avda?\.?|av\.?|paseo|p\.º|plaza|plza\.?|pza\.?|carrera|cra\.?|calzada|bulevar|"
    r"boulevard|blvd\.?|camino|carretera|glorieta|ronda|rambla|callej[óo]n|cerrada|privada|prolongaci[óo]n|"
    r"andador|eje|circuito|perif[ée]rico|diagonal|viaducto|corredor|retorno|pasaje|cuesta|urbanizaci[óo]n|"
    r"v[íi]a|rua|r\.|travessa|alameda|pra[çc]a|largo|estrada|rodovia|viale|piazza|corso|vicolo|strada|contrada|borgo|"
    r"rotonda|rue|avenue|chemin|impasse|all[ée]e|quai|cours|place|route)"
    r" [^;:!?@]+\d.*",
    r"\d{1,5}(?: ?(?:bis|ter|[a-d]))?,? (?:rue|avenue|av\.?|boulevard|bd\.?|chemin|impasse|all[ée]e|place|"
    r"quai|cours|route|square) [^\d\s].*",
)

ADDRESS = Recogniser(
    id="address",
    tag="pii:address",
    source="UPU S42 (components of postal addresses)",
    forms=(
        Form(rf"(?is)(?:{'|'.join(_STREET)})", longest=300),
        Form(rf"(?s).*{LETTER}{{2}}.*\d.*|.*\d.*{LETTER}{{2}}.*", plain=True, longest=300),
    ),
    names=phrases(
        "address, address line, street, street address, home address, billing address, shipping address, "
        "postal address, mailing address, addr, direccion, domicilio, calle, adresse, anschrift, strasse, "
        "hausnummer, rue, adresse postale, endereco, indirizzo, logradouro, adres, wohnort, lieferadresse, "
        "rechnungsadresse, residence"
    ),
    hints=("location", "ubicacion", "standort"),
    against=phrases(
        "ip, email, e mail, mail address, mac, url, web, wallet, memory, bitcoin, remote, electronique"
    ),
    weight=0.85,
    shares=(0.1, 0.5),
)
