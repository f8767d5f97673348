"""The recognisers of numbers that states give to persons."""

from __future__ import annotations

from airflow_gov.catalog.classification import national_ids as ids
from airflow_gov.catalog.classification.recogniser import TEXT, WHOLE, Form, Recogniser, phrases, words

_TAG = "pii:national_id"
_BOTH = frozenset({TEXT, WHOLE})
#: Words of names that mean some identity number, whichever.
_ANY = phrases(
    "national id, nationalid, national identifier, national identity, identity number, identity card, id "
    "card, id document, documento identidad, documento de identidad, numero identificacion, "
    "personalausweis, ausweisnummer, carte identite, personal number, citizen id, tax id, taxpayer id, tin"
)
_OTHERS = words(
    "order pedido bestellung bestellnummer commande invoice factura rechnung facture sku isbn ean upc gtin "
    "barcode imei serial tracking batch lot product producto produkt produit item artikel amount price "
    "total quantity hash uuid guid checksum version build timestamp epoch ts zip postal postcode plz "
    "account cuenta lat lon latitude longitude reading meter"
)

SSN = Recogniser(
    id="us_ssn",
    tag="pii:ssn",
    source="US Social Security Administration, number ranges since 2011",
    forms=(
        Form(r"\d{3}-\d{2}-\d{4}", ids.is_ssn),
        # A number that was kept as one has lost its zeros.
        Form(r"\d{3} \d{2} \d{4}|\d{7,9}", ids.is_ssn, plain=True),
    ),
    names=(
        "ssn",
        "social security",
        "social security number",
        "social sec",
        "soc sec",
        "socsec",
        "ss number",
        "ssnum",
    ),
    hints=_ANY,
    against=(*_OTHERS, "phone", "part"),
    kinds=_BOTH,
    weight=0.8,
    shares=(0.2, 0.7),
)

CURP = Recogniser(
    id="mx_curp",
    tag="pii:curp",
    source="Mexico, Instructivo Normativo para la Asignación de la CURP (RENAPO)",
    forms=(
        Form(
            r"(?i)[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{2}[B-DF-HJ-NP-TV-ZÑ]{3}[0-9A-Z]\d",
            ids.is_curp,
        ),
        Form(r"(?i)[A-Z]{4}\d{6}[A-Z]{6}[0-9A-Z]\d", plain=True),
    ),
    names=("curp", "clave unica registro poblacion"),
    hints=_ANY,
    weight=0.97,
    shares=(0.02, 0.2),
    chance=0.1,
)

RFC = Recogniser(
    id="mx_rfc",
    tag="pii:rfc",
    source="Mexico, Código Fiscal de la Federación art. 27; Anexo 1 of the SAT (homoclave)",
    forms=(
        Form(r"(?i)[A-ZÑ&]{3,4}[ -]?\d{6}[ -]?[A-Z0-9]{2}[A0-9]", ids.is_rfc),
        Form(r"(?i)[A-ZÑ&]{3,4}[ -]?\d{6}[ -]?[A-Z0-9]{3}", plain=True),
    ),
    names=("rfc", "registro federal contribuyentes", "rfc receptor", "rfc emisor"),
    hints=_ANY,
    against=("request", "document url", "section"),
    weight=0.95,
    shares=(0.2, 0.6),
    chance=0.09,
)


def _national(
    country: str,
    *,
    source: str,
    forms: tuple[Form, ...],
    names: tuple[str, ...],
    chance: float,
    weight: float = 0.95,
    against: tuple[str, ...] = (),
    kinds: frozenset[str] = _BOTH,
) -> Recogniser:
    return Recogniser(
        id=f"national_id.{country}",
        tag=_TAG,
        source=source,
        forms=forms,
        names=names,
        hints=_ANY,
        against=(*_OTHERS, *against),
        kinds=kinds,
        weight=weight,
        shares=(min(0.5, 3 * chance + 0.1), 0.8),
        chance=chance,
    )


_TEXT_ONLY = frozenset({TEXT})

