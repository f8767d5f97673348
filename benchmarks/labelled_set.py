"""Makes the labelled columns on which classification is measured: no person in them exists.

Two sets of columns, each with values of several languages and with many that look like personal data and are
not. The recognisers were written with the first set in view ("tuned"); the second ("held out") has other
languages, other names and other ways of writing, and was looked at only as counts by tag.

Columns, their labels and how their values are drawn are below; names, streets and numbers of other countries
are Faker's, which knows nothing of our recognisers. The file is what is measured: another version of Faker
would draw other values.

    python benchmarks/labelled_set.py [--output airflow_gov/catalog/classification/labelled.parquet]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from faker import Faker

VALUES = 200
ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "airflow_gov/catalog/classification/labelled.parquet"

Draw = Callable[[Faker, random.Random], Any]
#: Name of the column, its label or None, locale, how a value is drawn.
Row = tuple[str, str | None, str, Draw]


# --- how values are drawn --------------------------------------------------------------------------------


def by(name: str, **arguments: Any) -> Draw:
    """What Faker calls so, on one line."""
    return lambda fake, _: str(getattr(fake, name)(**arguments)).replace("\n", ", ")


def shaped(pattern: str) -> Draw:
    """Digits for #, capital letters for ?."""
    return lambda fake, _: fake.bothify(pattern, letters="ABCDEFGHJKLMNPQRSTUVWXYZ")


def among(*values: Any) -> Draw:
    return lambda _, rng: rng.choice(values)


def mixed(share: float, draw: Draw, other: Draw) -> Draw:
    return lambda fake, rng: draw(fake, rng) if rng.random() < share else other(fake, rng)


def or_null(share: float, draw: Draw) -> Draw:
    return mixed(share, lambda *_: None, draw)


def whole(draw: Draw) -> Draw:
    return lambda fake, rng: int(draw(fake, rng))


def born(layout: str | None = None) -> Draw:
    def draw(_: Faker, rng: random.Random) -> Any:
        day = date(1935, 1, 1) + timedelta(days=rng.randrange(27_000))
        return day.strftime(layout) if layout else day

    return draw


def days(first: date, count: int, layout: str | None = None) -> Draw:
    def draw(_: Faker, rng: random.Random) -> Any:
        day = first + timedelta(days=rng.randrange(count))
        return day.strftime(layout) if layout else day

    return draw


def moments(_: Faker, rng: random.Random) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(60_000_000))


def luhn_digit(number: str) -> str:
    total = 0
    for place, letter in enumerate(reversed(number)):
        doubled = int(letter) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


def with_luhn(pattern: str) -> Draw:
    def draw(fake: Faker, _: random.Random) -> str:
        number = fake.numerify(pattern)
        return number + luhn_digit(number)

    return draw


def grouped(draw: Draw, size: int, between: str) -> Draw:
    def cut(fake: Faker, rng: random.Random) -> str:
        text = str(draw(fake, rng))
        return between.join(text[at : at + size] for at in range(0, len(text), size))

    return cut


def rfc(length: int) -> Draw:
    """A taxpayer's code of Mexico with its check digit, computed by the long form of the rule."""
    table = {letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ")}

    def draw(fake: Faker, rng: random.Random) -> str:
        day = (date(1950, 1, 1) + timedelta(days=rng.randrange(20_000))).strftime("%y%m%d")
        body = fake.lexify("?" * (length - 9), letters="ABCDEFGHIJKLMNOPRSTUVZ") + day
        body += "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ123456789") for _ in range(2))
        padded = body if len(body) == 12 else " " + body
        total = sum(table[letter] * weight for letter, weight in zip(padded, range(13, 1, -1), strict=True))
        rest = total % 11
        return body + ("0" if rest == 0 else "A" if rest == 1 else str(11 - rest))

    return draw


def nino(fake: Faker, rng: random.Random) -> str:
    first = rng.choice("ABCEHJKLMNPRSTWXYZ") + rng.choice("ABCEHJKLMPRSTWXY")
    return f"{first}{fake.numerify('######')}{rng.choice('ABCD')}"


