"""Numbers with check digits: published examples are taken, and any that differs in one place is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_gov.catalog.classification import national_ids as ids
from airflow_gov.catalog.classification.digits import luhn, mod11_10, verhoeff
from airflow_gov.catalog.classification.payment import IBAN_LENGTHS, is_card, is_iban

Check = Callable[[str], bool]

#: Examples that the issuers, registries and laws themselves publish, or that are known to be nobody's.
TAKEN = [
    (is_card, "4111111111111111"),
    (is_card, "4012 8888 8888 1881"),
    (is_card, "5555-5555-5555-4444"),
    (is_card, "2223003122003222"),
    (is_card, "378282246310005"),
    (is_card, "6011111111111117"),
    (is_card, "30569309025904"),
    (is_card, "3530111333300000"),
    (is_card, "6200000000000005"),
    (is_iban, "DE89 3704 0044 0532 0130 00"),
    (is_iban, "GB29NWBK60161331926819"),
    (is_iban, "ES9121000418450200051332"),
    (is_iban, "FR1420041010050500013M02606"),
    (is_iban, "NO9386011117947"),
    (is_iban, "MT84MALT011000012345MTLCAST001S"),
    (is_iban, "ch93 0076 2011 6238 5295 7"),
    (ids.is_ssn, "123-45-6780"),
    (ids.is_curp, "HEGG560427MVZRRL04"),
    (ids.is_curp, "BOXW310820HNERXN09"),
    (ids.is_rfc, "GODE561231GR8"),
    (ids.is_dni, "12345678Z"),
    (ids.is_dni, "12.345.678-z"),
    (ids.is_dni, "X1234567L"),
    (ids.is_cpf, "529.982.247-25"),
    (ids.is_cpf, "11144477735"),
    (ids.is_nino, "AB123456C"),
    (ids.is_nir, "255081416802538"),
    (ids.is_nir, "2 55 08 14 168 025 38"),
    (ids.is_codice_fiscale, "RSSMRA85T10A562S"),
    (ids.is_codice_fiscale, "MRTMTT91D08F205J"),
    (ids.is_bsn, "111222333"),
    (ids.is_pesel, "44051401359"),
    (ids.is_steuer_id, "86095742719"),
    (ids.is_steuer_id, "47036892816"),
    (ids.is_cuit, "20-17254359-7"),
    (ids.is_rut, "12.345.678-5"),
    (ids.is_rut, "10.000.013-K"),
    (ids.is_sin, "130 692 544"),
    (ids.is_aadhaar, "2341 2341 2346"),
]

REFUSED = [
    (is_card, "4111111111111112"),
    (is_card, "4000000000000000"),
    (is_card, "9111111111111111"),
    (is_card, "1234567812345670"),
    (is_card, "41111111111111"),
    (is_iban, "DE88370400440532013000"),
    (is_iban, "XX82WEST12345698765432"),
    (is_iban, "GB82WEST1234569876543"),
    (ids.is_ssn, "000-12-3456"),
    (ids.is_ssn, "666-12-3456"),
    (ids.is_ssn, "900-12-3456"),
    (ids.is_ssn, "123-00-3456"),
    (ids.is_ssn, "123-45-0000"),
    (ids.is_ssn, "078-05-1120"),
    (ids.is_curp, "HEGG560427MXXRRL04"),
    (ids.is_curp, "HEGG561327MVZRRL04"),
    (ids.is_rfc, "GODE561231GR9"),
    (ids.is_rfc, "XAXX010101000"),
    (ids.is_dni, "00000000T"),
    (ids.is_cpf, "11111111111"),
    (ids.is_nino, "GB123456C"),
    (ids.is_steuer_id, "12345678901"),
    (ids.is_pesel, "44991401359"),
    (ids.is_rut, "12.345.678-6"),
    (ids.is_sin, "830 692 544"),
]


@pytest.mark.parametrize(("check", "number"), TAKEN)
def test_published_examples_are_taken(check: Check, number: str) -> None:
    assert check(number)


@pytest.mark.parametrize(("check", "number"), REFUSED)
def test_what_cannot_be_one_is_refused(check: Check, number: str) -> None:
    assert not check(number)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (luhn, "4012888888881881"),
        (verhoeff, "234123412346"),
        (mod11_10, "86095742719"),
        (ids.is_dni, "12345678Z"),
        (is_iban, "DE89370400440532013000"),
        (ids.is_nir, "255081416802538"),
        (ids.is_rfc, "GODE561231GR8"),
    ],
)
def test_one_wrong_digit_is_seen(check: Callable[..., bool], number: str) -> None:
    takes_digits = check in (luhn, verhoeff, mod11_10)
    for place, letter in enumerate(number):
        for other in set("0123456789") - {letter} if letter.isdigit() else ():
            wrong = number[:place] + other + number[place + 1 :]
            assert not check([int(each) for each in wrong] if takes_digits else wrong), wrong


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**15 - 1))
def test_every_number_has_one_digit_that_makes_it_luhn(number: int) -> None:
    digits = [int(each) for each in f"{number:015d}"]
    assert sum(luhn([*digits, last]) for last in range(10)) == 1


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(IBAN_LENGTHS)), st.data())
def test_every_account_has_two_digits_that_make_it_an_iban(country: str, data: st.DataObject) -> None:
    size = IBAN_LENGTHS[country] - 4
    account = data.draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=size, max_size=size))
    found = [pair for pair in range(2, 99) if is_iban(f"{country}{pair:02d}{account}")]
    assert len(found) == 1