NATIONAL_IDS: tuple[Recogniser, ...] = (
    _national(
        "es_dni",
        source="Spain, Real Decreto 1553/2005 (DNI); Orden INT/2058/2008 (NIE)",
        forms=(Form(r"(?i)(?:\d{8}|\d{2}\.\d{3}\.\d{3}|[XYZ]-?\d{7})[ -]?[A-HJ-NP-TV-Z]", ids.is_dni),),
        names=("dni", "nie", "nif", "documento nacional identidad"),
        chance=1 / 23,
        kinds=_TEXT_ONLY,
    ),
    _national(
        "br_cpf",
        source="Brazil, Receita Federal (CPF): check digits by 11",
        forms=(Form(r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11}", ids.is_cpf),),
        names=("cpf", "cadastro pessoa fisica"),
        chance=0.01,
    ),
    _national(
        "gb_nino",
        source="United Kingdom, HMRC National Insurance Manual NIM39110",
        forms=(
            Form(
                r"(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d{2}){3} ?[A-D]",
                ids.is_nino,
            ),
        ),
        names=("nino", "national insurance", "national insurance number", "ni number", "ni no"),
        chance=0.2,
        weight=0.85,
        kinds=_TEXT_ONLY,
    ),
    _national(
        "fr_nir",
        source="France, Code de la sécurité sociale art. R115-1 (NIR): key by 97",
        forms=(
            Form(
                r"(?i)[1-478] ?\d{2} ?(?:[02-9]\d|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}",
                ids.is_nir,
            ),
        ),
        names=("nir", "numero securite sociale", "numero secu", "num secu", "insee", "securite sociale"),
        chance=0.01,
    ),
    _national(
        "it_cf",
        source="Italy, D.M. 23 December 1976 (codice fiscale)",
        forms=(
            Form(
                r"(?i)[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]",
                ids.is_codice_fiscale,
            ),
        ),
        names=("codice fiscale", "cod fiscale", "codfisc"),
        chance=1 / 26,
        kinds=_TEXT_ONLY,
    ),
    _national(
        "nl_bsn",
        source="The Netherlands, Besluit burgerservicenummer: the test by 11",
        forms=(Form(r"\d{9}", ids.is_bsn),),
        names=("bsn", "burgerservicenummer", "sofinummer"),
        chance=1 / 11,
        weight=0.8,
    ),
    _national(
        "pl_pesel",
        source="Poland, Ustawa o ewidencji ludności art. 15 (PESEL)",
        forms=(Form(r"\d{11}", ids.is_pesel),),
        names=("pesel",),
        chance=0.06,
    ),
    _national(
        "de_steuer_id",
        source="Germany, § 139b AO: ISO/IEC 7064, MOD 11,10",
        forms=(Form(r"\d{2} ?\d{3} ?\d{3} ?\d{3}", ids.is_steuer_id),),
        names=("steuer id", "steueridentifikationsnummer", "steuernummer", "idnr", "steuer identifikation"),
        chance=0.03,
    ),
    _national(
        "ar_cuil",
        source="Argentina, ANSES (CUIL): check digit by 11",
        forms=(Form(r"(?:20|23|24|27)-?\d{8}-?\d", ids.is_cuit),),
        names=("cuil", "cuit"),
        chance=0.1,
    ),
    _national(
        "cl_rut",
        source="Chile, Registro Civil (RUT): check character by 11",
        forms=(Form(r"(?i)\d{1,2}\.?\d{3}\.?\d{3}-[0-9K]", ids.is_rut),),
        names=("rut", "run", "rol unico"),
        chance=1 / 11,
        kinds=_TEXT_ONLY,
    ),
    _national(
        "ca_sin",
        source="Canada, Social Insurance Number Code of Practice: Luhn's check",
        forms=(
            Form(r"\d{3}[ -]\d{3}[ -]\d{3}", ids.is_sin),
            Form(r"\d{9}", ids.is_sin, plain=True),
        ),
        names=("sin", "social insurance", "social insurance number", "sin number"),
        chance=0.1,
        weight=0.85,
    ),
    _national(
        "in_aadhaar",
        source="India, UIDAI (Aadhaar): Verhoeff's check",
        forms=(Form(r"[2-9]\d{3} ?\d{4} ?\d{4}", ids.is_aadhaar),),
        names=("aadhaar", "aadhar", "uidai"),
        chance=0.1,
        weight=0.9,
    ),
)