def steuer_id(_: Faker, rng: random.Random) -> str:
    """A tax number of Germany: one digit of ten twice, and the check digit."""
    digits = rng.sample(range(10), 9)
    digits.insert(rng.randrange(1, 10), rng.choice(digits))
    if digits[0] == 0:
        digits[0], digits[-1] = digits[-1], digits[0]
    product = 10
    for digit in digits:
        total = (digit + product) % 10
        product = (2 * (total or 10)) % 11
    return "".join(map(str, digits)) + str((11 - product) % 10)


def isbn13(fake: Faker, _: random.Random) -> str:
    return str(fake.isbn13(separator=""))


def hashed(length: int) -> Draw:
    return lambda _, rng: hashlib.sha512(str(rng.random()).encode()).hexdigest()[:length]


def software(_: Faker, rng: random.Random) -> str:
    return ".".join(str(rng.randrange(most)) for most in (12, 20, 10, 30))


def prose(*parts: Draw) -> Draw:
    """A sentence with something in it."""

    def draw(fake: Faker, rng: random.Random) -> str:
        inside = " ".join(str(part(fake, rng)) for part in parts)
        return f"{fake.sentence(nb_words=5)[:-1]} {inside}, {fake.sentence(nb_words=4)}"

    return draw


PRODUCTS = (
    *("Oak Dining Table", "USB-C Cable 2m", "Steel Kettle", "Winter Jacket", "LED Lamp 60W", "Notebook A5"),
    *("Garden Hose", "Espresso Machine", "Running Shoes", "Desk Organizer", "Wireless Mouse", "Yoga Mat"),
    *("Grace Blender", "Victoria Sponge", "Ruby Necklace", "Jack Hammer", "Savoy Cabbage", "Bamboo Tray"),
)
PRODUKTE = (
    *("Gartenstuhl", "Kaffeemühle", "Regenschirm", "Wanderschuhe", "Schreibtischlampe", "Fahrradhelm"),
    *("Wasserkocher", "Bettwäsche", "Holzregal", "Akkuschrauber", "Kinderwagen", "Rucksack 30 L"),
)
CITIES = (
    *("San Diego", "Santa Maria", "Austin", "Charlotte", "Florence", "San Antonio", "Boston", "Denver"),
    *("Memphis", "Jackson", "Houston", "Madison", "Lincoln", "Chicago", "Seattle", "Portland", "Fresno"),
)
CIUDADES = (
    *("Guadalajara", "Monterrey", "Puebla", "Mérida", "León", "San Luis Potosí", "Santiago", "Córdoba"),
    *("Valencia", "Sevilla", "Zaragoza", "Bilbao", "Rosario", "Mendoza", "Cartagena", "San José"),
)
STAEDTE = (
    "Berlin",
    "Hamburg",
    "München",
    "Köln",
    "Bremen",
    "Leipzig",
    "Essen",
    "Ulm",
    "Jena",
    "Mainz",
    "Trier",
)
VILLES = ("Paris", "Lyon", "Nantes", "Lille", "Nice", "Rennes", "Reims", "Saint-Étienne", "Dijon", "Angers")
AIRLINES = ("Delta Air Lines", "United", "Lufthansa", "Iberia", "Air France", "KLM", "Qantas", "Emirates")
COLOURS = ("amber", "Rose", "Olive", "Violet", "Ruby", "blue", "green", "Ivory", "Jade", "Scarlett")
PLANTS = ("Rosa canina", "Iris germanica", "Viola odorata", "Acer campestre", "Salix alba", "Betula pendula")


# --- the set in view --------------------------------------------------------------------------------------

EMAIL, PHONE, CARD, IBAN = "pii:email", "pii:phone", "pii:card", "pii:iban"
SSN, CURP, RFC, ID = "pii:ssn", "pii:curp", "pii:rfc", "pii:national_id"
IP, NAME, ADDRESS, BIRTH = "pii:ip", "pii:name", "pii:address", "pii:birth_date"

