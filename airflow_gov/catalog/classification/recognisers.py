"""All recognisers."""

from __future__ import annotations

from airflow_gov.catalog.classification.contact import ADDRESS, EMAIL, IP, PHONE
from airflow_gov.catalog.classification.national import CURP, NATIONAL_IDS, RFC, SSN
from airflow_gov.catalog.classification.payment import is_card, is_iban
from airflow_gov.catalog.classification.person import BIRTH_DATE, PERSON_NAME
from airflow_gov.catalog.classification.recogniser import TEXT, WHOLE, Form, Recogniser, phrases, words

CARD = Recogniser(
    id="card",
    tag="pii:card",
    source="ISO/IEC 7812-1 (issuer, length, Luhn's check)",
    forms=(
        Form(r"\d(?:[ -]?\d){11,18}", is_card),
        Form(r"\d(?:[ -]?\d){11,18}", plain=True),
    ),
    names=phrases(
        "card number, credit card, card no, cardnumber, cc number, ccnum, cc num, debit card, payment card, "
        "primary account number, numero tarjeta, tarjeta credito, tarjeta de credito, kreditkarte, "
        "kreditkartennummer, kartennummer, carte bancaire, carte credit, numero carte, cartao credito"
    ),
    hints=("card", "cc", "pan", "tarjeta", "karte", "carte", "cb"),
    against=words(
        "order pedido bestellung commande invoice factura rechnung tracking shipment parcel sku isbn ean "
        "gtin upc barcode imei serial epoch timestamp ts hash uuid batch lot gift loyalty"
    ),
    kinds=frozenset({TEXT, WHOLE}),
    weight=0.96,
    shares=(0.2, 0.6),
    chance=0.1,
)

IBAN = Recogniser(
    id="iban",
    tag="pii:iban",
    source="ISO 13616 (lengths by country), ISO/IEC 7064 (MOD 97-10)",
    forms=(
        Form(r"(?i)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", is_iban),
        Form(r"(?i)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", plain=True),
    ),
    names=("iban", "bank account", "international bank account number", "bankverbindung", "cuenta bancaria"),
    hints=("account", "account number", "konto", "kontonummer", "cuenta", "compte", "rib", "payout"),
    weight=0.97,
    shares=(0.02, 0.2),
    chance=0.01,
)

RECOGNISERS: tuple[Recogniser, ...] = (
    EMAIL,
    PHONE,
    CARD,
    IBAN,
    SSN,
    CURP,
    RFC,
    *NATIONAL_IDS,
    IP,
    PERSON_NAME,
    ADDRESS,
    BIRTH_DATE,
)
#: The tags that can be proposed, in the order of the recognisers.
TAGS: tuple[str, ...] = tuple(dict.fromkeys(each.tag for each in RECOGNISERS))
