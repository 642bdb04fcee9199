"""GLN, GSRN and EIC: format and check digit are separate questions (DK-1.17)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.messages.identifiers import (
    BEFORE_ALL,
    EIC_ALPHABET,
    LEAST_EIC_KEY,
    eic_check_character,
    gs1_check_digit,
    has_eic_check_character,
    has_gs1_check_digit,
    has_point_id,
    is_eic,
    is_gln,
    is_gsrn,
    is_point_id,
    list_point_codes,
    point_id,
    point_key,
)


@pytest.mark.parametrize("text", ["5790001330552", "5790000432752", "5798000020016"])
def test_known_location_numbers_have_their_check_digit(text: str) -> None:
    # DK-1.17
    assert is_gln(text)
    assert has_gs1_check_digit(text)


@pytest.mark.parametrize(
    "text", ["", "579000133055", "57900013305522", "579000133055X", "\u0665790001330552", " 790001330552"]
)
def test_what_is_no_location_number(text: str) -> None:
    assert not is_gln(text)


def test_format_and_check_digit_are_asked_apart() -> None:
    # DK-1.17: the Danish original looks at the format only.
    assert is_gln("5790001330553")
    assert not has_gs1_check_digit("5790001330553")
    assert is_gsrn("571313000000002000")
    assert not is_gsrn("57131300000000200")


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, change: int) -> None:
    # DK-1.17
    good = body + gs1_check_digit(body)
    assert has_gs1_check_digit(good)
    wrong = good[:place] + str((int(good[place]) + change) % 10) + good[place + 1 :]
    assert not has_gs1_check_digit(wrong)


@pytest.mark.parametrize("text", ["10X1001A1001A39W", "10YDK-1--------W", "10YFI-1--------U"])
def test_known_energy_identification_codes(text: str) -> None:
    assert is_eic(text)
    assert has_eic_check_character(text)
    other = "A" if text[15] != "A" else "B"
    assert not has_eic_check_character(text[:15] + other)


def test_a_dash_is_never_a_check_character() -> None:
    assert not is_eic("10YDK-1---------")


@given(st.integers(0, 10**18 - 1))
def test_a_metering_point_is_its_own_number(number: int) -> None:
    assert point_key(point_id(number)) == number


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=12, max_size=12))
def test_an_eic_of_a_metering_point_has_a_number_that_says_all_of_it(body: str) -> None:
    text = "38Z" + body + eic_check_character("38Z" + body)
    assume(text[15] != "-")
    assert -(2**63) < point_key(text) < -1
    assert point_id(point_key(text)) == text


@pytest.mark.parametrize("text", ["571313", "38ZEE-1000007L-F", "10Z1001A1001A39W", "38XEE-1000007L-E", ""])
def test_what_is_no_metering_point_has_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not the id of a metering point"):
        point_key(text)


LEAST = "38Z------------" + eic_check_character("38Z------------")


def test_the_last_code_with_its_check_character_bounds_the_listed_ones() -> None:
    assert point_key(LEAST) == LEAST_EIC_KEY
    assert point_id(LEAST_EIC_KEY) == LEAST


@given(st.text(alphabet=EIC_ALPHABET, min_size=11, max_size=11), st.sampled_from(EIC_ALPHABET[:36]))
def test_a_listed_code_has_a_number_below_all_others(body: str, last: str) -> None:
    # EE-1.4: a metering point whose check character is wrong
    text = f"38Z!{body}{last}".replace("!", "Q")  # no other test's codes: the list is the process's
    assume(not has_eic_check_character(text))
    list_point_codes([text, "38A-1234567890-1", "no code"])
    assert is_point_id(text)
    assert BEFORE_ALL < point_key(text) < LEAST_EIC_KEY
    assert point_id(point_key(text)) == text
    assert has_point_id(point_key(text))


def test_a_code_that_is_not_listed_has_no_number() -> None:
    assert not is_point_id("38ZUNLISTED-01-A")
    assert not has_point_id(LEAST_EIC_KEY - 1)
    list_point_codes([LEAST, "38XUNLISTED-01-A"])
    assert point_key(LEAST) == LEAST_EIC_KEY
    assert not is_point_id("38XUNLISTED-01-A")


def test_two_listed_codes_never_share_a_number() -> None:
    list_point_codes(["38ZSAME-00000--A"])
    with pytest.raises(ValueError, match="38ZSPGIWEWY4PWVE and 38ZSAME-00000--A cannot both be listed"):
        list_point_codes(["38ZSPGIWEWY4PWVE"])