TUNED: tuple[Row, ...] = (
    ("email", EMAIL, "en_US", by("email")),
    ("customer_email_address", EMAIL, "en_US", or_null(0.4, by("company_email"))),
    ("correo_electronico", EMAIL, "es_MX", by("email")),
    ("c7", EMAIL, "de_DE", by("free_email")),
    ("courriel", EMAIL, "fr_FR", lambda fake, _: fake.email().upper()),
    ("login", EMAIL, "en_US", mixed(0.5, by("email"), by("user_name"))),
    ("from_header", EMAIL, "en_US", lambda fake, _: f"{fake.name()} <{fake.email()}>"),
    ("ticket_text", EMAIL, "en_US", mixed(0.4, prose(by("email")), by("sentence"))),
    ("phone", PHONE, "en_US", by("phone_number")),
    ("telefono_movil", PHONE, "es_ES", by("phone_number")),
    ("Telefonnummer", PHONE, "de_DE", by("phone_number")),
    ("tel_portable", PHONE, "fr_FR", by("phone_number")),
    ("attr_12", PHONE, "en_US", shaped("+1 2##-2##-####")),
    ("mobile_e164", PHONE, "en_US", shaped("+4915########")),
    ("phone_number", PHONE, "en_US", whole(shaped("52########"))),
    ("celular", PHONE, "es_MX", shaped("55 #### ####")),
    ("card_number", CARD, "en_US", by("credit_card_number")),
    ("field_3", CARD, "en_US", by("credit_card_number", card_type="visa")),
    ("numero_tarjeta", CARD, "es_MX", grouped(by("credit_card_number", card_type="mastercard"), 4, " ")),
    ("cc", CARD, "en_US", whole(by("credit_card_number", card_type="visa16"))),
    ("kreditkarte", CARD, "de_DE", grouped(by("credit_card_number", card_type="visa16"), 4, "-")),
    ("iban", IBAN, "de_DE", by("iban")),
    ("konto", IBAN, "de_DE", grouped(by("iban"), 4, " ")),
    ("cuenta_bancaria", IBAN, "es_ES", by("iban")),
    ("payload_ref", IBAN, "fr_FR", by("iban")),
    ("ssn", SSN, "en_US", by("ssn")),
    ("social_security_number", SSN, "en_US", lambda fake, _: fake.ssn().replace("-", "")),
    ("k_17", SSN, "en_US", by("ssn")),
    ("SocSec", SSN, "en_US", whole(shaped("1########"))),
    ("curp", CURP, "es_MX", by("curp")),
    ("clave", CURP, "es_MX", by("curp")),
    ("rfc", RFC, "es_MX", rfc(13)),
    ("identificador_fiscal", RFC, "es_MX", mixed(0.6, rfc(13), rfc(12))),
    ("rfc_cliente", RFC, "es_MX", by("rfc")),
    ("dni", ID, "es_ES", by("nif")),
    ("documento", ID, "es_ES", mixed(0.7, by("nif"), by("nie"))),
    ("nie_extranjero", ID, "es_ES", by("nie")),
    ("numero_secu", ID, "fr_FR", by("ssn")),
    ("x_nir", ID, "fr_FR", by("ssn")),
    ("steuer_id", ID, "de_DE", steuer_id),
    ("cpf", ID, "pt_BR", by("cpf")),
    ("doc_num", ID, "pt_BR", by("cpf")),
    ("client_ip", IP, "en_US", by("ipv4_public")),
    ("addr6", IP, "en_US", by("ipv6")),
    ("source", IP, "en_US", mixed(0.5, by("ipv4_private"), by("ipv4_public"))),
    ("remote_addr", IP, "en_US", mixed(0.8, by("ipv4"), by("ipv6"))),
    ("first_name", NAME, "en_US", by("first_name")),
    ("last_name", NAME, "en_US", by("last_name")),
    ("nombre_completo", NAME, "es_MX", by("name")),
    ("apellidos", NAME, "es_ES", by("last_name")),
    ("Vorname", NAME, "de_DE", by("first_name")),
    ("nachname", NAME, "de_DE", by("last_name")),
    ("prenom", NAME, "fr_FR", by("first_name")),
    ("nom", NAME, "fr_FR", by("name")),
    ("customer", NAME, "en_US", by("name")),
    ("col_a", NAME, "en_US", by("name")),
    ("label_2", NAME, "es_ES", by("name")),
    ("CUSTOMER_NAME", NAME, "en_US", lambda fake, _: fake.name().upper()),
    ("name", NAME, "de_DE", lambda fake, _: f"{fake.last_name()}, {fake.first_name()}"),
    ("address", ADDRESS, "en_US", by("address")),
    ("street", ADDRESS, "en_US", by("street_address")),
    ("direccion", ADDRESS, "es_MX", by("address")),
    ("calle_y_numero", ADDRESS, "es_ES", by("street_address")),
    ("anschrift", ADDRESS, "de_DE", by("address")),
    ("strasse", ADDRESS, "de_DE", by("street_address")),
    ("adresse", ADDRESS, "fr_FR", by("street_address")),
    ("line1", ADDRESS, "de_DE", by("street_address")),
    ("birth_date", BIRTH, "en_US", born()),
    ("dob", BIRTH, "en_US", born("%m/%d/%Y")),
    ("fecha_nacimiento", BIRTH, "es_MX", born("%d/%m/%Y")),
    ("geburtsdatum", BIRTH, "de_DE", born("%d.%m.%Y")),
    ("date_naissance", BIRTH, "fr_FR", born("%Y-%m-%d")),
    ("birthday", BIRTH, "en_US", whole(born("%Y%m%d"))),
    # Nothing personal from here on.
    ("order_number", None, "en_US", shaped("################")),
    ("order_no", None, "en_US", with_luhn("###############")),
    ("pedido", None, "es_MX", whole(shaped("4###############"))),
    ("tracking_number", None, "en_US", shaped("1Z999AA1##########")),
    ("invoice_id", None, "en_US", shaped("INV-####-#####")),
    ("isbn", None, "en_US", isbn13),
    ("isbn10", None, "en_US", lambda fake, _: fake.isbn10()),
    ("ean", None, "en_US", by("ean13")),
    ("event_id", None, "en_US", lambda _, rng: str(uuid.UUID(int=rng.getrandbits(128)))),
    ("sha256", None, "en_US", hashed(64)),
    ("md5", None, "en_US", hashed(32)),
    ("email_hash", None, "en_US", hashed(64)),
    ("phone_token", None, "en_US", hashed(64)),
    ("commit", None, "en_US", hashed(40)),
    ("version", None, "en_US", software),
    ("app_version", None, "en_US", shaped("1.2.#.4")),
    ("created_at", None, "en_US", moments),
    ("epoch_ms", None, "en_US", whole(shaped("17##########"))),
    ("updated", None, "en_US", days(date(2023, 1, 1), 900)),
    ("order_date", None, "en_US", days(date(2019, 1, 1), 1900, "%Y-%m-%d")),
    ("fecha_alta", None, "es_MX", days(date(2010, 1, 1), 5000, "%d/%m/%Y")),
    ("product_name", None, "en_US", among(*PRODUCTS)),
    ("name_of_product", None, "de_DE", among(*PRODUKTE)),
    ("item", None, "en_US", among(*PRODUCTS)),
    ("city", None, "en_US", among(*CITIES)),
    ("ciudad", None, "es_MX", among(*CIUDADES)),
    ("Stadt", None, "de_DE", among(*STAEDTE)),
    ("ville", None, "fr_FR", among(*VILLES)),
    ("destination", None, "en_US", among(*CITIES)),
    ("country", None, "en_US", by("country")),
    ("airline", None, "en_US", among(*AIRLINES)),
    ("company_name", None, "en_US", by("company")),
    ("colour", None, "en_US", among(*COLOURS)),
    ("is_email_verified", None, "en_US", lambda _, rng: rng.random() < 0.5),
    ("email_domain", None, "en_US", by("domain_name")),
    ("email_count", None, "en_US", lambda _, rng: rng.randrange(40)),
    ("ip_version", None, "en_US", among("4", "6")),
    ("url", None, "en_US", by("url")),
    ("image", None, "en_US", lambda fake, _: f"{fake.word()}@2x.png"),
    ("package", None, "en_US", lambda fake, rng: f"{fake.word()}@{rng.randrange(9)}.{rng.randrange(30)}.1"),
    ("handle", None, "en_US", lambda fake, _: f"@{fake.user_name()}"),
    ("notes", None, "en_US", by("sentence")),
    ("beschreibung", None, "de_DE", by("sentence")),
    ("amount", None, "en_US", lambda _, rng: round(rng.random() * 900, 2)),
    ("quantity", None, "en_US", lambda _, rng: rng.randrange(100)),
    ("customer_id", None, "en_US", whole(shaped("#########"))),
    ("kundennummer", None, "de_DE", shaped("K-########")),
    ("latitude", None, "en_US", lambda fake, _: float(fake.latitude())),
    ("zip", None, "en_US", by("postcode")),
    ("status", None, "en_US", among("Max", "Min", "Open", "Closed")),
    ("mac", None, "en_US", by("mac_address")),
    ("sku", None, "en_US", shaped("??-#####-?")),
    ("part_number", None, "en_US", shaped("###-##-####-?")),
    ("imei", None, "en_US", with_luhn("35############")),
    ("duration", None, "en_US", shaped("0#:1#:2#")),
    ("species", None, "en_US", among(*PLANTS)),
    ("user_agent", None, "en_US", by("user_agent")),
)


# --- the set that was not looked at -----------------------------------------------------------------------

HELD_OUT: tuple[Row, ...] = (
    ("mail_privat", EMAIL, "de_AT", by("free_email")),
    ("e_mail", EMAIL, "it_IT", by("email")),
    ("v3", EMAIL, "pt_BR", by("email")),
    ("reply_to", EMAIL, "en_GB", or_null(0.7, by("company_email"))),
    ("Usuario", EMAIL, "es_CO", mixed(0.3, by("email"), by("user_name"))),
    ("comment_body", EMAIL, "en_GB", mixed(0.3, prose(by("email")), by("sentence"))),
    ("tel_no", PHONE, "en_GB", by("phone_number")),
    ("contact_mobile", PHONE, "en_AU", by("phone_number")),
    ("Handy", PHONE, "de_AT", by("phone_number")),
    ("telefono", PHONE, "it_IT", by("phone_number")),
    ("telefone_celular", PHONE, "pt_BR", by("phone_number")),
    ("z9", PHONE, "pt_PT", shaped("+351 9## ### ###")),
    ("fax", PHONE, "fr_CH", by("phone_number")),
    ("numero_contacto", PHONE, "es_AR", by("phone_number")),
    ("caller", PHONE, "en_US", shaped("(4##) 5##-####")),
    ("msisdn", PHONE, "en_IN", whole(shaped("9198########"))),
    ("pan", CARD, "en_GB", by("credit_card_number", card_type="mastercard")),
    ("payment_ref", CARD, "en_GB", by("credit_card_number")),
    ("carte_bancaire", CARD, "fr_CH", grouped(by("credit_card_number", card_type="visa16"), 4, " ")),
    ("paidWith", CARD, "en_US", whole(by("credit_card_number", card_type="amex"))),
    ("tarjeta", CARD, "es_AR", or_null(0.5, by("credit_card_number", card_type="visa16"))),
    ("bank_details", IBAN, "it_IT", by("iban")),
    ("IBAN_Nr", IBAN, "de_AT", grouped(by("iban"), 4, " ")),
    ("rekening", IBAN, "nl_NL", by("iban")),
    ("u_44", IBAN, "pl_PL", by("iban")),
    ("ss_number", SSN, "en_US", by("ssn")),
    ("taxpayer_identification", SSN, "en_US", by("ssn")),
    ("employeeSSN", SSN, "en_US", lambda fake, _: fake.ssn().replace("-", " ")),
    ("clave_unica", CURP, "es_MX", lambda fake, _: fake.curp().lower()),
    ("w5", CURP, "es_MX", or_null(0.3, by("curp"))),
    ("rfc_receptor", RFC, "es_MX", rfc(13)),
    ("tax_code", RFC, "es_MX", rfc(13)),
    ("codice_fiscale", ID, "it_IT", by("ssn")),
    ("code_q", ID, "it_IT", by("ssn")),
    ("bsn", ID, "nl_NL", by("ssn")),
    ("pesel", ID, "pl_PL", by("pesel")),
    ("identyfikator", ID, "pl_PL", by("pesel")),
    ("ni_number", ID, "en_GB", nino),
    ("gov_ref", ID, "en_GB", nino),
    ("cpf_cliente", ID, "pt_BR", lambda fake, _: fake.cpf().replace(".", "").replace("-", "")),
    ("rut", ID, "es_CL", by("person_rut")),
    ("nif", ID, "es_ES", by("nif")),
    ("social_insurance", ID, "en_CA", by("ssn")),
    ("aadhaar_no", ID, "en_IN", by("aadhaar_id")),
    ("ip_cliente", IP, "es_AR", by("ipv4")),
    ("peer", IP, "en_GB", by("ipv6")),
    ("f_21", IP, "en_US", by("ipv4_public")),
    ("surname", NAME, "en_GB", by("last_name")),
    ("given_name", NAME, "en_IN", by("first_name")),
    ("cognome", NAME, "it_IT", by("last_name")),
    ("nome_completo", NAME, "pt_BR", by("name")),
    ("achternaam", NAME, "nl_NL", by("last_name")),
    ("Kunde", NAME, "de_AT", by("name")),
    ("apellido_paterno", NAME, "es_CO", by("last_name")),
    ("ansprechpartner", NAME, "de_CH", by("name")),
    ("value_b", NAME, "en_GB", by("name")),
    ("text_1", NAME, "it_IT", by("name")),
    ("passenger", NAME, "fr_CH", by("name")),
    ("cardholder", NAME, "en_AU", lambda fake, _: fake.name().upper()),
    ("home_address", ADDRESS, "en_AU", by("address")),
    ("indirizzo", ADDRESS, "it_IT", by("street_address")),
    ("endereco", ADDRESS, "pt_BR", by("address")),
    ("adres", ADDRESS, "nl_NL", by("street_address")),
    ("domicilio", ADDRESS, "es_AR", by("street_address")),
    ("addr_line_1", ADDRESS, "en_GB", by("street_address")),
    ("lieferadresse", ADDRESS, "de_CH", by("street_address")),
    ("ship_to", ADDRESS, "en_US", by("street_address")),
    ("data_nascita", BIRTH, "it_IT", born("%d/%m/%Y")),
    ("date_of_birth", BIRTH, "en_GB", born("%d %b %Y")),
    ("nascimento", BIRTH, "pt_BR", born("%Y-%m-%d")),
    ("Geburtstag", BIRTH, "de_AT", born()),
    ("patientBirthDate", BIRTH, "en_US", born("%Y%m%d")),
    # Nothing personal from here on.
    ("bestellnummer", None, "de_AT", shaped("################")),
    ("commande", None, "fr_CH", whole(with_luhn("9##############"))),
    ("receipt", None, "en_GB", shaped("5###############")),
    ("shipment", None, "en_GB", shaped("JD0146000########")),
    ("serial_no", None, "en_US", shaped("SN########")),
    ("barcode", None, "en_GB", by("ean13")),
    ("book", None, "it_IT", isbn13),
    ("guid", None, "en_US", lambda _, rng: uuid.UUID(int=rng.getrandbits(128)).hex),
    ("checksum", None, "en_US", hashed(40)),
    ("ip_hash", None, "en_US", hashed(64)),
    ("card_token", None, "en_US", hashed(32)),
    ("name_sha1", None, "en_US", hashed(40)),
    ("release", None, "en_US", software),
    ("firmware", None, "en_US", shaped("10.0.#.1")),
    ("build", None, "en_US", shaped("22.#.1####.#")),
    ("modified", None, "en_GB", moments),
    ("ts", None, "en_US", whole(shaped("16########"))),
    ("ship_date", None, "en_GB", days(date(2015, 1, 1), 3000)),
    ("data_ordine", None, "it_IT", days(date(2018, 1, 1), 2000, "%d/%m/%Y")),
    ("prodotto", None, "it_IT", among("Caffettiera", "Sedia", "Lampada", "Forno", "Tappeto", "Bicicletta")),
    ("produto", None, "pt_BR", among("Mesa", "Cadeira", "Geladeira", "Fogão", "Sofá", "Ventilador")),
    ("title", None, "en_GB", by("catch_phrase")),
    ("naam_product", None, "nl_NL", among("Stoel", "Tafel", "Lamp", "Fiets", "Koffer", "Kast")),
    ("comune", None, "it_IT", by("city")),
    ("cidade", None, "pt_BR", by("city")),
    ("stop", None, "en_GB", among(*CITIES)),
    ("origin", None, "es_CO", among(*CIUDADES)),
    ("state", None, "en_US", by("state")),
    ("employer", None, "en_GB", by("company")),
    ("brand", None, "it_IT", by("company")),
    ("phone_type", None, "en_US", among("home", "work", "mobile")),
    ("has_phone", None, "en_US", lambda _, rng: rng.random() < 0.5),
    ("mail_status", None, "en_US", among("sent", "bounced", "open")),
    ("address_type", None, "en_GB", among("billing", "shipping")),
    ("hostname", None, "en_US", by("hostname")),
    ("path", None, "en_US", by("file_path")),
    ("repository", None, "en_US", lambda fake, _: f"git@github.com:{fake.user_name()}/{fake.word()}.git"),
    ("asset", None, "en_US", lambda fake, _: f"{fake.word()}@3x.jpg"),
    ("descrizione", None, "it_IT", by("sentence")),
    ("comentario", None, "es_CO", by("sentence")),
    ("price", None, "en_GB", lambda _, rng: round(rng.random() * 90, 2)),
    ("account_id", None, "en_US", whole(shaped("1##########"))),
    ("meter_reading", None, "en_US", whole(shaped("#########"))),
    ("codigo_postal", None, "es_CO", by("postcode")),
    ("colour_name", None, "en_GB", by("color_name")),
    ("job", None, "en_GB", by("job")),
    ("currency", None, "en_GB", by("currency_code")),
    ("iata", None, "en_US", shaped("???")),
    ("flight", None, "en_US", shaped("??####")),
    ("plate", None, "es_CO", by("license_plate")),
    ("longitude", None, "en_GB", lambda fake, _: float(fake.longitude())),
    ("device_imei", None, "en_GB", with_luhn("86############")),
    ("time_of_day", None, "en_GB", shaped("1#:2#:3#")),
    ("section", None, "en_US", shaped("1.#.2.#")),
    ("month", None, "en_US", among("April", "May", "June", "August", "March", "July")),
    ("bic", None, "de_CH", by("swift")),
    ("vat", None, "it_IT", shaped("IT###########")),
    ("score", None, "en_US", lambda _, rng: rng.random()),
)


# --- the file ---------------------------------------------------------------------------------------------


def columns(rows: tuple[Row, ...], seed: int) -> list[list[Any]]:
    """The values of all columns of a set."""
    found = []
    for place, (name, _, locale, draw) in enumerate(rows):
        fake, rng = Faker(locale), random.Random(f"{seed}/{place}/{name}")
        fake.seed_instance(seed * 1_000 + place)
        random.seed(seed * 1_000 + place)  # some of Faker's providers draw from the module
        found.append([draw(fake, rng) for _ in range(VALUES)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=OUTPUT)
    output = parser.parse_args().output
    arrays, labels = [], []
    for kind, rows, seed in (("tuned", TUNED, 1), ("held out", HELD_OUT, 2)):
        for row, values in zip(rows, columns(rows, seed), strict=True):
            arrays.append(pa.array(values))
            labels.append({"set": kind, "name": row[0], "tag": row[1], "language": row[2]})
    table = pa.table(arrays, names=[f"c{place}" for place in range(len(arrays))])
    table = table.replace_schema_metadata({"labels": json.dumps(labels)})
    pq.write_table(
        table, output, compression="zstd", compression_level=22, use_dictionary=False, write_statistics=False
    )
    print(f"{len(labels)} columns of {VALUES} values, {output.stat().st_size:,} bytes: {output}")


if __name__ == "__main__":
    main()
